"""Whether the two sides of a ratio can say anything: they differ, no event is on both sides, and a part lies within its total."""

from __future__ import annotations

from collections.abc import Iterator

from surewire.contract.metrics import MetricsCatalogue
from surewire.contract.selector import Selector, parse_selector
from surewire.contract.slos import RatioSlo
from surewire.errors import ConfigError
from surewire.slo.known_series import Family, behind, family_of

__all__ = ["ratio_problems"]

Found = tuple[str, str, str]
"""The field, what is wrong with it, and the mend."""

_ALWAYS = {("good", "bad"): "50 %", ("good", "total"): "100 %", ("bad", "total"): "0 %"}


def ratio_problems(slo: RatioSlo, metrics: MetricsCatalogue) -> Iterator[Found]:
    """Why the ratio is the same whatever happens, counts an event on both sides, or in one part what its total leaves out.

    Aliases are looked through. Wrong selectors are passed over, and two families: whether one is a part of another is not known.
    """
    given = [(field, text) for field, text in (("good", slo.good), ("bad", slo.bad), ("total", slo.total)) if text is not None]
    try:
        (first, one), (second, other) = [(field, behind(parse_selector(text), metrics)) for field, text in given]
    except ConfigError:
        return  # named where series are looked at
    family = family_of(one.metric, metrics)
    if family is None or one.metric != other.metric:
        return
    one_lacks, other_lacks = _left_out(one, other, family), _left_out(other, one, family)
    if not one_lacks and not other_lacks:
        always = _ALWAYS[first, second]
        yield second, f"{first} and {second} are the same series, so it is always {always}.", f"Narrow {first} by a label: {_some(family)}."
    elif second == "total" and other_lacks:
        yield first, f"{first} is no part of total, which leaves out {other_lacks}.", f"Let total select all that {first} does."
    elif second == "bad" and (shared := _shared(one, other, family)):
        what = f"good and bad both count {shared}: such an event would be good and bad at once."
        yield "bad", what, _apart(is_all_in_bad=not other_lacks, is_all_in_good=not one_lacks)


def _apart(*, is_all_in_bad: bool, is_all_in_good: bool) -> str:
    """What to write when good and bad overlap: one that has all of the other is most likely meant as the total."""
    if is_all_in_bad:
        return "Write total in place of bad, or let bad leave out what good selects."
    if is_all_in_good:
        return "Write total in place of good, or let good leave out what bad selects."
    return "Let only one of the two select it."


def _left_out(selector: Selector, other: Selector, family: Family) -> str:
    """A label with a value that the other selector takes and this one does not; empty when none is known."""
    for matcher in selector.matchers:
        for value in _known_values(matcher.label, selector, other, family):
            if not matcher.accepts(value) and _takes(other, matcher.label, value):
                return f'{matcher.label}="{value}"'
    return ""


def _shared(one: Selector, other: Selector, family: Family) -> str:
    """Labels with values that both selectors take; empty when none are known. Labels do not depend on each other."""
    labels = dict.fromkeys(matcher.label for matcher in (*one.matchers, *other.matchers))
    taken = {label: _taken_by_both(label, one, other, family) for label in labels}
    return "" if None in taken.values() else ", ".join(f'{label}="{value}"' for label, value in taken.items())


def _taken_by_both(label: str, one: Selector, other: Selector, family: Family) -> str | None:
    values = _known_values(label, one, other, family)
    return next((value for value in values if _takes(one, label, value) and _takes(other, label, value)), None)


def _takes(selector: Selector, label: str, value: str) -> bool:
    return all(matcher.accepts(value) for matcher in selector.matchers if matcher.label == label)


def _known_values(label: str, one: Selector, other: Selector, family: Family) -> tuple[str, ...]:
    """Values to try: all that the label has, or, where nobody knows them beforehand, those that either selector names."""
    values = family.labels.get(label, ())
    if not isinstance(values, str):
        return tuple(values)
    written = [matcher for matcher in (*one.matchers, *other.matchers) if matcher.label == label]
    return (*(value for matcher in written for value in matcher.value.split("|")), "any other")


def _some(family: Family) -> str:
    return ", ".join(family.labels) or "it has none, so name another metric"
