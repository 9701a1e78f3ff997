"""What is exposed, as views on what is counted: each family under its own name, and under the other names the contract gives it.

A view costs nothing until it is scraped. Its sources map each series of a family to the labels it is shown under; series that meet
there add up, as the contract says of `sum`, `relabel` and `as_label`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from operator import add
from typing import Any, Final, Literal

from surewire.contract.catalogue import Alias, Relabel
from surewire.contract.selector import parse_selector
from surewire.telemetry.registry import Family, Gauge, Histogram, Registry

__all__ = ["PROFILES", "ExposedType", "Source", "View", "profile_of", "views"]

LabelValues = tuple[str, ...]
Target = Callable[[LabelValues], LabelValues | None]
ExposedType = Literal["counter", "gauge", "histogram", "unknown"]

PROFILES: Final[Mapping[str, tuple[str, ...]]] = {
    "sla": ("ws_", "http_"),
    "phase0": ("handshake_", "delivery_", "error_", "message_"),
    "stream": ("websocket_",),
}
"""How the names of each profile's aliases begin: the WebSocket service's agreement, the first phase's objectives, the event stream."""


@dataclass(frozen=True, slots=True)
class Source:
    """A family, and the labels under which each of its series is shown; None hides it. `scale` multiplies sums and `bounds`."""

    family: Family[Any, Any]
    target: Target
    scale: float = 1.0

    @property
    def bounds(self) -> tuple[float, ...]:
        """The upper bounds of a histogram as they are shown."""
        # Twelve digits drop what binary multiplication adds: 0.07 * 1000 is shown as 70.
        return tuple(float(f"{bound * self.scale:.12g}") for bound in self.family.metric.buckets)

    def shown(self) -> Iterator[tuple[LabelValues, Any]]:
        """The labels to show and the instrument, for each series that is not hidden."""
        for values, instrument in self.family.series():
            target = self.target(values)
            if target is not None:
                yield target, instrument


@dataclass(frozen=True, slots=True)
class View:
    """One exposed family; `labels` are the names of its labels."""

    name: str
    type: ExposedType
    labels: tuple[str, ...]
    meaning: str
    sources: tuple[Source, ...]

    def numbers(self) -> dict[LabelValues, float]:
        """The value of each series of a counter or gauge, now."""
        found: dict[LabelValues, float] = {}
        for source in self.sources:
            for target, instrument in source.shown():
                if not isinstance(instrument, Gauge) or instrument.is_known:
                    found[target] = found.get(target, 0) + instrument.current()
        return found

    def histograms(self) -> dict[LabelValues, Histogram]:
        """A copy of each series of a histogram, now. Series from different sources may have different bounds."""
        found: dict[LabelValues, Histogram] = {}
        for source in self.sources:
            bounds = source.bounds
            for target, instrument in source.shown():
                total = found.setdefault(target, Histogram(bounds))
                total.counts = list(map(add, total.counts, instrument.counts))
                total.sum += instrument.sum * source.scale
        return found


def views(registry: Registry, profiles: Collection[str] = tuple(PROFILES)) -> list[View]:
    """Every family of the registry, then every alias of these profiles whose sources are all in it, in the contract's order."""
    families = {family.metric.name: family for family in registry}
    measured = [_measured(families[name]) for name in registry.catalogue.canonical if name in families]
    aliases = [alias for alias in registry.catalogue.aliases.values() if profile_of(alias.name) in profiles]
    return measured + [_alias(alias, families) for alias in aliases if _source_names(alias) <= families.keys()]


def profile_of(alias_name: str) -> str:
    """The profile that an alias belongs to."""
    return next(profile for profile, beginnings in PROFILES.items() if alias_name.startswith(beginnings))


def _measured(family: Family[Any, Any]) -> View:
    metric = family.metric
    return View(metric.name, metric.type, tuple(metric.labels), metric.note, (Source(family, lambda values: values),))


def _alias(alias: Alias, families: Mapping[str, Family[Any, Any]]) -> View:
    sources = tuple(_sources(alias, families))
    labels = (alias.as_label,) if alias.as_label else _shown_labels(alias, sources[0].family)
    return View(alias.name, _shown_type(alias, sources[0].family), labels, _meaning(alias), sources)


def _sources(alias: Alias, families: Mapping[str, Family[Any, Any]]) -> Iterator[Source]:
    if isinstance(alias.of, str):
        yield _translated(alias, families[alias.of])
    else:
        for value, selector in alias.of.items():
            yield _selected(value, selector, alias.scale, families)


def _shown_type(alias: Alias, family: Family[Any, Any]) -> ExposedType:
    # A counter must end in _total; under the exact name that the contract gives, it can only be of unknown type.
    kind = alias.type or family.metric.type
    return "unknown" if kind == "counter" and not alias.name.endswith("_total") else kind


def _shown_labels(alias: Alias, family: Family[Any, Any]) -> tuple[str, ...]:
    renamed = {alias.relabel.source: alias.relabel.to} if alias.relabel else {}
    return tuple(renamed.get(label, label) for label in family.metric.labels if label not in alias.sum)


def _translated(alias: Alias, family: Family[Any, Any]) -> Source:
    """The series of one family after `where`, then `relabel`, then `sum`."""
    names, relabel = tuple(family.metric.labels), alias.relabel

    def target(values: LabelValues) -> LabelValues | None:
        labels = dict(zip(names, values, strict=True))
        if any(labels[label] not in allowed for label, allowed in alias.where.items()):
            return None
        if relabel and labels[relabel.source] not in relabel.map:
            return None
        if relabel:
            labels[relabel.source] = relabel.map[labels[relabel.source]]
        return tuple(value for label, value in labels.items() if label not in alias.sum)

    return Source(family, cache(target), alias.scale)


def _selected(value: str, text: str, scale: float, families: Mapping[str, Family[Any, Any]]) -> Source:
    """The series that a selector selects, shown under one value of the one label."""
    selector = parse_selector(text)
    family = families[selector.metric]
    names = tuple(family.metric.labels)

    def target(values: LabelValues) -> LabelValues | None:
        return (value,) if selector.accepts(dict(zip(names, values, strict=True))) else None

    return Source(family, cache(target), scale)


def _source_names(alias: Alias) -> set[str]:
    selectors = [alias.of] if isinstance(alias.of, str) else alias.of.values()
    return {parse_selector(selector).metric for selector in selectors}


def _meaning(alias: Alias) -> str:
    """An alias in words."""
    if isinstance(alias.of, dict):
        return f"By {alias.as_label}: " + "; ".join(f"{value} is {selector}" for value, selector in alias.of.items())
    steps = [f"only {label} {' or '.join(values)}" for label, values in alias.where.items()]
    if alias.relabel:
        steps.append(f"its {alias.relabel.source} as {alias.relabel.to}: {_translations(alias.relabel)}")
    if alias.sum:
        steps.append(f"added up over {' and '.join(alias.sum)}")
    return f"From {alias.of}, {', '.join(steps)}" if steps else f"Another name of {alias.of}"


def _translations(relabel: Relabel) -> str:
    sources: dict[str, list[str]] = {}
    for source, target in relabel.map.items():
        sources.setdefault(target, []).append(source)
    return ", ".join(f"{target} for {' and '.join(names)}" for target, names in sources.items())
