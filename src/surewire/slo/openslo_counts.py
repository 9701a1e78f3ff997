"""From the queries of an OpenSLO indicator to what surewire counts: a ratio of counters, a histogram's bucket, a gauge."""

from __future__ import annotations

import re
from typing import Any, Final

from surewire.contract.selector import Selector, parse_selector
from surewire.errors import ConfigError
from surewire.slo.openslo import MetricSpec, RatioMetric, SliSpec, Target

__all__ = ["Uncountable", "counted_fields"]

_SUM: Final = re.compile(r"sum\s*\((.*)\)", re.DOTALL)
_RATE: Final = re.compile(r"(?:rate|increase)\s*\((.*)\[[^\]]+\]\s*\)", re.DOTALL)


class Uncountable(Exception):  # noqa: N818 - it says what holds, and is caught where it is imported
    """surewire cannot count that. `mend` says what to write instead."""

    def __init__(self, what: str, mend: str) -> None:
        self.what, self.mend = what, mend
        super().__init__(what)


def counted_fields(indicator: SliSpec, target: Target) -> dict[str, Any]:
    """The fields of an objective that say its kind and what it counts. Raises: Uncountable."""
    if indicator.ratio_metric is not None:
        return _ratio(indicator.ratio_metric)
    return _gauge(indicator.threshold_metric, target)


def _ratio(ratio: RatioMetric) -> dict[str, Any]:
    if ratio.total is None:
        raise Uncountable("its ratio was computed elsewhere (`raw`).", "Give the counters: `total`, and `good` or `bad`.")
    if ratio.bad is not None and (both := _sum_of_two(ratio.total)):
        return _good_and_bad(_selector(ratio.bad), both)
    good, bad, total = (None if one is None else _selector(one) for one in (ratio.good, ratio.bad, ratio.total))
    if good is not None and total is not None and (latency := _latency(good, total)):
        return latency
    fields = {"good": good, "bad": bad, "total": total}
    return {"kind": "ratio", **{name: _text(selector) for name, selector in fields.items() if selector is not None}}


def _good_and_bad(bad: Selector, both: tuple[Selector, Selector]) -> dict[str, Any]:
    """A total that is the sum of bad and something else: that is what is good."""
    if bad not in both:
        raise Uncountable("its total adds up two counters and neither is `bad`.", "Name one counter for all events.")
    good = both[0] if both[1] == bad else both[1]
    return {"kind": "ratio", "good": _text(good), "bad": _text(bad)}


def _latency(good: Selector, total: Selector) -> dict[str, Any] | None:
    """A bucket of a histogram out of its count: how many were fast enough."""
    histogram, bounds = good.metric.removesuffix("_bucket"), [one for one in good.matchers if one.label == "le"]
    rest = tuple(one for one in good.matchers if one.label != "le")
    if good.metric == histogram or total.metric != f"{histogram}_count" or len(bounds) != 1 or rest != total.matchers:
        return None
    try:
        threshold = float(bounds[0].value)
    except ValueError:
        return None
    return {"kind": "latency", "metric": _text(Selector(histogram, rest)), "threshold_s": threshold}


def _gauge(metric: MetricSpec | None, target: Target) -> dict[str, Any]:
    if metric is None or (target.op, target.value) not in {("gte", 1.0), ("gt", 0.0)}:
        raise Uncountable(
            "it compares a value with a threshold.",
            "Count events with `ratioMetric`, or compare a gauge of 0 and 1: `op: gte`, `value: 1`.",
        )
    return {"kind": "availability", "metric": _text(_selector(metric))}


def _sum_of_two(metric: MetricSpec) -> tuple[Selector, Selector] | None:
    parts = _query(metric).split(" + ")
    return (_parsed(parts[0]), _parsed(parts[1])) if len(parts) == 2 else None


def _selector(metric: MetricSpec) -> Selector:
    return _parsed(_query(metric))


def _query(metric: MetricSpec) -> str:
    source = metric.metric_source
    query = source.spec.get("query")
    if source.type.lower() not in {"", "prometheus"} or not isinstance(query, str):
        raise Uncountable(
            f"its metric is of {source.type or 'an unknown source'}.", "Only metrics of surewire are counted: `spec: {query: …}`."
        )
    return query.strip()


def _parsed(query: str) -> Selector:
    """The counter that is added up, whether or not a rate was taken of it."""
    inner = query.strip()
    for wrapped in (_SUM, _RATE):
        if found := wrapped.fullmatch(inner):
            inner = found[1].strip()
    try:
        return parse_selector(inner)
    except ConfigError as error:
        raise Uncountable(f"its query {query!r} is more than one counter.", 'Write a selector: name{label="value"}.') from error


def _text(selector: Selector) -> str:
    inside = ",".join(f'{one.label}{one.operator}"{one.value}"' for one in selector.matchers)
    return f"{selector.metric}{{{inside}}}" if inside else selector.metric
