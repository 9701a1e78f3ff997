"""Which series the server exports, by the metrics catalogue: histograms as the series that Prometheus makes of them, aliases too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import product
from typing import Final

from surewire.contract.metrics import Alias, Labels, MetricsCatalogue
from surewire.contract.selector import Selector, parse_selector
from surewire.contract.series import series_id

__all__ = ["labels_of_metric", "series_between", "series_read"]

_HISTOGRAM: Final = re.compile(r"(.+)_(?:bucket|count|sum)")
_ANY: Final = "any"

_LABELS_OF_WORDS: Final = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_NO_SERIES: Final = re.compile(r'"[^"]*"|\[[^\]]*\]|\boffset\s+\S+')
_WORDS: Final = frozenset({"and", "or", "unless", "bool", "by", "without", "on", "ignoring", "group_left", "group_right"})
_NAME: Final = re.compile(r"(?<![a-zA-Z0-9_:.])([a-zA-Z_:][a-zA-Z0-9_:]*)(\s*\()?")


def labels_of_metric(name: str, metrics: MetricsCatalogue) -> Labels | None:
    """The labels of a series' metric as the catalogue gives them, `le` aside; None when the server exports no such metric."""
    if alias := metrics.aliases.get(name):
        return _labels_of_alias(alias, metrics)
    if found := metrics.canonical.get(name):
        return None if found.type == "histogram" else found.labels
    part = _HISTOGRAM.fullmatch(name)
    whole = part and (metrics.canonical.get(part[1]) or metrics.aliases.get(part[1]))
    if not whole:
        return None
    return _labels_of_alias(whole, metrics) if isinstance(whole, Alias) else whole.labels


def series_between(wanted: Mapping[Selector, bool], metrics: MetricsCatalogue) -> str | None:
    """A series that every selector with True names and no other of them does, all of one metric; None when there can be none."""
    metric = next(iter(wanted)).metric
    labels = labels_of_metric(metric, metrics) or {}
    bounds = {one.value for selected in wanted for one in selected.matchers if one.label == "le"}
    choices = {name: _choices(name, values, wanted) for name, values in labels.items()} | ({"le": sorted(bounds)} if bounds else {})
    for values in product(*choices.values()):
        found = dict(zip(choices, values, strict=True))
        if all(selected.accepts(found) == is_wanted for selected, is_wanted in wanted.items()):
            return series_id(metric, found)
    return None


def series_read(expression: str) -> frozenset[str]:
    """The names of the series that a PromQL expression reads."""
    bare = re.sub(r"\{[^}]*\}", "", _NO_SERIES.sub("", _LABELS_OF_WORDS.sub("", expression)))
    return frozenset(name for name, call in _NAME.findall(bare) if not call and name not in _WORDS)


def _choices(label: str, values: tuple[str, ...] | str, wanted: Mapping[Selector, bool]) -> list[str]:
    """The label's values; where input chooses them, those that the selectors speak of and another."""
    if not isinstance(values, str):
        return list(values)
    spoken = (one.value for selected in wanted for one in selected.matchers if one.label == label)
    return [_ANY, *(value for text in spoken for value in text.split("|"))]


def _labels_of_alias(alias: Alias, metrics: MetricsCatalogue) -> Labels:
    if isinstance(alias.of, dict):
        return {alias.as_label: tuple(alias.of)}
    labels = dict(metrics.canonical[parse_selector(alias.of).metric].labels)
    if alias.relabel:
        del labels[alias.relabel.source]
        labels[alias.relabel.to] = tuple(sorted(set(alias.relabel.map.values())))
    return {name: values for name, values in labels.items() if name not in alias.sum}
