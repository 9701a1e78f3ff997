"""Which series are worth keeping, out of all that are counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple, Protocol

from surewire.contract.selector import Selector
from surewire.slo.capacity import PER_SECOND
from surewire.slo.counted import GOOD_SECONDS, KNOWN_SECONDS
from surewire.telemetry.aliases import View

__all__ = ["GaugeUses", "Needed", "NeededSeries"]


class Needed(Protocol):
    """Selectors of the names that series are kept under; `surewire.slo.needs.Needs` is one.

    Of a histogram `NAME_bucket{…,le="0.5"}` and `NAME_count`; of a gauge that is judged by time `NAME:good_seconds` and
    `NAME:known_seconds`; of a counter's fastest growth `NAME:per_second`.
    """

    @property
    def counts(self) -> Collection[Selector]: ...
    @property
    def gauges(self) -> Collection[Selector]: ...
    @property
    def peaks(self) -> Collection[Selector]: ...


class GaugeUses(NamedTuple):
    """What of a gauge is kept: its last value, its highest, the seconds in which it was 1 and was there."""

    last: bool
    peak: bool
    seconds: bool


class NeededSeries:
    """The same by metric, for asking about one series after the other."""

    def __init__(self, needed: Needed) -> None:
        self._counts, self._lasts, self._peaks = map(_by_metric, (needed.counts, needed.gauges, needed.peaks))
        self._metrics = self._counts.keys() | self._lasts.keys() | self._peaks.keys()

    @property
    def fastest(self) -> Collection[str]:
        """The counters whose growth a second is kept."""
        return [metric.removesuffix(PER_SECOND) for metric in self._peaks if metric.endswith(PER_SECOND)]

    def has(self, view: View) -> bool:
        """Whether anything of a family is kept."""
        return not self._metrics.isdisjoint(_kept_names(view))

    def count(self, metric: str, labels: Mapping[str, str]) -> bool:
        """Whether a counter, or a bucket or the count of a histogram, is kept."""
        return _selects(self._counts, metric, labels) or metric + PER_SECOND in self._peaks

    def gauge(self, metric: str, labels: Mapping[str, str]) -> GaugeUses:
        """What of a gauge is kept."""
        seconds = _selects(self._counts, metric + GOOD_SECONDS, labels) or _selects(self._counts, metric + KNOWN_SECONDS, labels)
        return GaugeUses(_selects(self._lasts, metric, labels), _selects(self._peaks, metric, labels), seconds)


def _kept_names(view: View) -> tuple[str, ...]:
    match view.type:
        case "histogram":
            return f"{view.name}_bucket", f"{view.name}_count"
        case "gauge":
            return view.name, view.name + GOOD_SECONDS, view.name + KNOWN_SECONDS
        case _:
            return view.name, view.name + PER_SECOND


def _selects(selectors: Mapping[str, list[Selector]], metric: str, labels: Mapping[str, str]) -> bool:
    return any(selector.accepts(labels) for selector in selectors.get(metric, ()))


def _by_metric(selectors: Collection[Selector]) -> Mapping[str, list[Selector]]:
    found: dict[str, list[Selector]] = {}
    for selector in selectors:
        found.setdefault(selector.metric, []).append(selector)
    return found
