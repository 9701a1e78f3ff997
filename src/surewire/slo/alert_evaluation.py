"""Whether an alert's condition holds now: the built-in counterpart of the rules that are written for Prometheus.

What reads nothing has no data: a gauge that is not there, a back end that is not configured, a share of no events, a span in which nothing
recorded. No data is neither firing nor quiet.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, Final

from surewire.contract.selector import Matcher, Selector
from surewire.contract.series import format_bound
from surewire.slo.alert_rule import AlertRule
from surewire.slo.burn_rate import burn_rate, fires
from surewire.slo.condition import Budget, Burn, Comparison, Down, Gauge, GaugeShare, Increase, Latched, Share, SlowShare, WindowBelow
from surewire.slo.judgement import Judgement, LatchMark, Verdict
from surewire.slo.objective import Tier
from surewire.slo.scene import Scene
from surewire.slo.status import Tally
from surewire.slo.timeline import COARSE_S
from surewire.slo.window import HOUR_S, SLOT_S, Rolling

__all__ = ["judge", "judge_all"]

_COMPARE: Final[dict[Comparison, Callable[[Decimal, Decimal], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "<=": operator.le,
    "<": operator.lt,
}
_ATTEMPTS: Final = Selector("probe_attempts_total")
# How far back the last successful probe is looked for, in times of as many probes as must fail.
_LOOKS_BACK: Final = 10
# A mark moves on by the hour; until then what another process writes late into an older slot is found too.
_MARK_MOVES_AFTER_S: Final = HOUR_S


def judge_all(rules: Sequence[AlertRule], scene: Scene) -> list[Judgement]:
    """Every alert's condition, in the order of the rules."""
    return [judge(rule, scene) for rule in rules]


def judge(rule: AlertRule, scene: Scene) -> Judgement:
    """Whether the rule's condition holds, and the numbers that say so. How long it must hold is not looked at here."""
    if rule.needs and rule.needs not in scene.backends:
        return _nothing(rule, f"{rule.needs} is not configured")
    return _JUDGES[type(rule.condition)](rule, rule.condition, scene)


# ---- counts over a window


def _share(rule: AlertRule, condition: Share, scene: Scene) -> Judgement:
    part, whole, rest = (scene.counted(one, condition.window_s) for one in (condition.part, condition.whole, condition.rest))
    return _of_share(rule, condition, part, whole if condition.whole else part + rest)


def _slow_share(rule: AlertRule, condition: SlowShare, scene: Scene) -> Judgement:
    """The worst of the parts that have events enough, where the condition keeps them apart."""
    counts = [_slow(condition, only, scene) for only in _parts(condition, scene)]
    enough = [(slow, total) for slow, total in counts if total >= max(1, condition.min_total)]
    slow, total = max(enough, key=lambda one: Decimal(one[0]) / one[1], default=(0, max((total for _, total in counts), default=0)))
    return _of_share(rule, condition, slow, total)


def _slow(condition: SlowShare, only: tuple[Matcher, ...], scene: Scene) -> tuple[int, int]:
    """How many values were above the threshold, of how many."""
    metric, matchers = condition.histogram.metric, (*condition.histogram.matchers, *only)
    within = Selector(f"{metric}_bucket", (*matchers, Matcher("le", "=", format_bound(float(condition.threshold_s)))))
    total = scene.counted([Selector(f"{metric}_count", matchers)], condition.window_s)
    return max(0, total - scene.counted([within], condition.window_s)), total


def _parts(condition: SlowShare, scene: Scene) -> list[tuple[Matcher, ...]]:
    if not condition.per:
        return [()]
    counter = Selector(f"{condition.histogram.metric}_count", condition.histogram.matchers)
    return [(Matcher(condition.per, "=", value),) for value in scene.timeline.label_values(counter, condition.per)]


def _of_share(rule: AlertRule, condition: Share | SlowShare, part: int, whole: int) -> Judgement:
    window = Rolling(condition.window_s)
    if whole < max(1, condition.min_total):
        return _nothing(rule, f"{whole} events in {window}")
    share = Decimal(part) / whole
    detail = f"{part} of {whole} in {window}: {_percent(share)} ({condition.comparison} {_percent(condition.than)})"
    return _compared(rule, share, condition.comparison, condition.than, detail)


