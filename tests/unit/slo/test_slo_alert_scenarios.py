"""Every alert that an objective gives rise to, with counts just beyond what makes it fire and counts just short of it; and without any."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from math import floor

import pytest

from surewire.contract.catalogue import load_alerts, load_metrics
from surewire.contract.selector import Matcher, Selector
from surewire.contract.series import series_id
from surewire.ports.sli_store import Slot
from surewire.slo.alert_evaluation import judge
from surewire.slo.alert_rule import AlertRule
from surewire.slo.condition import Budget, Burn, WindowBelow
from surewire.slo.objective import Objective
from surewire.slo.timeline import Timeline
from surewire.slo.window import DAY_S, Interval
from tests.unit.slo.recorded import NOW_S, OBJECTIVES, RULES, recorded, scene

LISTED = {alert.name for alert in load_alerts().alerts}
MADE = [rule for rule in RULES.values() if rule.name not in LISTED]
TIMED = {"availability", "probe"}
TOTAL = 100_000_000
COUNTED = [rule for rule in MADE if OBJECTIVES[rule.slo].kind not in TIMED]
GAUGED = [rule for rule in MADE if OBJECTIVES[rule.slo].kind == "availability"]
PROBED = [rule for rule in MADE if OBJECTIVES[rule.slo].kind == "probe"]


def one_series(selector: Selector) -> str:
    """A series that the selector names."""
    return series_id(selector.metric, {matcher.label: one_value(selector.metric, matcher) for matcher in selector.matchers})


def one_value(metric: str, matcher: Matcher) -> str:
    if matcher.operator in {"=", "=~"}:
        return matcher.value.split("|")[0]
    family = load_metrics().canonical.get(metric)
    values = family.labels.get(matcher.label, ()) if family else ()
    return next((value for value in values if matcher.accepts(value)), "other") if not isinstance(values, str) else "other"


def counts_of(objective: Objective, bad: int, total: int) -> Mapping[str, int]:
    """So many bad events of so many, as the objective counts them."""
    counted = objective.counted
    assert counted is not None
    given: dict[str, int] = {}
    for selector, number in ((counted.good, total - bad), (counted.bad, bad)):
        if selector is not None:
            given[one_series(selector)] = number
    if counted.total is not None:
        given[other_series(counted.total, counted.bad, given)] = total - sum(
            number for series, number in given.items() if series.partition("{")[0] == counted.total.metric
        )
    return given


def other_series(total: Selector, bad: Selector | None, given: Mapping[str, int]) -> str:
    """A series of the total's that is none of those given, nor bad: so that all of them add up to the total."""
    if bad is not None and bad.metric == total.metric and bad.matchers[0].operator == "!=":
        return series_id(total.metric, {bad.matchers[0].label: bad.matchers[0].value})
    if (name := one_series(total)) not in given:
        return name
    return series_id(total.metric, {matcher.label: matcher.value.split("|")[-1] for matcher in total.matchers})


def past(rule: AlertRule, bad: int, total: int) -> Timeline:
    """All of it in the minute before now."""
    counts = counts_of(OBJECTIVES[rule.slo], bad, total)
    return recorded([Slot(start_s=NOW_S - 60, length_s=15, seen_s=15, counts=dict(counts))])


def least_bad(rule: AlertRule, total: int) -> int:
    """The fewest bad events of so many by which the rule's condition holds."""
    objective, condition = OBJECTIVES[rule.slo], rule.condition
    assert objective.target is not None
    allowed = (1 - objective.target) * total
    match condition:
        case Burn():
            return floor(condition.rate * allowed) + 1
        case Budget():
            return -floor(-(1 - condition.at_most) * allowed)
        case WindowBelow():
            return floor(allowed) + (0 if objective.is_strict and allowed == floor(allowed) else 1)
        case _:
            raise AssertionError


@pytest.mark.parametrize("rule", COUNTED, ids=lambda rule: rule.name)
def test_one_bad_event_makes_the_difference(rule: AlertRule) -> None:
    bad = least_bad(rule, TOTAL)
    judgement = judge(rule, scene(past(rule, bad, TOTAL), only=rule.slo))
    assert judgement.verdict == "firing", judgement.detail
    judgement = judge(rule, scene(past(rule, bad - 1, TOTAL), only=rule.slo))
    assert judgement.verdict == "quiet", judgement.detail


@pytest.mark.parametrize("rule", MADE, ids=lambda rule: rule.name)
def test_without_a_past_there_are_no_data(rule: AlertRule) -> None:
    assert judge(rule, scene(Timeline(), only=rule.slo)).verdict == "no_data"


