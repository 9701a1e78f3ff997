"""Whether the two sides of a ratio can say anything: they are different series, and a part lies within its total."""

from __future__ import annotations

from collections.abc import Iterator

from surewire.contract.metrics import MetricsCatalogue
from surewire.contract.selector import Matcher, Selector, parse_selector
from surewire.contract.slos import RatioSlo
from surewire.errors import ConfigError
from surewire.slo.known_series import Family, family_of

__all__ = ["ratio_problems"]

Found = tuple[str, str, str]
"""The field, what is wrong with it, and the mend."""

_ALWAYS = {("good", "bad"): "50 %", ("good", "total"): "100 %", ("bad", "total"): "0 %"}


def ratio_problems(slo: RatioSlo, metrics: MetricsCatalogue) -> Iterator[Found]:
    """Why the ratio is the same whatever happens, or counts in one part what its total leaves out. Wrong selectors are passed over."""
    given = [(field, text) for field, text in (("good", slo.good), ("bad", slo.bad), ("total", slo.total)) if text is not None]
    try:
        (first, part), (second, whole) = [(field, parse_selector(text)) for field, text in given]
    except ConfigError:
        return  # named where series are looked at
    family = family_of(part.metric, metrics)
    if family is None or part.metric != whole.metric:
        return  # whether one family is a part of another is not known
    part_lacks, whole_lacks = _left_out(part, whole, family), _left_out(whole, part, family)
    if not part_lacks and not whole_lacks:
        always = _ALWAYS[first, second]
        yield second, f"{first} and {second} are the same series, so it is always {always}.", f"Narrow {first} by a label: {_some(family)}."
    elif second == "total" and whole_lacks:
        yield first, f"{first} is no part of total, which leaves out {whole_lacks}.", f"Let total select all that {first} does."


def _left_out(selector: Selector, other: Selector, family: Family) -> str:
    """A label with a value that the other selector takes and this one does not; empty when none is known."""
    for matcher in selector.matchers:
        for value in _known_values(matcher, other, family):
            if not matcher.accepts(value) and all(one.accepts(value) for one in other.matchers if one.label == matcher.label):
                return f'{matcher.label}="{value}"'
    return ""


def _known_values(matcher: Matcher, other: Selector, family: Family) -> tuple[str, ...]:
    """Values to try: all that the label has, or, where nobody knows them beforehand, those that either selector names."""
    values = family.labels.get(matcher.label, ())
    if not isinstance(values, str):
        return tuple(values)
    return (*(one.value for one in other.matchers if one.label == matcher.label), matcher.value, "any other")


def _some(family: Family) -> str:
    return ", ".join(family.labels) or "it has none, so name another metric"
