"""What must happen for an alert to fire, and what its nearest neighbour is in which it must not: as series of a few minutes.

A neighbour is the same traffic with three quarters of what the condition asks for; the alert fires at five quarters.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any, Final

from msgspec import Struct

from surewire.contract.selector import Matcher, Selector, parse_selector
from surewire.contract.series import format_bound, labels_of, series_id
from surewire.contract.slos import AvailabilitySlo, ProbeSlo
from surewire.errors import ConfigError
from surewire.monitoring.export.catalogues import Catalogues
from surewire.monitoring.export.exported_series import series_between
from surewire.monitoring.export.promql import BUDGET, LATCHED
from surewire.slo.alert_rule import AlertRule
from surewire.slo.condition import Budget, Burn, Condition, Down, Gauge, GaugeShare, Increase, Latched, Share, SlowShare, WindowBelow
from surewire.slo.counted import Counted
from surewire.slo.window import SLOT_S

__all__ = ["Scenario", "scenarios"]

_FEW_MINUTES_S: Final = 300
_TWO_MINUTES_S: Final = 120
_FIRING: Final = Decimal("1.25")
_QUIET: Final = Decimal("0.75")
_HUNDREDTH: Final = Decimal("0.01")
_TARGET: Final = "localhost:8080"


class Scenario(Struct, frozen=True, kw_only=True):
    """Series by their names, each with its values in promtool's notation; the alert is judged after `judged_after_s`."""

    name: str
    fires: bool
    series: dict[str, str]
    judged_after_s: int
    labels: dict[str, str] = {}
    """Labels that the alert takes over from what fired it."""


def scenarios(rule: AlertRule, catalogues: Catalogues) -> tuple[Scenario, ...]:
    """At least one in which the rule fires and one in which it stays quiet."""
    return _MAKERS[type(rule.condition)](rule.condition, rule, catalogues)


# ---- shares of events


def _of_objective(condition: Burn | WindowBelow, rule: AlertRule, catalogues: Catalogues) -> tuple[Scenario, ...]:
    objective = next(one for one in catalogues.objectives if one.id == condition.slo)
    if isinstance(objective.slo, AvailabilitySlo | ProbeSlo):
        return _of_gauge_seconds(objective.slo, rule, catalogues)
    if objective.counted is None:
        raise ConfigError(f"{objective.id} counts nothing that could make {rule.name} fire.")
    labels = _label_of(objective.per, objective.counted, catalogues) if objective.per else {}
    return _of_events(objective.counted, _threshold(condition, objective.target or Decimal()), rule, catalogues, labels)


def _threshold(condition: Burn | WindowBelow, target: Decimal) -> Decimal:
    """The share of bad events beyond which it fires."""
    if isinstance(condition, Burn):
        return condition.rate * (1 - target)
    return 1 - (target if condition.objective is None else condition.objective)


def _of_share(share: Share, rule: AlertRule, catalogues: Catalogues) -> tuple[Scenario, ...]:
    whole, rest = (share.whole[0], None) if share.whole else (None, share.rest[0])
    return _of_events(Counted(bad=share.part[0], good=rest, total=whole), share.than, rule, catalogues)


def _of_slow_share(slow: SlowShare, rule: AlertRule, catalogues: Catalogues) -> tuple[Scenario, ...]:
    matchers = slow.histogram.matchers
    bound = Matcher("le", "=", format_bound(float(slow.threshold_s)))
    fast = Selector(f"{slow.histogram.metric}_bucket", (*matchers, bound))
    return _of_events(Counted(good=fast, total=Selector(f"{slow.histogram.metric}_count", matchers)), slow.than, rule, catalogues)


def _of_events(
    counted: Counted, threshold: Decimal, rule: AlertRule, catalogues: Catalogues, labels: dict[str, str] | None = None
) -> tuple[Scenario, ...]:
    end_s = rule.hold_s + _TWO_MINUTES_S
    # So many events a slot that a quarter of the threshold is a whole number of them, and the least number of bad ones is passed.
    events = 10
    while events * threshold < 40:
        events *= 10
    firing = int((events * threshold * _FIRING).to_integral_value(ROUND_CEILING))
    quiet = int((events * threshold * _QUIET).to_integral_value(ROUND_FLOOR))
    return (
        _scenario(rule, True, _traffic(counted, min(firing, events), events, end_s, catalogues), end_s, labels),
        _scenario(rule, False, _traffic(counted, quiet, events, end_s, catalogues), end_s, labels),
    )


