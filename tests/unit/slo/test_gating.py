"""From an objective's status to its standing at the gate."""

from __future__ import annotations

from decimal import Decimal

import pytest

from surewire.contract.catalogue import load_alerts, load_slos
from surewire.errors import ClientError
from surewire.slo.freeze import Freeze
from surewire.slo.gate import Gated, Recorder, judge_gate
from surewire.slo.gating import can_gate, gated, hard_fail_alert, selected
from surewire.slo.objective import objectives
from surewire.slo.status import SloState, SloStatus

ALL = objectives(load_slos())
BY_ID = {objective.id: objective for objective in ALL}


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


def test_hard_limits_have_alerts_of_the_catalogue() -> None:
    names = {alert for objective in ALL if (alert := hard_fail_alert(objective.slo))}
    assert names == {"Phase0SendLatencyHardFail", "Phase0HistoryLatencyHardFail"}
    assert names <= {alert.name for alert in load_alerts().alerts}


def test_a_firing_hard_limit_stands_at_the_gate_though_the_objective_does_not_gate() -> None:
    one = gated(
        BY_ID["phase0-send-latency"],
        status("phase0-send-latency", "no_data"),
        is_fed=True,
        firing_alerts={"Phase0SendLatencyHardFail", "HTTPLatencyHigh"},
    )
    assert (one.hard_fail, one.is_gating, one.has_budget) == ("Phase0SendLatencyHardFail", False, False)


def test_the_state_of_the_burn_stands_beside_the_budgets() -> None:
    one = gated(
        BY_ID["phase0-handshake-success"],
        status("phase0-handshake-success", "caution"),
        is_fed=True,
        tier_states=["critical", ""],
        freeze=Freeze(slo="phase0-handshake-success", cause="", opened_at_s=0, ended_at_s=1),
    )
    assert (one.state, one.burn_state, one.freeze, one.has_budget) == ("caution", "critical", "ended", True)


def test_only_what_can_refuse_can_be_asked_for() -> None:
    asked = [Gated(slo=objective.id, state="healthy", is_gating=objective.slo.gate) for objective in ALL]
    assert selected(asked, ALL, ()) == tuple(asked)
    assert [one.slo for one in selected(asked, ALL, {"phase0-send-latency", "availability"})] == ["availability", "phase0-send-latency"]
    with pytest.raises(ClientError, match="no objective is called nothing"):
        selected(asked, ALL, ["nothing"])
    with pytest.raises(ClientError, match="kafka-available refuses nothing; its definition would need gate: true"):
        selected(asked, ALL, ["kafka-available"])


def test_what_can_refuse_is_what_gates_what_has_a_hard_limit_and_what_a_tier_freezes() -> None:
    beside = {objective.id for objective in ALL if can_gate(objective) and not objective.slo.gate}
    assert beside == {"phase0-send-latency", "phase0-history-latency", "phase0-availability"}


def test_narrowing_leaves_out_what_others_refuse() -> None:
    found = [Gated(slo="availability", state="healthy"), Gated(slo="message-durability", state="breached")]
    assert judge_gate(selected(found, ALL, ["availability"]), "feature", Recorder(0, 15)).verdict == "allowed"
