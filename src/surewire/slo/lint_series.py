"""Whether an objective reads what is exported: metrics, labels, values, types and bucket bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from surewire.contract.metrics import MetricsCatalogue, MetricType
from surewire.contract.selector import Selector, parse_selector
from surewire.contract.slos import AvailabilitySlo, CapacitySlo, LatencySlo, ProbeSlo, RatioSlo, Slo
from surewire.errors import ConfigError
from surewire.slo.known_series import Family, family_of, wrong_with
from surewire.slo.lint_ratio import ratio_problems

__all__ = ["series_problems"]

Found = tuple[str, str, str]
"""The field, what is wrong with it, and the mend."""

_FIELDS: Final = ("good", "bad", "total", "metric")
_TYPES: Final[dict[type, tuple[MetricType, ...]]] = {
    RatioSlo: ("counter",),
    LatencySlo: ("histogram",),
    AvailabilitySlo: ("gauge",),
    ProbeSlo: ("gauge",),
    CapacitySlo: ("gauge", "counter"),
}
_SHOWN_BOUNDS: Final = 4


def series_problems(slo: Slo, metrics: MetricsCatalogue) -> Iterator[Found]:
    """Everything that the objective reads and nobody exports, or that cannot be counted in its way."""
    for field in _FIELDS:
        if text := getattr(slo, field, None):
            yield from _selector_problems(slo, field, text, metrics)
    if isinstance(slo, RatioSlo):
        yield from ratio_problems(slo, metrics)
    if isinstance(slo, CapacitySlo) and (slo.at_least is None) == (slo.at_least_per_s is None):
        yield "at_least", "a capacity has one target.", "Write at_least: for a gauge, or at_least_per_s: for a counter."


def _selector_problems(slo: Slo, field: str, text: str, metrics: MetricsCatalogue) -> Iterator[Found]:
    try:
        selector = parse_selector(text)
    except ConfigError as error:
        yield field, error.problem, error.mend
        return
    for what, mend in wrong_with(selector, metrics):
        yield field, what, mend
    if family := family_of(selector.metric, metrics):
        yield from _type_problems(slo, field, family)
        if isinstance(slo, LatencySlo) and family.type == "histogram":
            yield from _latency_problems(slo, selector, family)


def _type_problems(slo: Slo, field: str, family: Family) -> Iterator[Found]:
    wanted = _TYPES.get(type(slo), ())
    if family.type not in wanted:
        kind = str(slo.__struct_config__.tag)
        yield field, f"{family.name} is a {family.type}, and {kind} counts a {' or a '.join(wanted)}.", "Name another metric or kind."


def _latency_problems(slo: LatencySlo, selector: Selector, family: Family) -> Iterator[Found]:
    for field in ("threshold_s", "hard_fail_s"):
        bound: float | None = getattr(slo, field)
        if bound is not None and bound not in family.buckets:
            yield (
                field,
                f"{bound:g} s is no bucket bound of {family.name}, so nobody counts what is within it.",
                _near(bound, family.buckets),
            )
    if slo.hard_fail_s is not None and slo.hard_fail_s <= slo.threshold_s:
        yield "hard_fail_s", "the hard limit is not above the threshold.", f"Write more than {slo.threshold_s:g}."
    needed = {"per": slo.per, "exclude": "endpoint" if slo.exclude and slo.exclude.endpoint else ""}
    for field, label in needed.items():
        if label and label not in family.labels:
            yield field, f"{family.name} has no label {label}.", f"It has {', '.join(family.labels) or 'none'}."
    if slo.per and any(matcher.label == slo.per and matcher.operator == "=" for matcher in selector.matchers):
        yield "per", f"only one {slo.per} is selected.", f"Leave `per` out, or select every {slo.per}."


def _near(bound: float, buckets: tuple[float, ...]) -> str:
    nearest = sorted(sorted(buckets, key=lambda one: abs(one - bound))[:_SHOWN_BOUNDS])
    return f"Near it are {', '.join(f'{one:g}' for one in nearest)}."
