"""Which series there are: the measured families and the aliases, with their labels, as selectors see them."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from surewire.contract.metrics import Labels, MetricsCatalogue, MetricType, Relabel
from surewire.contract.selector import Matcher, Selector, parse_selector
from surewire.slo.definition_mends import nearest

__all__ = ["Family", "behind", "family_of", "wrong_with"]


class Family(msgspec.Struct, frozen=True):
    """The series of one name. A label's values are a tuple where they are fixed, else a sentence that describes them."""

    name: str
    type: MetricType
    labels: Labels
    buckets: tuple[float, ...] = ()


def family_of(name: str, metrics: MetricsCatalogue) -> Family | None:
    """The family of that name, measured or an alias; None when nothing is exported under it."""
    if metric := metrics.canonical.get(name):
        return Family(name, metric.type, metric.labels, metric.buckets)
    alias = metrics.aliases.get(name)
    if alias is None:
        return None
    if isinstance(alias.of, dict):
        return Family(name, alias.type or "counter", {alias.as_label: tuple(alias.of)})
    source = metrics.canonical[parse_selector(alias.of).metric]
    labels = {label: values for label, values in source.labels.items() if label not in alias.sum}
    if alias.relabel:
        labels.pop(alias.relabel.source, None)
        labels[alias.relabel.to] = tuple(dict.fromkeys(alias.relabel.map.values()))
    return Family(name, alias.type or source.type, labels, tuple(bound * alias.scale for bound in source.buckets))


def behind(selector: Selector, metrics: MetricsCatalogue) -> Selector:
    """The measured series that an alias shows under this selector; the selector itself for no alias, or for one of several families."""
    alias = metrics.aliases.get(selector.metric)
    if alias is None or isinstance(alias.of, dict):
        return selector
    source = parse_selector(alias.of)
    limits = (Matcher(label, "=~", "|".join(values)) for label, values in alias.where.items())
    return Selector(source.metric, (*source.matchers, *limits, *_before_relabelling(selector.matchers, alias.relabel)))


def _before_relabelling(matchers: tuple[Matcher, ...], relabel: Relabel | None) -> Iterator[Matcher]:
    """The same conditions on the labels that are measured: what a translated label may be is what is translated into it."""
    if relabel is None:
        yield from matchers
        return
    yield from (matcher for matcher in matchers if matcher.label != relabel.to)
    wanted = [matcher for matcher in matchers if matcher.label == relabel.to]
    sources = [source for source, target in relabel.map.items() if all(matcher.accepts(target) for matcher in wanted)]
    yield Matcher(relabel.source, "=~", "|".join(sources))


def wrong_with(selector: Selector, metrics: MetricsCatalogue) -> Iterator[tuple[str, str]]:
    """What the selector names that nobody exports, each with the mend."""
    family = family_of(selector.metric, metrics)
    if family is None:
        names = (*metrics.canonical, *metrics.aliases)
        yield f"no metric is called {selector.metric}.", nearest(selector.metric, names) or "docs/metrics.md lists all metrics."
        return
    for matcher in selector.matchers:
        if matcher.label not in family.labels:
            yield f"{family.name} has no label {matcher.label}.", _labels(family)
        else:
            yield from _wrong_value(family, matcher)


def _labels(family: Family) -> str:
    return f"It has {', '.join(family.labels)}." if family.labels else "It has no labels: leave the braces out."


def _wrong_value(family: Family, matcher: Matcher) -> Iterator[tuple[str, str]]:
    values = family.labels[matcher.label]
    if isinstance(values, str):
        return  # what its values are is not known beforehand
    is_pattern = matcher.operator in {"=~", "!~"}
    parts = [Matcher(matcher.label, "=~", part) for part in matcher.value.split("|")] if is_pattern else []
    whole = Matcher(matcher.label, "=~" if is_pattern else "=", matcher.value)
    # The bar of `(a|b)` parts nothing that could stand alone.
    named = parts if parts and not any(part.problem for part in parts) else [whole]
    for one in named:
        value = one.value
        if not any(one.accepts(known) for known in values):
            yield f"{matcher.label} of {family.name} is never {value!r}.", nearest(value, values) or f"It is one of {', '.join(values)}."
