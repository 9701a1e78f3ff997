"""The gate, rule by rule: which changes each state lets through, what outranks what, and what is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.slo.gate import CHANGES, EXIT_CODES, LETS_THROUGH, ChangeKind, Gated, GateResult, Override, Recorder, judge_gate
from surewire.slo.policy import STATES
from surewire.slo.status import SloState

FRESH = Recorder(age_s=15, tick_s=15)
STALE = Recorder(age_s=46, tick_s=15)
OVERRIDE = Override("the fix for the breach itself", "alice")

GATED = st.builds(
    Gated,
    slo=st.sampled_from(["a", "b", "c"]),
    state=st.sampled_from([*STATES, "no_data"]),
    burn_state=st.sampled_from(STATES),
    budget_remaining=st.none() | st.decimals("-3", "1"),
    is_gating=st.booleans(),
    has_budget=st.booleans(),
    is_fed=st.booleans(),
    freeze=st.sampled_from(["none", "open", "ended"]),
    hard_fail=st.sampled_from(["", "SendLatencyHardFail"]),
)
RECORDERS = st.sampled_from([FRESH, STALE, Recorder(None, 15)])


def ask(*gated: Gated, change: ChangeKind = "feature", recorder: Recorder = FRESH, override: Override | None = None) -> GateResult:
    return judge_gate(gated, change, recorder, override)


def one(state: SloState, **more: object) -> Gated:
    return Gated(**{"slo": "availability", "state": state, **more})  # type: ignore[arg-type]


# ---- states


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        ("healthy", {"feature", "reliability", "emergency"}),
        ("caution", {"reliability", "emergency"}),
        ("warning", {"emergency"}),
        ("critical", {"emergency"}),
        ("breached", set()),
    ],
)
@pytest.mark.parametrize("change", CHANGES)
def test_each_state_lets_through_what_the_table_says(state: SloState, allowed: set[str], change: ChangeKind) -> None:
    result = ask(one(state), change=change)
    assert (result.verdict, result.exit_code) == (("allowed", 0) if change in allowed else ("refused", 10))
    assert result.is_allowed == (change in allowed)


def test_only_objectives_that_gate_are_judged_by_their_state() -> None:
    assert ask(one("healthy"), Gated(slo="kafka-available", state="breached", is_gating=False)).verdict == "allowed"


def test_the_reason_is_one_line_that_names_every_refusing_objective_and_no_other() -> None:
    result = ask(one("breached", budget_remaining=Decimal("-0.25")), Gated(slo="b", state="healthy"), Gated(slo="c", state="warning"))
    assert result.reason == (
        "a feature change is refused: availability is breached (-25.0 % of its budget left); c is warning"  # the whole line
    )
    assert [refusal.slo for refusal in result.refusing] == ["availability", "c"]


def test_an_allowed_change_says_by_whom() -> None:
    assert ask(one("healthy"), Gated(slo="b", state="no_data", is_fed=False)).reason == (
        "a feature change is allowed by availability; never fed here and skipped: b"
    )


# ---- what is not known


def test_refused_outranks_unknown() -> None:
    assert ask(one("critical"), Gated(slo="b", state="no_data"), recorder=STALE).verdict == "refused"


def test_an_objective_that_was_never_fed_in_this_installation_is_skipped() -> None:
    result = ask(one("healthy"), Gated(slo="b", state="no_data", is_fed=False))
    assert (result.verdict, result.skipped) == ("allowed", ("b",))


def test_an_objective_that_was_fed_and_has_no_data_now_is_unknown() -> None:
    result = ask(one("healthy"), Gated(slo="b", state="no_data"))
    assert (result.verdict, result.exit_code, result.unknown) == ("unknown", 11, ("b",))
    assert result.reason == "unknown: no data of b"


@pytest.mark.parametrize("gated", [(one("no_data", is_fed=False),), (one("no_data", has_budget=False),)])
def test_when_no_objective_has_data_the_answer_is_unknown_and_names_those_that_gate(gated: tuple[Gated, ...]) -> None:
    result = ask(*gated, Gated(slo="b", state="no_data", is_fed=False), Gated(slo="idle", state="no_data", is_gating=False))
    assert (result.verdict, result.exit_code) == ("unknown", 11)
    assert result.reason == "unknown: no objective that is asked has data yet (availability, b); use the server until one has"


def test_when_no_objective_gates_the_answer_is_unknown_and_says_how_one_does() -> None:
    result = ask(Gated(slo="idle", state="no_data", is_gating=False))
    assert (result.verdict, result.reason) == ("unknown", "unknown: no objective gates; write gate: true in the definition of one")


@pytest.mark.parametrize(
    ("recorder", "verdict"),
    [
        (Recorder(0, 15), "allowed"),
        (Recorder(45, 15), "allowed"),
        (Recorder(46, 15), "unknown"),
        (Recorder(None, 15), "unknown"),
        (Recorder(46, 60), "allowed"),
    ],
)
def test_a_recorder_that_is_silent_for_more_than_three_ticks_leaves_it_unknown(recorder: Recorder, verdict: str) -> None:
    assert ask(one("healthy"), recorder=recorder).verdict == verdict


def test_a_stale_answer_says_for_how_long() -> None:
    assert ask(one("healthy"), recorder=STALE).reason == "unknown: nothing was recorded for 46 s, more than 3 ticks of 15 s"
    assert ask(one("healthy"), recorder=Recorder(None, 15)).reason == (
        "unknown: nothing was recorded yet; the first tick comes within 15 s of the start"
    )


# ---- without a budget


def test_an_objective_without_a_budget_is_healthy_while_it_is_idle() -> None:
    result = ask(one("healthy"), Gated(slo="sla-003", state="no_data", has_budget=False))
    assert (result.verdict, result.unknown) == ("allowed", ())


def test_an_objective_without_a_budget_refuses_everything_while_it_is_breached() -> None:
    for change in CHANGES:
        assert ask(one("breached", has_budget=False), change=change).verdict == "refused"


# ---- freezes and hard fails


@pytest.mark.parametrize(("change", "verdict"), [("feature", "refused"), ("reliability", "refused"), ("emergency", "allowed")])
@pytest.mark.parametrize("standing", [{"freeze": "open"}, {"hard_fail": "Phase0SendLatencyHardFail"}])
def test_a_hard_fail_and_an_open_freeze_refuse_every_change_but_emergency(
    standing: dict[str, str], change: ChangeKind, verdict: str
) -> None:
    assert ask(one("healthy", **standing), change=change).verdict == verdict
    other = Gated(slo="phase0-send-latency", state="no_data", is_gating=False, **standing)  # type: ignore[arg-type]
    assert ask(one("healthy"), other, change=change).verdict == verdict


def test_freezes_and_hard_fails_are_named() -> None:
    result = ask(one("healthy", freeze="open", hard_fail="HardFail"))
    assert result.reason == "a feature change is refused: availability fails hard (HardFail fires) and has an open freeze"


@pytest.mark.parametrize(("change", "verdict"), [("feature", "refused"), ("reliability", "allowed"), ("emergency", "allowed")])
def test_a_breached_objective_whose_freeze_has_ended_counts_as_caution(change: ChangeKind, verdict: str) -> None:
    result = ask(one("breached", freeze="ended", budget_remaining=Decimal("-0.1")), change=change)
    assert result.verdict == verdict
    if verdict == "refused":
        assert result.refusing[0].why == "is breached and counts as caution (-10.0 % of its budget left)"


@pytest.mark.parametrize("state", ["healthy", "caution", "warning", "critical"])
def test_an_ended_freeze_softens_nothing_but_a_breach(state: SloState) -> None:
    for change in CHANGES:
        assert ask(one(state, freeze="ended"), change=change).verdict == ask(one(state), change=change).verdict


# ---- the first phase: the worse of budget and burn


@given(st.sampled_from(STATES), st.sampled_from(STATES), st.sampled_from(CHANGES))
def test_the_worse_of_the_budgets_state_and_the_burns_decides(state: SloState, burn: SloState, change: ChangeKind) -> None:
    allowed = change in LETS_THROUGH[state] & LETS_THROUGH[burn]
    assert ask(one(state, burn_state=burn), change=change).is_allowed == allowed


def test_an_ended_freeze_does_not_soften_the_burn() -> None:
    assert ask(one("breached", freeze="ended", burn_state="critical"), change="reliability").verdict == "refused"


# ---- overriding


@pytest.mark.parametrize(
    ("gated", "recorder", "verdict"),
    [(one("breached"), FRESH, "refused"), (one("no_data"), FRESH, "unknown"), (one("healthy"), STALE, "unknown")],
)
def test_a_person_may_override_by_name_and_the_gates_own_verdict_stays(gated: Gated, recorder: Recorder, verdict: str) -> None:
    result = ask(gated, recorder=recorder, override=OVERRIDE)
    assert (result.is_allowed, result.exit_code, result.verdict, result.override) == (True, 0, verdict, OVERRIDE)
    assert result.reason == f"overridden by alice (the fix for the breach itself): {ask(gated, recorder=recorder).reason}"


def test_an_override_that_was_not_needed_changes_nothing() -> None:
    assert ask(one("healthy"), override=OVERRIDE).reason == ask(one("healthy")).reason


# ---- whatever the standing


@given(st.lists(GATED, max_size=5), st.sampled_from(CHANGES), RECORDERS)
def test_verdict_exit_code_and_refusals_always_agree(gated: list[Gated], change: ChangeKind, recorder: Recorder) -> None:
    result = judge_gate(gated, change, recorder)
    assert result.exit_code == EXIT_CODES[result.verdict]
    assert (result.verdict == "refused") == bool(result.refusing)
    assert result.is_allowed == (result.verdict == "allowed")
    assert "\n" not in result.reason
    assert all(refusal.slo in result.reason for refusal in result.refusing)
    assert not (recorder.is_stale and result.is_allowed)


@given(st.lists(GATED, max_size=5), RECORDERS)
def test_what_lets_a_feature_through_lets_everything_through(gated: list[Gated], recorder: Recorder) -> None:
    feature, reliability, emergency = (judge_gate(gated, change, recorder).is_allowed for change in CHANGES)
    assert feature <= reliability <= emergency


@given(st.lists(GATED, max_size=4), GATED, st.sampled_from(CHANGES), RECORDERS)
def test_one_more_objective_never_turns_a_refusal_into_anything_else(
    gated: list[Gated], more: Gated, change: ChangeKind, recorder: Recorder
) -> None:
    if judge_gate(gated, change, recorder).verdict == "refused":
        assert judge_gate([*gated, more], change, recorder).verdict == "refused"
