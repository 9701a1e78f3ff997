"""From an objective's status to its standing at the gate."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

import pytest

from surewire.contract.catalogue import load_alerts, load_slos
from surewire.errors import ClientError
from surewire.slo.alert_rules import alert_rules
from surewire.slo.freeze import Freeze
from surewire.slo.gate import GateVerdict, Recorder, judge_gate
from surewire.slo.gating import Gating
from surewire.slo.objective import objectives
from surewire.slo.status import SloState, SloStatus

ALL = objectives(load_slos())
BY_ID = {objective.id: objective for objective in ALL}
GATING = Gating(ALL, alert_rules(load_slos(), load_alerts()))


def status(slo: str, state: SloState) -> SloStatus:
    return SloStatus(
        id=slo,
        kind="ratio",
        objective=Decimal("0.999"),
        window="30d",
        start_s=0,
        at_s=0,
        good=1,
        bad=0,
        total=1,
        sli=Decimal(1),
        good_gross=1,
        bad_gross=0,
        total_gross=1,
        sli_gross=Decimal(1),
        budget_remaining=Decimal(1),
        budget_remaining_gross=Decimal(1),
        events_left=0,
        outage_minutes_left=Decimal(0),
        burn_rates={},
        coverage=Decimal(1),
        excluded_s=0,
        state=state,
        verdict="met",
        owner="",
        backup="",
    )


def test_a_firing_hard_limit_stands_at_the_gate_though_the_objective_does_not_gate() -> None:
    one = GATING.standing(
        "phase0-send-latency",
        status("phase0-send-latency", "no_data"),
        is_fed=True,
        firing_alerts={"Phase0SendLatencyHardFail", "HTTPLatencyHigh"},
    )
    assert (one.hard_fail, one.is_gating, one.has_budget) == ("Phase0SendLatencyHardFail", False, False)
    refusal = judge_gate([one], "feature", Recorder(0, 15))
    assert (refusal.verdict, [each.slo for each in refusal.refusing]) == ("refused", ["phase0-send-latency"])


def test_the_state_of_the_burn_stands_beside_the_budgets() -> None:
    objective = BY_ID["phase0-handshake-success"]
    rate = next(tier.rate for tier in objective.tiers if tier.state == "critical")
    one = GATING.standing(
        objective.id,
        status(objective.id, "caution"),
        is_fed=True,
        firing_rates=[rate],
        freeze=Freeze(slo=objective.id, cause="", opened_at_s=0, ended_at_s=1),
    )
    assert (one.state, one.burn_state, one.freeze, one.has_budget) == ("caution", "critical", "ended", True)


def test_before_anything_was_judged_nothing_is_known() -> None:
    one = GATING.standing("availability", None, is_fed=True)
    assert (one.state, one.burn_state, one.budget_remaining) == ("no_data", "healthy", None)


def test_only_what_can_refuse_can_be_asked_for() -> None:
    assert [one.id for one in GATING.asked()] == [one.id for one in ALL if GATING.can_refuse(one.id)]
    assert [one.id for one in GATING.asked(["phase0-send-latency", "availability"])] == ["availability", "phase0-send-latency"]
    with pytest.raises(ClientError, match="kafka-available refuses nothing; its definition would need gate: true"):
        GATING.asked(["availability", "kafka-available"])


def test_an_open_freeze_refuses_though_the_definition_no_longer_can() -> None:
    frozen = Freeze(slo="kafka-available", cause="", opened_at_s=0)
    assert "kafka-available" not in {one.id for one in GATING.asked()}
    assert "kafka-available" in {one.id for one in GATING.asked(frozen=["kafka-available"])}
    assert [one.id for one in GATING.asked(["kafka-available"], frozen=["kafka-available"])] == ["kafka-available"]
    one = GATING.standing("kafka-available", status("kafka-available", "healthy"), is_fed=True, freeze=frozen)
    assert judge_gate([one], "feature", Recorder(0, 15)).reason == "a feature change is refused: kafka-available has an open freeze"


def test_one_that_only_a_hard_limit_can_refuse_allows_when_it_is_named() -> None:
    def named(state: SloState, *, is_fed: bool = True, firing: Collection[str] = ()) -> GateVerdict:
        slo = "phase0-send-latency"
        one = GATING.standing(slo, status(slo, state), is_fed=is_fed, is_named=True, firing_alerts=firing)
        return judge_gate([one], "feature", Recorder(0, 15)).verdict

    assert named("healthy") == named("breached") == "allowed"
    assert named("healthy", firing=["Phase0SendLatencyHardFail"]) == "refused"
    assert named("no_data") == named("healthy", is_fed=False) == "unknown"


def test_what_can_refuse_is_what_gates_what_has_a_hard_limit_and_what_a_tier_freezes() -> None:
    beside = {objective.id for objective in ALL if GATING.can_refuse(objective.id) and not objective.slo.gate}
    assert beside == {"phase0-send-latency", "phase0-history-latency", "phase0-availability"}
