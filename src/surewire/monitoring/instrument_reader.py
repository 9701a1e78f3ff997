"""Reads the instruments of the series that service levels need, those too that are made later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from surewire.contract.series import format_bound, series_id
from surewire.monitoring.needed import GaugeUses, NeededSeries
from surewire.monitoring.reading import Column, Plan, Reading
from surewire.telemetry.aliases import View, views
from surewire.telemetry.registry import Counter, Gauge, Histogram, Registry

__all__ = ["GaugeNow", "InstrumentReader"]


class GaugeNow(NamedTuple):
    """A gauge's value, and what of it is kept."""

    series: str
    value: float
    uses: GaugeUses


class InstrumentReader:
    """Reads the instruments of a registry, under their own names and the aliases'. Belongs to the loop."""

    def __init__(self, registry: Registry, needed: NeededSeries) -> None:
        self._registry, self._needed = registry, needed
        self._shown: dict[str, _Shown] = {}
        self._families = 0
        self._plan = Plan()
        self._counters: dict[Counter, int] = {}
        self._histograms: dict[Histogram, int] = {}
        self._gauges: dict[str, _SummedGauge] = {}

    def read(self) -> Reading:
        """All counters and histograms now."""
        self._look_for_new_series()
        return Reading([counter.n for counter in self._counters], [histogram.counts.copy() for histogram in self._histograms], self._plan)

    def gauges(self) -> list[GaugeNow]:
        """All gauges now, but for those of which nothing is known."""
        self._look_for_new_series()
        known = ((series, gauge.uses, [one.current() for one in gauge.parts if one.is_known]) for series, gauge in self._gauges.items())
        return [GaugeNow(series, sum(values), uses) for series, uses, values in known if values]

    def _look_for_new_series(self) -> None:
        if sum(1 for _ in self._registry) != self._families:
            self._look_for_new_families()
        counters: list[Column] = []
        histograms: list[Column] = []
        for shown in self._shown.values():
            for labels, bounds, instrument in shown.new():
                match instrument:
                    case Counter():
                        counters += self._columns_of_counter(shown.view.name, labels, instrument)
                    case Histogram():
                        histograms += self._columns_of_histogram(shown.view.name, labels, bounds, instrument)
                    case _:
                        self._add_gauge(shown.view.name, labels, instrument)
        if counters or histograms:
            self._plan = Plan((*self._plan.counters, *counters), (*self._plan.histograms, *histograms))

    def _look_for_new_families(self) -> None:
        self._families = sum(1 for _ in self._registry)
        for view in views(self._registry):
            if view.name not in self._shown and self._needed.has(view):
                self._shown[view.name] = _Shown(view)

    def _columns_of_counter(self, name: str, labels: Mapping[str, str], counter: Counter) -> Iterator[Column]:
        if self._needed.count(name, labels):
            yield Column(self._counters.setdefault(counter, len(self._counters)), 0, series_id(name, labels))

    def _columns_of_histogram(
        self, name: str, labels: Mapping[str, str], bounds: tuple[float, ...], histogram: Histogram
    ) -> Iterator[Column]:
        buckets = [(f"{name}_bucket", {**labels, "le": format_bound(bound)}) for bound in (*bounds, float("inf"))]
        for bucket, (metric, all_labels) in enumerate([*buckets, (f"{name}_count", labels)]):
            if self._needed.count(metric, all_labels):
                place = self._histograms.setdefault(histogram, len(self._histograms))
                yield Column(place, min(bucket, len(bounds)), series_id(metric, all_labels))

    def _add_gauge(self, name: str, labels: Mapping[str, str], gauge: Gauge) -> None:
        uses = self._needed.gauge(name, labels)
        if any(uses):
            self._gauges.setdefault(series_id(name, labels), _SummedGauge(uses, [])).parts.append(gauge)


class _SummedGauge(NamedTuple):
    uses: GaugeUses
    parts: list[Gauge]


class _Shown:
    """A view, and how many series of its families were seen."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._seen = [0] * len(view.sources)

    def new(self) -> Iterator[tuple[dict[str, str], tuple[float, ...], Any]]:
        """Series that came since the last call: labels, bounds of a histogram, instrument."""
        for place, source in enumerate(self.view.sources):
            seen, there = self._seen[place], len(source.family)
            if there > seen:
                self._seen[place] = there
                for values, instrument in islice(source.family.series(), seen, None):
                    target = source.target(values)
                    if target is not None:
                        yield dict(zip(self.view.labels, target, strict=True)), source.bounds, instrument
