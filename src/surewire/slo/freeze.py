"""Freezes of deployments: what opens one, what must be done, and when it ends.

Theory of operation. A freeze is read from the ledger, objective by objective; the engine (E) and people (P) append to it.

    none ──E freeze_opened──▶ open ──E freeze_ended──▶ ended ──E freeze_cleared──▶ none
                               │ P action, P action_validated │
                               └──────◀──E freeze_opened──────┘ when a freezing tier fires again

It opens when the budget or a burn tier asks for it. It ends when a corrective action of it is validated, and the budget burned slower
than 1x over a whole day that lies in the freeze. While it is ended and not cleared, a breach counts as caution; it is cleared when the
budget is positive again, so that the next breach opens a new one.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import Decimal
from typing import Final, Literal

import msgspec

from surewire.errors import ClientError
from surewire.slo.correction import Decision
from surewire.slo.gate import FreezeState
from surewire.slo.objective import Objective
from surewire.slo.status import SloState
from surewire.slo.window import DAY_S, HOUR_S

__all__ = [
    "CALM_S",
    "KINDS",
    "Action",
    "Freeze",
    "Step",
    "Validation",
    "check_action",
    "check_validation",
    "next_step",
    "obstacles",
    "read_freezes",
]

KINDS: Final = ("freeze_opened", "freeze_ended", "freeze_cleared", "action", "action_validated")
"""The ledger's kinds of entries that freezes are read from."""