def _traffic(counted: Counted, bad: int, events: int, end_s: int, catalogues: Catalogues) -> dict[str, str]:
    """So many bad events among all, in each slot."""
    growth: dict[str, int] = {}
    for count, series in ((bad, _event_series(counted, False, catalogues)), (events - bad, _event_series(counted, True, catalogues))):
        for one in series:
            growth[one] = growth.get(one, 0) + count
    return {series: _growing(count, end_s) for series, count in growth.items()}


def _event_series(counted: Counted, is_good: bool, catalogues: Catalogues) -> list[str]:
    """The series that one good, or one bad, event adds to: for each metric, one in which it is what it is and nothing else."""
    wanted = {counted.good: is_good, counted.bad: not is_good, counted.total: True}
    by_metric: dict[str, dict[Selector, bool]] = {}
    for selected, is_wanted in wanted.items():
        if selected is not None:
            by_metric.setdefault(selected.metric, {})[selected] = is_wanted
    found = [series_between(members, catalogues.metrics) for members in by_metric.values() if any(members.values())]
    if None in found:
        raise ConfigError(f"no event is {'good' if is_good else 'bad'} and nothing else for {counted}.")
    return [series for series in found if series is not None]


def _label_of(label: str, counted: Counted, catalogues: Catalogues) -> dict[str, str]:
    return {label: labels_of(_event_series(counted, True, catalogues)[0])[label]}


# ---- seconds of a gauge


def _of_gauge_seconds(slo: AvailabilitySlo | ProbeSlo, rule: AlertRule, catalogues: Catalogues) -> tuple[Scenario, ...]:
    """Away, or failing, all the time; and there all the time, but for one probe too few to be down."""
    series = _exported(parse_selector(slo.metric), catalogues)
    end_s = rule.hold_s + _FEW_MINUTES_S
    slots = end_s // SLOT_S
    failing = (slo.down_after_failures - 1) * slo.interval_s // SLOT_S if isinstance(slo, ProbeSlo) else 0
    labels = {"target": labels_of(series)["target"]} if isinstance(slo, ProbeSlo) else {}
    return (
        _scenario(rule, True, {series: f"0x{slots}"}, end_s, labels),
        _scenario(rule, False, {series: f"1 0x{failing - 1} 1x{slots - failing}" if failing else f"1x{slots}"}, end_s),
    )


# ---- counters and gauges by themselves


def _of_increase(increase: Increase, rule: AlertRule, catalogues: Catalogues) -> tuple[Scenario, ...]:
    series = _exported(increase.counters[0], catalogues)
    end_s = increase.window_s + rule.hold_s + _TWO_MINUTES_S
    per_slot = increase.than * SLOT_S / (increase.per_s or increase.window_s)
    firing = max(int((per_slot * _FIRING).to_integral_value(ROUND_CEILING)), 1)
    quiet = min(int((per_slot * _QUIET).to_integral_value(ROUND_FLOOR)), firing - 1)
    return (
        _scenario(rule, True, {series: _growing(firing, end_s)}, end_s),
        _scenario(rule, False, {series: _growing(quiet, end_s)}, end_s),
    )


def _of_gauge(gauge: Gauge, rule: AlertRule, catalogues: Catalogues) -> tuple[Scenario, ...]:
    series = _exported(gauge.gauge, catalogues)
    labels = dict(labels_of(series)) if gauge.over == "any" else {}
    firing, quiet = _on_both_sides(gauge.comparison, gauge.than, gauge.than / 4 or Decimal(1))
    return _levels(rule, {series: firing}, {series: quiet}, labels)


def _of_gauge_share(share: GaugeShare, rule: AlertRule, catalogues: Catalogues) -> tuple[Scenario, ...]:
    gauge, limit = _exported(share.gauge, catalogues), _exported(share.limit, catalogues)
    firing, quiet = _on_both_sides(share.comparison, share.than, share.than / 10)
    return _levels(rule, {gauge: firing * 1000, limit: Decimal(1000)}, {gauge: quiet * 1000, limit: Decimal(1000)})