def _increase(rule: AlertRule, condition: Increase, scene: Scene) -> Judgement:
    if not scene.timeline.seen_s(scene.now_s - condition.window_s, scene.now_s):
        return _nothing(rule, f"nothing was recorded in {Rolling(condition.window_s)}")
    grown = scene.counted(condition.counters, condition.window_s)
    value = Decimal(grown) if condition.per_s is None else Decimal(grown * condition.per_s) / condition.window_s
    pace = "" if condition.per_s is None else f", {_plain(value)} per {Rolling(condition.per_s)}"
    detail = f"{grown} in {Rolling(condition.window_s)}{pace} ({condition.comparison} {_plain(condition.than)})"
    return _compared(rule, value, condition.comparison, condition.than, detail)


def _latched(rule: AlertRule, condition: Latched, scene: Scene) -> Judgement:
    """Firing when the counters grew since they were last looked at: a loss that is found twice in one slot is told twice."""
    if scene.timeline.first_s is None:
        return _nothing(rule, "nothing was recorded yet")
    mark, end_s = scene.marks.get(rule.name, LatchMark()), scene.now_s + SLOT_S
    if mark.since_s > scene.now_s:
        # The clock was set back. What was told in the hour before now is rather told twice than anything missed until it catches up.
        mark = LatchMark((end_s - _MARK_MOVES_AFTER_S) // COARSE_S * COARSE_S)
    counted = _since(condition, mark.since_s, end_s, scene)
    grown = max(0, counted - mark.counted)
    since_s = (end_s - _MARK_MOVES_AFTER_S) // COARSE_S * COARSE_S
    if mark.since_s + _MARK_MOVES_AFTER_S <= since_s:
        looked_at = LatchMark(since_s, _since(condition, since_s, end_s, scene))
    else:
        looked_at = LatchMark(mark.since_s, counted)
    verdict: Verdict = "firing" if grown else "quiet"
    return Judgement(name=rule.name, verdict=verdict, value=Decimal(grown), detail=f"grew by {grown}", mark=looked_at)


def _since(condition: Latched, since_s: int, end_s: int, scene: Scene) -> int:
    return sum(scene.timeline.total(counter, since_s, end_s) for counter in condition.counters)


# ---- gauges now


def _gauge(rule: AlertRule, condition: Gauge, scene: Scene) -> Judgement:
    values = {series: _exact(value) for series, value in scene.timeline.gauges(condition.gauge).items()}
    if not values:
        return _nothing(rule, f"{condition.gauge.metric} is not there")
    if condition.over == "sum":
        values = {condition.gauge.metric: sum(values.values(), Decimal())}
    holds = {series: value for series, value in values.items() if _COMPARE[condition.comparison](value, condition.than)}
    series, value = next(iter((holds or values).items()))
    return _compared(rule, value, condition.comparison, condition.than, f"{series} is {_plain(value)}")


def _gauge_share(rule: AlertRule, condition: GaugeShare, scene: Scene) -> Judgement:
    """The highest share; each series is divided by the one of the limit that has the same labels."""
    limits = {_labels(series): _exact(value) for series, value in scene.timeline.gauges(condition.limit).items() if value > 0}
    pairs = [
        (_exact(value), limits[_labels(series)])
        for series, value in scene.timeline.gauges(condition.gauge).items()
        if _labels(series) in limits
    ]
    if not pairs:
        return _nothing(rule, f"{condition.gauge.metric} or {condition.limit.metric} is not there")
    gauge, limit = max(pairs, key=lambda pair: pair[0] / pair[1])
    share = gauge / limit
    detail = f"{_plain(gauge)} of {_plain(limit)}: {_percent(share)} ({condition.comparison} {_percent(condition.than)})"
    return _compared(rule, share, condition.comparison, condition.than, detail)


# ---- objectives


def _burn(rule: AlertRule, condition: Burn, scene: Scene) -> Judgement:
    objective = scene.objectives.get(condition.slo)
    if objective is None or objective.target is None:
        return _nothing(rule, f"{condition.slo} is not defined")
    long, short = scene.tally(objective, condition.long_s), scene.tally(objective, condition.short_s)
    rate = burn_rate(long, objective.target)
    if rate is None:
        return _nothing(rule, f"no events in {Rolling(condition.long_s)}")
    tier = Tier(rate=condition.rate, long_s=condition.long_s, short_s=condition.short_s, min_bad=condition.min_bad)
    verdict: Verdict = "firing" if fires(tier, objective.target, long, short) else "quiet"
    now = burn_rate(short, objective.target) or Decimal()
    detail = f"{_plain(rate)}x over {Rolling(condition.long_s)}, {_plain(now)}x over {Rolling(condition.short_s)}, {_of(long)}"
    return Judgement(name=rule.name, verdict=verdict, value=rate, detail=detail)


def _budget(rule: AlertRule, condition: Budget, scene: Scene) -> Judgement:
    status = scene.statuses.get(condition.slo)
    remaining = status.budget_remaining if status else None
    if status is None or remaining is None:
        return _nothing(rule, f"{condition.slo}: {status.note or 'no data' if status else 'no data'}")
    holds = remaining <= condition.at_most and (condition.above is None or remaining > condition.above)
    detail = f"{_percent(remaining)} of the budget left, {status.bad} bad of {status.total} in {status.window}"
    return Judgement(name=rule.name, verdict="firing" if holds else "quiet", value=remaining, detail=detail)


def _window_below(rule: AlertRule, condition: WindowBelow, scene: Scene) -> Judgement:
    objective = scene.objectives.get(condition.slo)
    target = condition.objective or (objective.target if objective else None)
    if objective is None or target is None:
        return _nothing(rule, f"{condition.slo} is not defined")
    tally = scene.tally(objective, condition.window_s)
    sli = tally.sli
    if sli is None or tally.total < condition.min_events:
        return _nothing(rule, f"{tally.total} events in {Rolling(condition.window_s)}")
    needed = target * tally.total
    is_below = tally.good < needed or (tally.good == needed and objective.is_strict and condition.objective is None)
    detail = f"{_percent(sli)} of {tally.total} in {Rolling(condition.window_s)} (objective {_percent(target)})"
    return Judgement(name=rule.name, verdict="firing" if is_below else "quiet", value=sli, detail=detail)


# ---- probes


def _down(rule: AlertRule, condition: Down, scene: Scene) -> Judgement:
    """Down when that many probes of a target failed since its last success. Probes that stopped say nothing."""
    timeline, now_s, all_fail_s = scene.timeline, scene.now_s, condition.interval_s * condition.probe_failures
    if not timeline.total(_ATTEMPTS, now_s - all_fail_s - condition.interval_s, now_s):
        return _nothing(rule, "no probe ran")
    found = [
        (probe, target, _failures_in_a_row((Matcher("probe", "=", probe), Matcher("target", "=", target)), _LOOKS_BACK * all_fail_s, scene))
        for probe in timeline.label_values(_ATTEMPTS, "probe")
        for target in timeline.label_values(_ATTEMPTS, "target")
    ]
    fallen = [
        f"{failures} {probe} probes of {target} in a row failed"
        for probe, target, failures in found
        if failures >= condition.probe_failures
    ]
    detail = "; ".join(fallen) or "the last probes succeeded"
    return Judgement(name=rule.name, verdict="firing" if fallen else "quiet", value=Decimal(len(fallen)), detail=detail)


def _failures_in_a_row(of: tuple[Matcher, ...], looks_back_s: int, scene: Scene) -> int:
    first_s = scene.now_s - looks_back_s
    up, down = (Selector(_ATTEMPTS.metric, (*of, Matcher("result", "=", result))) for result in ("up", "down"))
    last_up_s = max(scene.timeline.steps(up, first_s, scene.now_s), default=first_s)
    return scene.timeline.total(down, last_up_s + 1, scene.now_s)


# ---- what they share


def _nothing(rule: AlertRule, why: str) -> Judgement:
    return Judgement(name=rule.name, verdict="no_data", detail=why)


def _compared(rule: AlertRule, value: Decimal, comparison: Comparison, than: Decimal, detail: str) -> Judgement:
    return Judgement(name=rule.name, verdict="firing" if _COMPARE[comparison](value, than) else "quiet", value=value, detail=detail)


def _of(tally: Tally) -> str:
    return f"{tally.bad} bad of {tally.total}"


def _labels(series: str) -> str:
    return series.partition("{")[2]


def _exact(gauge: float) -> Decimal:
    return Decimal(repr(gauge))


def _percent(share: Decimal) -> str:
    return f"{_plain(share * 100)} %"


def _plain(number: Decimal) -> str:
    """At most six significant digits, without an exponent."""
    return f"{Decimal(f'{number:.6g}').normalize():f}"


_JUDGES: Final[dict[type, Callable[[AlertRule, Any, Scene], Judgement]]] = {
    Share: _share,
    SlowShare: _slow_share,
    Increase: _increase,
    Latched: _latched,
    Gauge: _gauge,
    GaugeShare: _gauge_share,
    Burn: _burn,
    Budget: _budget,
    WindowBelow: _window_below,
    Down: _down,
}
