"""Objectives are judged as the slow, obvious way judges them; and what each kind says in its own cases."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from surewire.contract.catalogue import load_slos
from surewire.ports.sli_store import Slot
from surewire.slo.evaluation import evaluate, firing_tiers, tally_of
from surewire.slo.evidence import Evidence
from surewire.slo.objective import Objective, objectives
from surewire.slo.status import Part, SloStatus, Tally
from surewire.slo.timeline import Timeline
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S, Gap, Interval, Rolling
from tests.unit.slo.slo_reference import Reference

OBJECTIVES = {objective.id: objective for objective in objectives(load_slos())}
NOW_S = 1_800_000_000
GOOD, BAD = 'gateway_send_total{status="success"}', 'gateway_send_total{status="error"}'
HTTP = "gateway_http_request_duration_seconds"

COUNTS = st.fixed_dictionaries({}, optional={GOOD: st.integers(1, 2_000), BAD: st.integers(1, 30)})
# Slots by their distance from now: most within the windows of tiers, some older than what is kept by 15 s.
AGES = st.one_of(st.integers(1, 60), st.integers(1, 2_000), st.integers(1, 25 * 240), st.integers(25 * 240, 31 * 5_760))
PAST = st.dictionaries(AGES, COUNTS, max_size=40)
SPANS = st.builds(lambda ago, length: Interval(NOW_S - ago, NOW_S - ago + length), st.integers(0, 20 * HOUR_S), st.integers(0, HOUR_S))


def loaded(slots: list[Slot]) -> Timeline:
    timeline = Timeline()
    timeline.load(slots)
    return timeline


def slot(start_s: int, counts: dict[str, int], **more: Any) -> Slot:
    return Slot(start_s=start_s, length_s=SLOT_S, seen_s=SLOT_S, counts=counts, **more)


def judged(name: str, slots: list[Slot], excluded: tuple[Interval, ...] = (), **more: Any) -> SloStatus:
    return evaluate(OBJECTIVES[name], loaded(slots), excluded, NOW_S, **more)


def same(exact: Fraction | None, decimal: Decimal | None) -> bool:
    return exact is decimal is None or (
        exact is not None and decimal is not None and abs(Fraction(decimal) - exact) <= (abs(exact) + 1) / 10**24
    )


@settings(max_examples=60)
@given(PAST, st.lists(SPANS, max_size=3))
def test_a_status_is_what_the_slow_way_says(past: dict[int, dict[str, int]], excluded: list[Interval]) -> None:
    # Aligned to 5 minutes what is old, as it is kept, so that both ways see the same slots.
    ages = {age if age < 25 * 240 - 20 else -(-age // 20) * 20: counts for age, counts in past.items()}
    slots = [slot(NOW_S - age * SLOT_S, counts) for age, counts in sorted(ages.items(), reverse=True)]
    objective = OBJECTIVES["availability"]
    timeline = loaded(slots)
    status = evaluate(objective, timeline, excluded, NOW_S)
    slow = Reference(slots, GOOD, BAD, Fraction("0.999"), excluded)
    start_s = NOW_S - 30 * DAY_S
    assert (status.good or 0, status.bad or 0) == slow.counts(start_s, NOW_S)
    assert (status.good_gross or 0, status.bad_gross or 0) == slow.counts(start_s, NOW_S, gross=True)
    assert same(slow.remaining(start_s, NOW_S), status.budget_remaining)
    assert same(slow.remaining(start_s, NOW_S, gross=True), status.budget_remaining_gross)
    assert status.events_left == slow.events_left(start_s, NOW_S)
    for tier in objective.tiers:
        for span_s in (tier.long_s, tier.short_s):
            assert same(slow.burn(NOW_S - span_s, NOW_S), status.burn_rates[str(Rolling(span_s))])
    fired = [tier for tier in objective.tiers if slow.fires(Fraction(tier.rate), tier.long_s, tier.short_s, tier.min_bad, NOW_S)]
    assert list(firing_tiers(objective, timeline, excluded, NOW_S)) == fired
    assert tally_of(objective, timeline, Interval(start_s, NOW_S), excluded) == Tally(*slow.counts(start_s, NOW_S))


def steady(good: int, bad: int, slots: int = 240) -> list[Slot]:
    return [slot(NOW_S - (slots - number) * SLOT_S, {GOOD: good, BAD: bad} if bad else {GOOD: good}) for number in range(slots)]


def test_no_traffic_is_no_data_and_not_green() -> None:
    status = judged("availability", [slot(NOW_S - SLOT_S, {})])
    assert (status.state, status.verdict, status.sli, status.total, status.note) == (
        "no_data",
        "no_data",
        None,
        None,
        "no events in the window",
    )
    assert set(status.burn_rates) == {"1h", "5m", "6h", "30m", "1d", "2h", "3d"}
    assert set(status.burn_rates.values()) == {None}
    assert status.coverage > 0


@pytest.mark.parametrize(
    ("bad", "state", "verdict"),
    [
        (0, "healthy", "met"),
        (4, "healthy", "met"),
        (5, "caution", "met"),
        (8, "warning", "met"),
        (9, "critical", "met"),
        (10, "breached", "met"),
    ],
)
def test_a_state_follows_the_budget_that_is_left(bad: int, state: str, verdict: str) -> None:
    status = judged("availability", [slot(NOW_S - SLOT_S, {GOOD: 10_000 - bad, BAD: bad} if bad else {GOOD: 10_000})])
    assert (status.state, status.verdict) == (state, verdict)


def test_minutes_of_outage_are_those_of_the_time_that_was_seen() -> None:
    status = judged("availability", steady(100, 0))
    assert status.outage_minutes_left == Decimal("0.06")
    assert status.coverage == Decimal(1) / 720


def test_what_is_taken_out_leaves_both_sides_and_gross_stays() -> None:
    outage = [slot(NOW_S - 600 + step * SLOT_S, {BAD: 100}) for step in range(4)]
    slots = [*steady(100, 0)[:200], *outage, *(one for one in steady(100, 0) if one.start_s >= NOW_S - 540)]
    status = judged("availability", slots, (Interval(NOW_S - 598, NOW_S - 541),))
    assert (status.bad, status.bad_gross) == (0, 400)
    assert status.total_gross == (status.total or 0) + 400
    assert status.excluded_s == 60
    assert status.budget_remaining == 1
    assert (status.budget_remaining_gross or 0) < 0
    assert status.burn_rates["1h"] == 0


def test_an_hour_that_is_taken_out_wholly_has_no_data() -> None:
    status = judged("send-latency", steady(1, 0), (Interval(NOW_S - HOUR_S, NOW_S),))
    assert (status.verdict, status.state) == ("no_data", "no_data")


def test_the_first_phase_is_in_the_worse_of_its_budgets_and_its_tiers_state() -> None:
    calm = steady(2_000, 0, 5_000)[:-40]
    slots = [*calm, *(slot(NOW_S - (40 - number) * SLOT_S, {GOOD: 1_980, BAD: 12}) for number in range(40))]
    status = judged("phase0-availability", slots)
    assert (status.budget_remaining or 0) > Decimal("0.9")
    assert status.state == "critical"
    assert judged("availability", slots).state == "healthy"


def test_few_events_below_the_objective_are_no_breach_of_a_short_window() -> None:
    latency = "gateway_send_latency_seconds"
    few = judged("send-latency", [slot(NOW_S - SLOT_S, {f"{latency}_count": 99, f'{latency}_bucket{{le="0.5"}}': 50})])
    many = judged("send-latency", [slot(NOW_S - SLOT_S, {f"{latency}_count": 100, f'{latency}_bucket{{le="0.5"}}': 98})])
    assert (few.verdict, few.state) == ("breached", "healthy")
    assert (many.verdict, many.state) == ("breached", "breached")
    assert many.burn_rates == {}


def requests(endpoint: str, status: str, total: int, fast: int) -> dict[str, int]:
    labels = f'endpoint="{endpoint}"'
    bucket = {f'{HTTP}_bucket{{{labels},le="0.2",status="{status}"}}': fast} if fast else {}
    return {f'{HTTP}_count{{{labels},status="{status}"}}': total} | bucket


def test_of_endpoints_the_worst_with_events_enough_is_shown() -> None:
    counts = requests("/a", "200", 1_000, 990) | requests("/b", "200", 100, 90) | requests("/b", "503", 100, 100)
    counts |= requests("/rare", "200", 99, 0) | requests("/metrics", "200", 500, 0) | requests("/b", "504", 900, 0)
    # Refused upgrades, after each waited for its place as long as it may.
    counts |= requests("/ws", "503", 600, 0)
    status = judged("sla-004-http-latency-p95", [slot(NOW_S - SLOT_S, counts)])
    assert (status.good, status.bad, status.note) == (190, 10, "worst of 3: /b")
    assert status.verdict == "met"
    assert status.parts == (
        Part("/a", 990, 10, Decimal("0.99"), "met"),
        Part("/b", 190, 10, Decimal("0.95"), "met"),
        Part("/rare", 0, 99, Decimal(0), "no_data"),
    )


def test_endpoints_with_few_events_are_shown_and_not_judged() -> None:
    status = judged("sla-004-http-latency-p95", [slot(NOW_S - SLOT_S, requests("/rare", "200", 99, 0))])
    assert (status.verdict, status.note) == ("no_data", "no endpoint had 100 events in the window")
    assert len(status.parts) == 1


def test_an_objective_that_must_be_exceeded_is_breached_at_its_value() -> None:
    counts = {"gateway_events_delivered_total": 950, 'gateway_events_dropped_total{reason="expired"}': 50}
    assert judged("live-message-loss", [slot(NOW_S - SLOT_S, counts)]).verdict == "breached"
    assert judged("event-delivery", [slot(NOW_S - SLOT_S, counts)]).total == 1_000


def test_more_errors_than_events_are_all_bad() -> None:
    counts = {'message_throughput_total{type="delivered"}': 3, 'error_total{event="delivery"}': 5}
    status = judged("phase0-message-errors", [slot(NOW_S - SLOT_S, counts)])
    assert (status.good, status.bad, status.sli) == (0, 5, 0)


def unrelated() -> Objective:
    """Sends, counted against upgrades: definitions that only the numbers show to be wrong."""
    catalogue = load_slos()
    (slo,) = (slo for slo in catalogue.slos if slo.id == "availability")
    (objective,) = objectives(replace(catalogue, slos=(replace(slo, total="gateway_connections_total"),)))
    return objective


def test_more_good_events_than_events_are_said_to_say_nothing() -> None:
    upgrades = 'gateway_connections_total{status="accepted"}'
    status = evaluate(unrelated(), loaded([slot(NOW_S - SLOT_S, {GOOD: 5_000, upgrades: 2})]), (), NOW_S)
    assert (status.good, status.total, status.sli) == (5_000, 5_000, 1)
    assert status.note == "good counted 5,000 and total 2: they are not the same events, so the share says nothing"


def test_a_part_within_its_total_has_no_note() -> None:
    upgrades = 'gateway_connections_total{status="accepted"}'
    assert evaluate(unrelated(), loaded([slot(NOW_S - SLOT_S, {GOOD: 5, upgrades: 5})]), (), NOW_S).note == ""
    assert judged("availability", steady(5, 1)).note == ""


def test_a_dependency_is_judged_by_the_seconds_it_was_known() -> None:
    gauge = "router_redis_available"
    counts = {f"{gauge}:known_seconds": 15, f"{gauge}:good_seconds": 10}
    status = judged("redis-available", [slot(NOW_S - SLOT_S, counts)])
    assert (status.good, status.bad) == (10, 5)
    unknown = judged("redis-available", [])
    assert (unknown.verdict, unknown.note) == ("no_data", "nothing was known in the window")


def test_a_gap_is_down_time_of_the_agreement_until_a_probe_runs() -> None:
    slots = [slot(NOW_S - 4_000 + step, {}) for step in (0, 15, 600, 615)]
    status = judged("sla-001-http-availability", slots, downs=(Interval(NOW_S - 3_985, NOW_S - 3_400),))
    assert (status.bad, status.note) == (585, "self-observed: no probe has run")
    assert status.window == "calendar month"
    corrected = judged(
        "sla-001-http-availability",
        slots,
        (Interval(NOW_S - 3_985, NOW_S - 3_400),),
        downs=(Interval(NOW_S - 3_985, NOW_S - 3_400),),
    )
    assert (corrected.bad, corrected.bad_gross) == (0, 585)


def test_gaps_that_are_down_time_are_shown_with_their_cause() -> None:
    crash, drain = Gap(NOW_S - 3_985, NOW_S - 3_400, "crash"), Gap(NOW_S - 900, NOW_S - 600, "drain")
    short, long_ago = Gap(NOW_S - 200, NOW_S - 30, "crash"), Gap(NOW_S - 90 * DAY_S, NOW_S - 89 * DAY_S, "crash")
    slots = [slot(NOW_S - 4_000 + step, {}) for step in (0, 600, 3_985)]
    downs = (long_ago, crash, drain, short)
    status = judged("sla-001-http-availability", slots, downs=downs)
    assert (status.gaps, status.bad) == ((crash, drain), 885)
    assert judged("availability", slots, downs=downs).gaps == ()


@pytest.mark.parametrize(("gap_s", "down_s"), [(179, 0), (180, 180)])
def test_a_gap_is_down_time_from_three_probe_intervals_on(gap_s: int, down_s: int) -> None:
    slots = [slot(NOW_S - 900 + step, {}) for step in (0, 885)]
    assert judged("sla-001-http-availability", slots, downs=(Interval(NOW_S - 600, NOW_S - 600 + gap_s),)).bad == down_s


def test_a_calendar_month_begins_with_its_first_second() -> None:
    status = judged("sla-002-upgrade-success", [slot(NOW_S - SLOT_S, {'gateway_connections_total{status="accepted"}': 1})])
    assert status.start_s == 1_798_761_600
    before = judged("sla-002-upgrade-success", [slot(1_798_761_585, {'gateway_connections_total{status="accepted"}': 1})])
    assert before.verdict == "no_data"


def test_a_capacity_is_met_once_it_was_seen_and_never_breached() -> None:
    low = judged("connection-capacity", [slot(NOW_S - SLOT_S, {}, peaks={'gateway_connections_active{instance="a"}': 812.0})])
    assert (low.verdict, low.state, low.note) == ("no_data", "no_data", "highest seen 812 of 100,000 per gateway")
    met = judged("connection-capacity", [slot(NOW_S - SLOT_S, {}, peaks={"gateway_connections_active": 100_000.0})])
    assert (met.verdict, met.state) == ("met", "healthy")
    proven = judged("fanout-throughput", [], evidence=Evidence(highest=12_000.0))
    assert (proven.verdict, proven.note) == ("met", "highest seen 12,000/s of 10,000/s per worker")
    fast = judged("fanout-throughput", [slot(NOW_S - SLOT_S, {}, peaks={"fanout_events_processed_total:per_second": 9_999.0})])
    assert fast.verdict == "no_data"


def test_responses_and_checks_go_by_what_was_recorded() -> None:
    assert judged("sla-008-incident-response", []).verdict == "no_data"
    late = judged("sla-008-incident-response", [], evidence=Evidence(tally=Tally(3, 1)))
    assert (late.verdict, late.sli) == ("breached", Decimal("0.75"))
    assert judged("sla-007-data-retention", [], evidence=Evidence(tally=Tally(24, 0))).verdict == "met"


@pytest.mark.parametrize("objective", OBJECTIVES.values(), ids=OBJECTIVES)
def test_nothing_recorded_is_no_data_for_every_objective(objective: Objective) -> None:
    status = evaluate(objective, Timeline(), (), NOW_S)
    assert (status.verdict, status.state, status.sli, status.budget_remaining) == ("no_data", "no_data", None, None)
    assert status.note


def test_the_guard_of_low_traffic_keeps_a_tier_quiet() -> None:
    few = [slot(NOW_S - 30, {GOOD: 10, BAD: 4})]
    assert firing_tiers(OBJECTIVES["availability"], loaded(few), (), NOW_S) == OBJECTIVES["availability"].tiers[2:]
    assert len(firing_tiers(OBJECTIVES["availability"], loaded([slot(NOW_S - 30, {GOOD: 10, BAD: 5})]), (), NOW_S)) == 4


def test_a_full_outage_fires_the_fastest_tier_after_52_seconds_of_steady_traffic() -> None:
    """14.4 thousandths of an hour are 51.84 s."""
    calm, fired_after_s = [slot(NOW_S - HOUR_S + step, {GOOD: 100}) for step in range(0, HOUR_S, SLOT_S)], 0
    timeline = loaded(calm)
    for step in range(0, 300, SLOT_S):
        timeline.add(slot(NOW_S + step, {BAD: 100}))
        now_s = NOW_S + step + SLOT_S
        if any(tier.rate == Decimal("14.4") for tier in firing_tiers(OBJECTIVES["availability"], timeline, (), now_s)):
            fired_after_s = now_s - NOW_S
            break
    assert fired_after_s == 60