@pytest.mark.parametrize("rule", [rule for rule in COUNTED if isinstance(rule.condition, Burn)], ids=lambda rule: rule.name)
def test_a_burn_with_too_few_bad_events_is_quiet(rule: AlertRule) -> None:
    """Low traffic: however bad the share is."""
    few = rule.condition.min_bad - 1
    if few:
        assert judge(rule, scene(past(rule, few, few), only=rule.slo)).verdict == "quiet"
    assert judge(rule, scene(past(rule, few + 1, few + 1), only=rule.slo)).verdict == "firing"


@pytest.mark.parametrize("rule", [rule for rule in COUNTED if isinstance(rule.condition, Burn)], ids=lambda rule: rule.name)
def test_a_burn_that_is_over_is_quiet_though_the_long_window_still_has_it(rule: AlertRule) -> None:
    bad, objective = least_bad(rule, TOTAL), OBJECTIVES[rule.slo]
    before = NOW_S - NOW_S % 300 - (-(-rule.condition.short_s // 300) * 300 + 300)
    if rule.condition.long_s - (NOW_S - before) <= 0:
        before = NOW_S - rule.condition.short_s - 15
    timeline = recorded(
        [
            Slot(start_s=before, length_s=15, seen_s=15, counts=dict(counts_of(objective, bad, TOTAL))),
            Slot(start_s=NOW_S - 60, length_s=15, seen_s=15, counts=dict(counts_of(objective, 0, 1_000))),
        ]
    )
    assert judge(rule, scene(timeline, only=rule.slo)).verdict == "quiet"


@pytest.mark.parametrize("rule", [rule for rule in COUNTED if isinstance(rule.condition, Budget)], ids=lambda rule: rule.name)
def test_a_budget_in_a_worse_state_is_not_in_this_one(rule: AlertRule) -> None:
    above = rule.condition.above
    if above is not None:
        target = OBJECTIVES[rule.slo].target or Decimal()
        bad = -floor(-(1 - above) * (1 - target) * TOTAL)
        assert judge(rule, scene(past(rule, bad, TOTAL), only=rule.slo)).verdict == "quiet"
        assert judge(rule, scene(past(rule, bad - 1, TOTAL), only=rule.slo)).verdict == "firing"


def gauged(rule: AlertRule, bad_s: int, known_s: int) -> Timeline:
    """A gauge that was known for so long up to now, and bad in the last part of it."""
    counted = OBJECTIVES[rule.slo].counted
    assert counted is not None
    assert counted.good is not None
    assert counted.total is not None
    good, known = one_series(counted.good), one_series(counted.total)
    end_s = NOW_S - 60
    slots = [Slot(start_s=end_s - 300, length_s=15, seen_s=15, counts={good: known_s - bad_s - 15, known: known_s - bad_s - 15})]
    slots.append(Slot(start_s=end_s, length_s=15, seen_s=15, counts={good: 15, known: bad_s + 15}))
    return recorded(slots)


@pytest.mark.parametrize("rule", GAUGED, ids=lambda rule: rule.name)
def test_one_second_without_a_dependency_makes_the_difference(rule: AlertRule) -> None:
    known_s = rule.condition.long_s if isinstance(rule.condition, Burn) else 30 * DAY_S
    bad_s = max(least_bad(rule, known_s), rule.condition.min_bad if isinstance(rule.condition, Burn) else 0)
    judgement = judge(rule, scene(gauged(rule, bad_s, known_s), only=rule.slo))
    assert judgement.verdict == "firing", judgement.detail
    judgement = judge(rule, scene(gauged(rule, bad_s - 1, known_s), only=rule.slo))
    assert judgement.verdict == "quiet", judgement.detail


def month(*, gap_s: int) -> tuple[Timeline, Interval]:
    """A process that was seen since the month began, but for a gap that ended just now."""
    gap = Interval(NOW_S - gap_s, NOW_S)
    start_s = NOW_S + 15 - 31 * DAY_S
    starts = [*range(start_s, gap.start_s - 3_600, 3_600)]
    slots = [Slot(start_s=at_s, length_s=3_600, seen_s=3_600, counts={"gateway_heartbeat_pings_sent_total": 1}) for at_s in starts]
    return recorded(slots), gap


@pytest.mark.parametrize("rule", PROBED, ids=lambda rule: rule.name)
def test_one_second_of_down_time_makes_the_difference(rule: AlertRule) -> None:
    span_s = rule.condition.long_s if isinstance(rule.condition, Burn) else 31 * DAY_S - 15
    # A gap is down time from three probe intervals on.
    down_s = max(least_bad(rule, span_s), 180)
    for gap_s, verdict in ((down_s, "firing"), (down_s - 1, "quiet")):
        timeline, gap = month(gap_s=gap_s)
        judgement = judge(rule, scene(timeline, only=rule.slo, gaps=(gap,)))
        assert judgement.verdict == verdict, judgement.detail