CALM_S: Final = DAY_S
"""How long the budget must burn slower than 1x before a freeze ends."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """A corrective action: what is mended, for which objective, by when."""

    id: str
    slo: str
    what: str
    actor: str
    at_s: int
    due_s: int | None = None
    evidence: str = ""
    """What shows that it works; empty until it was validated."""
    validated_by: str = ""
    validated_at_s: int | None = None


class Validation(msgspec.Struct, frozen=True):
    """That an action works, and where that can be seen."""

    id: str
    evidence: str


class Freeze(msgspec.Struct, frozen=True, kw_only=True):
    """The freeze of one objective."""

    slo: str
    cause: str
    opened_at_s: int
    ended_at_s: int | None = None
    actions: tuple[Action, ...] = ()
    """Those recorded since it opened, in order."""

    @property
    def state(self) -> FreezeState:
        """Whether it still holds."""
        return "open" if self.ended_at_s is None else "ended"


class Step(msgspec.Struct, frozen=True):
    """The entry that the engine appends for an objective now: its kind, and for a new freeze the cause in words."""

    kind: Literal["freeze_opened", "freeze_ended", "freeze_cleared"]
    slo: str
    cause: str = ""


def next_step(
    objective: Objective,
    freeze: Freeze | None,
    state: SloState,
    firing_rates: Collection[Decimal],
    burn_of_a_day: Decimal | None,
    now_s: int,
) -> Step | None:
    """What follows for this objective from its state and from the rates of its tiers that fire; None when nothing does.

    A freezing tier freezes wherever it fires; a budget in the policy's freezing state only where the objective gates.
    """
    by_tier, by_budget = _tier_cause(objective, firing_rates), _budget_cause(objective, state)
    if freeze is None or (freeze.state == "ended" and by_tier):
        cause = by_tier or by_budget
        return Step("freeze_opened", objective.id, cause) if cause else None
    if freeze.state == "open":
        return None if obstacles(freeze, burn_of_a_day, now_s) else Step("freeze_ended", objective.id)
    return Step("freeze_cleared", objective.id) if state not in {"breached", "no_data"} else None


def read_freezes(entries: Iterable[Decision], before: Mapping[str, Freeze] | None = None) -> dict[str, Freeze]:
    """The freeze of every objective that has one, open or ended, by id, after those of before; entries of other kinds are passed over."""
    freezes = dict(before or {})
    actions = {slo: {one.id: one for one in freeze.actions} for slo, freeze in freezes.items()}
    for entry in entries:
        if entry.kind == "freeze_opened":
            slo = str(entry.body["slo"])
            freezes[slo] = Freeze(slo=slo, cause=str(entry.body.get("cause", "")), opened_at_s=entry.at_s)
            actions[slo] = {}
        elif entry.kind == "action_validated":
            _validate(actions.values(), entry)
        elif entry.kind in KINDS and (slo := str(entry.body["slo"])) in freezes:
            if entry.kind == "action":
                actions[slo][entry.id] = _action(entry)
            elif entry.kind == "freeze_ended":
                freezes[slo] = msgspec.structs.replace(freezes[slo], ended_at_s=entry.at_s)
            else:
                del freezes[slo], actions[slo]
    return {slo: msgspec.structs.replace(freeze, actions=tuple(actions[slo].values())) for slo, freeze in freezes.items()}


def obstacles(freeze: Freeze, burn_of_a_day: Decimal | None, now_s: int) -> tuple[str, ...]:
    """What still keeps the freeze from ending, in words; nothing when it ends now.

    `burn_of_a_day` is the burn rate over the last 24 h, None without data: what nobody saw does not end a freeze.
    """
    return tuple(text for text in (_action_missing(freeze), _calm_missing(freeze, burn_of_a_day, now_s)) if text)


def check_action(action: Action, known_slos: frozenset[str]) -> None:
    """Raises: ClientError that names the field and the mend, when the action cannot be recorded as it is."""
    problems = {
        "slo": "" if action.slo in known_slos else f"no objective is called {action.slo}",
        "what": "" if action.what.strip() else "say what is mended",
        "actor": "" if action.actor.strip() else "say who records it",
        "due": "" if action.due_s is None or action.due_s > action.at_s else "it is due in the past",
    }
    _refuse(problems)


def check_validation(validation: Validation, actor: str, freezes: Iterable[Freeze]) -> Action:
    """The action that is validated. Raises: ClientError when there is none, when it is done already, or without evidence or a name."""
    action = next((one for freeze in freezes for one in freeze.actions if one.id == validation.id), None)
    if action is None:
        raise ClientError("NOT_FOUND", f"no freeze has a corrective action {validation.id}", path="id")
    _refuse(
        {
            "id": "" if action.validated_at_s is None else f"{action.validated_by} has validated it already",
            "evidence": "" if validation.evidence.strip() else "say where it can be seen that it works",
            "actor": "" if actor.strip() else "say who validates it",
        }
    )
    return action


def _tier_cause(objective: Objective, firing_rates: Collection[Decimal]) -> str:
    rates = [tier.rate for tier in objective.tiers if tier.freezes and tier.rate in firing_rates]
    return f"the budget burns faster than {max(rates)}x" if rates else ""


def _budget_cause(objective: Objective, state: SloState) -> str:
    freeze = objective.policy.freeze
    return f"the budget is {state}" if freeze and freeze.at == state and objective.slo.gate else ""


def _refuse(problems: dict[str, str]) -> None:
    for path, problem in problems.items():
        if problem:
            raise ClientError("INVALID_MESSAGE", problem, path=path)


def _action(entry: Decision) -> Action:
    return msgspec.convert({**entry.body, "id": entry.id, "actor": entry.actor, "at_s": entry.at_s}, Action)


def _validate(actions: Iterable[dict[str, Action]], entry: Decision) -> None:
    said = msgspec.convert(entry.body, Validation)
    for of_slo in actions:
        if said.id in of_slo:
            validated = {"evidence": said.evidence, "validated_by": entry.actor, "validated_at_s": entry.at_s}
            of_slo[said.id] = msgspec.structs.replace(of_slo[said.id], **validated)


def _action_missing(freeze: Freeze) -> str:
    if not freeze.actions:
        return "no corrective action is recorded"
    if all(action.validated_at_s is None for action in freeze.actions):
        return f"no corrective action is validated; {freeze.actions[-1].id} waits"
    return ""


def _calm_missing(freeze: Freeze, burn_of_a_day: Decimal | None, now_s: int) -> str:
    missing_s = freeze.opened_at_s + CALM_S - now_s
    if missing_s > 0:
        return f"a day of it is over in {missing_s // HOUR_S} h {missing_s % HOUR_S // 60} min"
    if burn_of_a_day is None:
        return "there are no data of the last 24 h"
    return f"the budget burned at {burn_of_a_day:.2f}x over the last 24 h" if burn_of_a_day >= 1 else ""
