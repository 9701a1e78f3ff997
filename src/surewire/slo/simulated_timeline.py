"""The timeline of traffic that never was: every sum is worked out when it is asked for, so that days of slots cost nothing.

It answers as a timeline of 15 s slots would into which the same traffic had been recorded; a test holds it to that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from surewire.contract.selector import Selector
from surewire.contract.series import labels_of
from surewire.slo.simulated_load import Load, Sides
from surewire.slo.spans import covered_s, overlapping
from surewire.slo.timeline import Timeline, family_of
from surewire.slo.window import SLOT_S, Interval

__all__ = ["SimulatedTimeline"]

_REMEMBERED: Final = 50_000


class SimulatedTimeline(Timeline):
    """The counts of one objective under a load. Nothing is asked of times after the one that is looked at."""

    def __init__(self, load: Load, sides: Sides) -> None:
        super().__init__()
        self._load, self._sides = load, sides
        self._series = tuple(sides(load.between(load.first_s, load.first_s)))
        self._accepted: dict[Selector, tuple[str, ...]] = {}
        self._counted: dict[tuple[int, int], dict[str, int]] = {}

    @property
    def first_s(self) -> int | None:
        return self._load.first_s

    def total(self, selected: Selector | str, start_s: int, end_s: int) -> int:
        names = (selected,) if isinstance(selected, str) else self._names(selected)
        if not names:
            return 0
        counts = self._counted.get((start_s, end_s)) or self._work_out(start_s, end_s)
        return counts.get(names[0], 0) if len(names) == 1 else sum(counts.get(name, 0) for name in names)

    def steps(self, selector: Selector, start_s: int, end_s: int) -> dict[int, int]:
        first_s = -(-start_s // SLOT_S) * SLOT_S
        totals = {at_s: self.total(selector, at_s, at_s + SLOT_S) for at_s in range(first_s, end_s, SLOT_S)}
        return {at_s: total for at_s, total in totals.items() if total}

    def shortfalls(self, whole: Selector, part: Selector, start_s: int, end_s: int) -> Iterator[tuple[Interval, int]]:
        """Of seconds known and good: these fall short while the server is down, and at no other time."""
        for span in overlapping(self._load.downs, start_s, end_s):
            yield span, self.total(whole, span.start_s, span.end_s) - self.total(part, span.start_s, span.end_s)

    def next_s(self, selector: Selector, start_s: int, end_s: int) -> int | None:
        return start_s if self.total(selector, start_s, end_s) else None

    def seen_s(self, start_s: int, end_s: int) -> int:
        began_s = max(start_s, self._load.first_s)
        return max(0, end_s - began_s) - covered_s(self._load.stops, began_s, end_s)

    def slot_s(self, at_s: int) -> int:
        return SLOT_S

    def outward(self, interval: Interval) -> Interval:
        return Interval(interval.start_s // SLOT_S * SLOT_S, -(-interval.end_s // SLOT_S) * SLOT_S)

    def label_values(self, selector: Selector, label: str) -> tuple[str, ...]:
        return tuple(sorted({labels_of(name).get(label, "") for name in self._names(selector)}))

    def _work_out(self, start_s: int, end_s: int) -> dict[str, int]:
        """Good and bad ones of a span are asked for one after the other, and by the evaluation as by the alerts."""
        if len(self._counted) >= _REMEMBERED:
            self._counted.clear()
        counts = self._counted[start_s, end_s] = self._sides(self._load.between(start_s, end_s))
        return counts

    def _names(self, selector: Selector) -> tuple[str, ...]:
        names = self._accepted.get(selector)
        if names is None:
            mine = (name for name in self._series if family_of(name) == selector.metric)
            names = self._accepted[selector] = tuple(name for name in mine if selector.accepts(labels_of(name)))
        return names
