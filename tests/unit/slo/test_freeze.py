"""Freezes: what opens one, what ends it, and what the ledger makes of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from surewire.contract.catalogue import load_slos
from surewire.errors import ClientError
from surewire.slo.freeze import (
    Action,
    Freeze,
    Step,
    Validation,
    check_action,
    check_validation,
    next_step,
    obstacles,
    read_freezes,
)
from surewire.slo.objective import Objective, objectives
from surewire.slo.status import SloState
from surewire.slo.window import DAY_S, HOUR_S

OBJECTIVES = {objective.id: objective for objective in objectives(load_slos())}
AVAILABILITY, PHASE0, KAFKA = OBJECTIVES["availability"], OBJECTIVES["phase0-availability"], OBJECTIVES["kafka-available"]
OPENED, NOW = 1_000_000, 1_000_000 + 2 * DAY_S
DONE = Action(id="a1", slo="availability", what="more memory", actor="bob", at_s=OPENED + 60, validated_by="carol", validated_at_s=NOW - 60)
OPEN = Freeze(slo="availability", cause="the budget is breached", opened_at_s=OPENED)
READY = msgspec.structs.replace(OPEN, actions=(DONE,))
ENDED = msgspec.structs.replace(READY, ended_at_s=NOW)
CALM = Decimal("0.5")


class Row(msgspec.Struct, frozen=True):
    """An entry of a ledger."""

    id: str
    kind: str
    at_s: int
    actor: str
    body: dict[str, Any]


def step(objective: Objective, freeze: Freeze | None, state: SloState, *rates: str, burn: Decimal | None = CALM) -> Step | None:
    return next_step(objective, freeze, state, [Decimal(rate) for rate in rates], burn, NOW)


# ---- opening


def test_a_breached_budget_freezes_where_the_objective_gates() -> None:
    assert step(AVAILABILITY, None, "breached") == Step("freeze_opened", "availability", "the budget is breached")
    assert step(KAFKA, None, "breached") is None


@pytest.mark.parametrize("state", ["healthy", "caution", "warning", "critical", "no_data"])
def test_no_other_state_of_the_budget_freezes(state: SloState) -> None:
    assert step(AVAILABILITY, None, state) is None


def test_a_tier_that_freezes_deployments_does_so_wherever_it_fires() -> None:
    assert step(PHASE0, None, "healthy", "5") == Step("freeze_opened", "phase0-availability", "the budget burns faster than 5x")
    assert step(PHASE0, None, "healthy", "2", "14.4") is None


# ---- ending


def test_a_freeze_ends_when_an_action_is_validated_and_a_day_was_calm() -> None:
    assert obstacles(READY, CALM, NOW) == ()
    assert step(AVAILABILITY, READY, "breached") == Step("freeze_ended", "availability")


@pytest.mark.parametrize(
    ("freeze", "burn", "now_s", "expected"),
    [
        (OPEN, CALM, NOW, ("no corrective action is recorded",)),
        (
            msgspec.structs.replace(OPEN, actions=(msgspec.structs.replace(DONE, validated_by="", validated_at_s=None),)),
            CALM,
            NOW,
            ("no corrective action is validated; a1 waits",),
        ),
        (READY, Decimal(1), NOW, ("the budget burned at 1.00x over the last 24 h",)),
        (READY, None, NOW, ("there are no data of the last 24 h",)),
        (READY, CALM, OPENED + DAY_S - 5 * HOUR_S, ("a day of it is over in 5 h 0 min",)),
        (READY, CALM, OPENED + DAY_S, ()),
        (OPEN, Decimal(3), NOW, ("no corrective action is recorded", "the budget burned at 3.00x over the last 24 h")),
    ],
)
def test_until_then_it_says_what_is_missing(freeze: Freeze, burn: Decimal | None, now_s: int, expected: tuple[str, ...]) -> None:
    assert obstacles(freeze, burn, now_s) == expected
    assert (next_step(AVAILABILITY, freeze, "breached", [], burn, now_s) is None) == bool(expected)


# ---- afterwards


def test_an_ended_freeze_stays_ended_while_the_budget_is_overspent_or_unknown() -> None:
    assert step(AVAILABILITY, ENDED, "breached") is None
    assert step(AVAILABILITY, ENDED, "no_data") is None


def test_an_ended_freeze_is_cleared_when_the_budget_is_positive_again() -> None:
    assert step(AVAILABILITY, ENDED, "critical") == Step("freeze_cleared", "availability")


def test_an_ended_freeze_opens_again_when_a_freezing_tier_fires() -> None:
    assert step(PHASE0, ENDED, "breached", "5") == Step("freeze_opened", "phase0-availability", "the budget burns faster than 5x")


# ---- the ledger


def entry(at_s: int, kind: str, id_: str = "", actor: str = "engine", **body: Any) -> Row:
    return Row(id_ or str(at_s), kind, at_s, actor, body)


HISTORY = [
    entry(10, "freeze_opened", slo="availability", cause="the budget is breached"),
    entry(20, "action", "a1", "bob", slo="availability", what="more memory", due_s=500),
    entry(25, "action", "a2", "bob", slo="send", what="nothing is frozen there"),
    entry(30, "maintenance", window={}),
    entry(40, "action_validated", "v1", "carol", id="a1", evidence="https://example.org/run/7"),
    entry(50, "freeze_ended", slo="availability"),
]


def test_a_freeze_is_what_the_entries_add_up_to() -> None:
    (freeze,) = read_freezes(HISTORY).values()
    assert (freeze.state, freeze.opened_at_s, freeze.ended_at_s, freeze.cause) == ("ended", 10, 50, "the budget is breached")
    (action,) = freeze.actions
    assert (action.id, action.actor, action.due_s) == ("a1", "bob", 500)
    assert (action.evidence, action.validated_by, action.validated_at_s) == ("https://example.org/run/7", "carol", 40)
    assert [one.state for one in read_freezes(HISTORY[:-1]).values()] == ["open"]


def test_a_new_freeze_asks_for_new_actions() -> None:
    again = read_freezes([*HISTORY, entry(60, "freeze_opened", slo="availability", cause="again")])["availability"]
    assert (again.state, again.actions, again.opened_at_s) == ("open", (), 60)


def test_a_cleared_freeze_is_none() -> None:
    assert read_freezes([*HISTORY, entry(60, "freeze_cleared", slo="availability")]) == {}


def test_following_the_steps_leads_through_the_whole_life_of_a_freeze() -> None:
    ledger: list[Row] = []
    seen: list[str] = []
    day: list[tuple[SloState, Decimal]] = [
        ("healthy", CALM),
        ("breached", Decimal(9)),
        ("breached", CALM),
        ("breached", CALM),
        ("healthy", CALM),
    ]
    for number, (state, burn) in enumerate(day):
        freeze = read_freezes(ledger).get("availability")
        if freeze and freeze.state == "open" and not freeze.actions:
            ledger.append(entry(number * DAY_S, "action", "a1", "bob", slo="availability", what="more memory"))
            ledger.append(entry(number * DAY_S, "action_validated", "v1", "carol", id="a1", evidence="a run"))
        found = next_step(AVAILABILITY, read_freezes(ledger).get("availability"), state, [], burn, number * DAY_S)
        if found:
            ledger.append(entry(number * DAY_S, found.kind, slo=found.slo, cause=found.cause))
        seen.append(found.kind if found else "")
    assert seen == ["", "freeze_opened", "freeze_ended", "", "freeze_cleared"]


# ---- what people record


def test_a_right_action_and_a_right_validation_are_taken() -> None:
    check_action(msgspec.structs.replace(DONE, due_s=NOW), frozenset(OBJECTIVES))
    waiting = msgspec.structs.replace(DONE, validated_by="", validated_at_s=None)
    assert check_validation(Validation("a1", "a run"), "carol", [msgspec.structs.replace(OPEN, actions=(waiting,))]) == waiting


@pytest.mark.parametrize(
    ("changes", "path", "problem"),
    [
        ({"slo": "nothing"}, "slo", "no objective is called nothing"),
        ({"what": " "}, "what", "say what is mended"),
        ({"actor": ""}, "actor", "say who records it"),
        ({"due_s": OPENED}, "due", "it is due in the past"),
    ],
)
def test_a_wrong_action_is_refused_with_its_field_and_the_mend(changes: dict[str, Any], path: str, problem: str) -> None:
    with pytest.raises(ClientError, match=problem) as refused:
        check_action(msgspec.structs.replace(DONE, **changes), frozenset(OBJECTIVES))
    assert refused.value.path == path


@pytest.mark.parametrize(
    ("id_", "evidence", "actor", "is_done", "problem"),
    [
        ("a9", "a run", "carol", False, "no freeze has a corrective action a9"),
        ("a1", "a run", "dave", True, "carol has validated it already"),
        ("a1", "", "carol", False, "say where it can be seen that it works"),
        ("a1", "a run", "", False, "say who validates it"),
    ],
)
def test_a_wrong_validation_is_refused_with_the_mend(id_: str, evidence: str, actor: str, is_done: bool, problem: str) -> None:
    action = DONE if is_done else msgspec.structs.replace(DONE, validated_by="", validated_at_s=None)
    with pytest.raises(ClientError, match=problem):
        check_validation(Validation(id_, evidence), actor, [msgspec.structs.replace(OPEN, actions=(action,))])
