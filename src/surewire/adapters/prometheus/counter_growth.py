"""What counters grew by between moments, from their values at these moments.

Nothing is extrapolated, unlike Prometheus' own `increase`: the sum of all growth is the last value minus the first, plus what was counted
before each restart that a moment saw. What a counter reached between its last scrape and a restart is lost.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from surewire.adapters.prometheus.range_queries import Moments, SampledSeries
from surewire.contract.series import series_id

__all__ = ["Growth", "Targets", "growth"]

_NAME = "__name__"


class Growth(NamedTuple):
    """Growth of series by the start of the slot, and the slots in which a counter began: a finer look may find more there."""

    counts: dict[int, dict[str, int]]
    unclear: set[int]


class Targets:
    """The processes that are scraped, by the labels that they have in `up`. A series of theirs has these labels and its own."""

    def __init__(self, up: Iterable[SampledSeries]) -> None:
        self._up = list(up)
        self._names = frozenset(name for one in self._up for name in one.labels) - {_NAME}
        self._first_s: dict[tuple[str, ...], int] = {}
        for one in self._up:
            target, first_s = self._target(one.labels), min(one.values)
            self._first_s[target] = min(first_s, self._first_s.get(target, first_s))

    def and_also(self, up: Iterable[SampledSeries]) -> Targets:
        """What these say and those."""
        return Targets((*self._up, *up))

    @property
    def names(self) -> Collection[str]:
        """The labels' names."""
        return self._names

    def was_there_before(self, labels: Mapping[str, str], at_s: int) -> bool:
        """Whether it was scraped, with or without success, before that moment."""
        first_s = self._first_s.get(self._target(labels))
        return first_s is not None and first_s < at_s

    def series(self, labels: Mapping[str, str], *, shown_as: str = "", instance: bool = False) -> str:
        """The name of a series as the server itself has it; `instance`: with that label where there are several processes."""
        own = {name: value for name, value in labels.items() if name not in self._names and name != _NAME}
        if instance and len(self._first_s) > 1:
            own["instance"] = labels.get("instance", "")
        return series_id(shown_as or labels[_NAME], own)

    def _target(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        return tuple(labels.get(name, "") for name in sorted(self._names))


def growth(sampled: Iterable[SampledSeries], targets: Targets, moments: Moments) -> Growth:
    """The growth of all these counters in each slot between two moments, of all processes together."""
    found = Growth({}, set())
    for series in sampled:
        name = targets.series(series.labels)
        for start_s, grown in _grown(series, targets, moments, found.unclear):
            counts = found.counts.setdefault(start_s, {})
            counts[name] = counts.get(name, 0) + grown
    return found


def _grown(series: SampledSeries, targets: Targets, moments: Moments, unclear: set[int]) -> Iterator[tuple[int, int]]:
    """The start of each slot in which one counter of one process grew, and by how much."""
    last = series.values.get(moments.first_s)
    for at_s in moments.all()[1:]:
        value = series.values.get(at_s)
        if value is None:
            continue
        if last is None and not targets.was_there_before(series.labels, at_s):
            last = value  # nobody knows its past
            unclear.add(at_s - moments.step_s)
        elif last is None:
            last = 0.0  # the process was known and this is new: it began at zero
        elif value < last:
            last = 0.0  # the process began anew
            unclear.add(at_s - moments.step_s)
        if value > last:
            yield at_s - moments.step_s, round(value - last)
        last = value