def _of_budget(budget: Budget, rule: AlertRule, catalogues: Catalogues) -> tuple[Scenario, ...]:
    objective = next(one for one in catalogues.objectives if one.id == budget.slo)
    series = series_id(BUDGET, {"slo_name": objective.name})
    return _levels(rule, {series: budget.at_most - _HUNDREDTH}, {series: budget.at_most + _HUNDREDTH})


def _of_latched(latched: Latched, rule: AlertRule, catalogues: Catalogues) -> tuple[Scenario, ...]:
    """The counter grew; a person has not closed it yet; neither."""
    counter, gauge = _exported(latched.counters[0], catalogues), series_id(LATCHED, {"alertname": rule.name})
    end_s, slots = _FEW_MINUTES_S, _FEW_MINUTES_S // SLOT_S
    still = {counter: f"3x{slots}", gauge: f"0x{slots}"}
    return (
        _scenario(rule, True, {**still, counter: f"3x8 4x{slots - 9}"}, end_s, name="when its counter grew"),
        _scenario(rule, True, {**still, gauge: f"1x{slots}"}, end_s, name="until a person closes it"),
        _scenario(rule, False, still, end_s),
    )


def _of_down(down: Down, rule: AlertRule, _: Catalogues) -> tuple[Scenario, ...]:
    labels = {"instance": _TARGET, "job": down.job}
    up = series_id("up", labels)
    probe_labels = {"instance": _TARGET, "job": f"{down.job}-tcp"}
    probe = series_id("probe_success", probe_labels)
    end_s = rule.hold_s + down.probe_failures * down.interval_s + _TWO_MINUTES_S
    slots = end_s // SLOT_S
    return (
        _scenario(rule, True, {up: f"0x{slots}"}, end_s, labels, name="when its target is down"),
        _scenario(rule, True, {up: f"1x{slots}", probe: f"0x{slots}"}, end_s, probe_labels, name="when probes fail"),
        _scenario(rule, False, {up: f"1x{slots}", probe: f"1x{slots}"}, end_s),
    )


# ---- the making of series


def _levels(
    rule: AlertRule, firing: dict[str, Decimal], quiet: dict[str, Decimal], labels: dict[str, str] | None = None
) -> tuple[Scenario, ...]:
    end_s = rule.hold_s + _TWO_MINUTES_S
    slots = end_s // SLOT_S
    return (
        _scenario(rule, True, {series: f"{value:f}x{slots}" for series, value in firing.items()}, end_s, labels),
        _scenario(rule, False, {series: f"{value:f}x{slots}" for series, value in quiet.items()}, end_s),
    )


def _scenario(
    rule: AlertRule, fires: bool, series: dict[str, str], end_s: int, labels: dict[str, str] | None = None, *, name: str = ""
) -> Scenario:
    what = f"fires {name}".strip() if fires else "stays quiet"
    return Scenario(name=f"{rule.name} {what}", fires=fires, series=series, judged_after_s=end_s, labels=labels or {})


def _growing(per_slot: int, end_s: int) -> str:
    return f"0+{per_slot}x{end_s // SLOT_S}"


def _on_both_sides(comparison: str, than: Decimal, step: Decimal) -> tuple[Decimal, Decimal]:
    """A value that fulfils the comparison, and one that does not."""
    if comparison == "==":
        return than, than + step
    above, below = than + step, than - step
    return (above, below) if comparison in {">", ">="} else (below, above)


def _exported(selected: Selector, catalogues: Catalogues) -> str:
    found = series_between({selected: True}, catalogues.metrics)
    if found is None:
        raise ConfigError(f"the server exports no series that {selected} names.")
    return found


_MAKERS: Final[dict[type[Condition], Callable[[Any, AlertRule, Catalogues], tuple[Scenario, ...]]]] = {
    Burn: _of_objective,
    WindowBelow: _of_objective,
    Share: _of_share,
    SlowShare: _of_slow_share,
    Increase: _of_increase,
    Gauge: _of_gauge,
    GaugeShare: _of_gauge_share,
    Budget: _of_budget,
    Latched: _of_latched,
    Down: _of_down,
}
