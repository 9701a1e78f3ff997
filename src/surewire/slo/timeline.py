"""The recent past in memory: what every series counted, so that any window's sum costs two look-ups per series.

Theory of operation. Slots of 15 s come in order and are kept as running totals. Whatever is older than `fine_s` is merged into slots of
5 minutes, what is older than `coarse_s` into hours, and what is older than `kept_s` is let go: memory is bounded by the number of series,
however long the server runs. A slot belongs to the moment it starts, as in the store: a span has the slots that start in it. The newest
slot may still grow: the same slot, added again, takes its own place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol

from surewire.contract.selector import Selector
from surewire.contract.series import labels_of
from surewire.slo.running_total import RunningTotal
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S, Interval

__all__ = ["COARSE_S", "KEPT_S", "Timeline", "TimelineSlot", "family_of"]

COARSE_S: Final = 300
_FINE_S: Final = 25 * HOUR_S
_COARSE_S: Final = 32 * DAY_S
KEPT_S: Final = 92 * DAY_S
"""Nothing older is judged."""
_LOOK_CLOSER_S: Final = 6 * HOUR_S
"""Spans as short as this are read slot by slot; longer ones are halved first."""
_MOST_ANSWERS: Final = 20_000
_NONE: Final[Mapping[str, float]] = {}


class TimelineSlot(Protocol):
    """What happened in one span of time; `surewire.ports.sli_store.Slot` is one."""

    @property
    def start_s(self) -> int: ...
    @property
    def length_s(self) -> int: ...
    @property
    def seen_s(self) -> int: ...
    @property
    def counts(self) -> Mapping[str, int]: ...
    @property
    def gauges(self) -> Mapping[str, float]: ...
    @property
    def peaks(self) -> Mapping[str, float]: ...


class Timeline:
    """The counts of the last 92 days: by 15 s for 25 hours, by 5 minutes for 32 days, by the hour before.

    One thread at a time uses it. A slot counts where it starts, as a whole.
    """

    def __init__(self, *, fine_s: int = _FINE_S, coarse_s: int = _COARSE_S, kept_s: int = KEPT_S) -> None:
        self._fine_s, self._coarse_s, self._kept_s = fine_s, coarse_s, kept_s
        self._totals: dict[str, RunningTotal] = {}
        self._families: dict[str, list[str]] = {}
        self._selected: dict[Selector, tuple[RunningTotal, ...]] = {}
        self._values: dict[tuple[Selector, str], tuple[str, ...]] = {}
        self._answers: dict[tuple[Selector, int, int], int] = {}
        self._seen, self._peaks = RunningTotal(), dict[str, dict[int, float]]()
        self._gauges: Mapping[str, float] = _NONE
        self._first_s: int | None = None
        self._newest_s: int = -1
        self._end_s: int = -1
        self._merged_until_s: int = 0
        self._hourly_until_s: int = 0
        self._grown_s: int = 0
        self._open: list[RunningTotal] = []

    # ---- what comes in

    def load(self, slots: Iterable[TimelineSlot]) -> None:
        """Adds slots, oldest first: those of 5 minutes up to a moment, then those of 15 s from that moment on."""
        for slot in slots:
            self._add(slot)
        if self._first_s is not None:
            self._grow_old()

    def add(self, slot: TimelineSlot) -> None:
        """Adds the slot that follows, or puts the newest one in its own place. Raises: ValueError for one that starts before that."""
        self._add(slot)
        if slot.start_s >= self._grown_s + COARSE_S:
            self._grow_old()

    def forget_from(self, start_s: int) -> None:
        """Takes back all slots that start then or later, so that they can be added again as they are now known.

        Gauges and peaks stay until then. Nothing that was merged can be taken back in part: `start_s` within the last 25 hours.
        """
        self._answers.clear()
        for total in (*self._totals.values(), self._seen):
            total.forget_from(start_s)
        if start_s <= self._newest_s:
            self._newest_s, self._open = start_s - 1, []

    # ---- what is asked

    @property
    def first_s(self) -> int | None:
        """When the oldest slot that was ever added started; None while there is none."""
        return self._first_s

    @property
    def end_s(self) -> int | None:
        """When the newest slot ends; None while there is none."""
        return None if self._first_s is None else self._end_s

    def series(self, metric: str) -> Sequence[str]:
        """The names of the metric's series that counted anything. A gauge's seconds are metrics with that suffix in their name."""
        return self._families.get(metric, ())

    def total(self, selected: Selector | str, start_s: int, end_s: int) -> int:
        """What the series of that name, or all that the selector names, counted in the slots that start in the span."""
        if isinstance(selected, str):
            one = self._totals.get(selected)
            return one.between(start_s, end_s) if one else 0
        # Objectives and alerts ask for the same spans of the same series: between two changes each is added up once.
        asked = (selected, start_s, end_s)
        answer = self._answers.get(asked)
        if answer is None:
            answer = 0
            for total in self._totals_of(selected):
                answer += total.until(end_s) - total.until(start_s)
            if len(self._answers) >= _MOST_ANSWERS:
                self._answers.clear()
            self._answers[asked] = answer
        return answer

    def steps(self, selector: Selector, start_s: int, end_s: int) -> dict[int, int]:
        """What the selected series counted in each slot of the span in which they counted anything, by the slot's start."""
        steps = Counter[int]()
        for total in self._totals_of(selector):
            steps.update(dict(total.steps(start_s, end_s)))
        return steps

    def shortfalls(self, whole: Selector, part: Selector, start_s: int, end_s: int) -> Iterator[tuple[Interval, int]]:
        """The slots in which `part` counted less than `whole`, in order, and how much less. It halves the span and looks where any is."""
        if self.total(whole, start_s, end_s) <= self.total(part, start_s, end_s):
            return
        if end_s - start_s <= _LOOK_CLOSER_S:
            parts = self.steps(part, start_s, end_s)
            for at_s, count in sorted(self.steps(whole, start_s, end_s).items()):
                if count > parts.get(at_s, 0):
                    yield Interval(at_s, at_s + self.slot_s(at_s)), count - parts.get(at_s, 0)
            return
        middle_s = start_s + (end_s - start_s) // 2 // COARSE_S * COARSE_S
        yield from self.shortfalls(whole, part, start_s, middle_s)
        yield from self.shortfalls(whole, part, middle_s, end_s)

    def next_s(self, selector: Selector, start_s: int, end_s: int) -> int | None:
        """When the first slot of the span started in which any of the selected series counted anything."""
        found = (total.next_s(start_s) for total in self._totals_of(selector))
        return min((at_s for at_s in found if at_s is not None and at_s < end_s), default=None)

    def seen_s(self, start_s: int, end_s: int) -> int:
        """In how many seconds of the span something recorded."""
        return self._seen.between(start_s, end_s)

    def slot_s(self, at_s: int) -> int:
        """How long the slots of that time are."""
        return SLOT_S if at_s >= self._merged_until_s else COARSE_S if at_s >= self._hourly_until_s else HOUR_S

    def outward(self, interval: Interval) -> Interval:
        """The interval rounded outward to whole slots as they are kept for its times."""
        first_s, last_s = self.slot_s(interval.start_s), self.slot_s(interval.end_s)
        return Interval(interval.start_s // first_s * first_s, -(-interval.end_s // last_s) * last_s)

    def label_values(self, selector: Selector, label: str) -> tuple[str, ...]:
        """The values that the label has in the selected series, in alphabetical order."""
        found = self._values.get((selector, label))
        if found is None:
            named = (labels_of(series) for series in self.series(selector.metric))
            found = tuple(sorted({labels.get(label, "") for labels in named if selector.accepts(labels)}))
            self._values[selector, label] = found
        return found

    def gauge(self, series: str) -> float | None:
        """The gauge in the newest slot; None when it was not there."""
        return self._gauges.get(series)

    def gauges(self, selector: Selector) -> dict[str, float]:
        """The gauges in the newest slot that the selector names, by series."""
        return {
            series: value
            for series, value in self._gauges.items()
            if family_of(series) == selector.metric and selector.accepts(labels_of(series))
        }

    def peak(self, series: str, interval: Interval) -> float | None:
        """The highest value in the hours that the interval touches; None when there was none."""
        first = interval.start_s - interval.start_s % HOUR_S
        return max((peak for hour_s, peak in self._peaks.get(series, {}).items() if first <= hour_s < interval.end_s), default=None)

    def peaks(self, selector: Selector, interval: Interval) -> dict[str, float]:
        """The highest values by series, of those that the selector names."""
        named = (series for series in self._peaks if family_of(series) == selector.metric and selector.accepts(labels_of(series)))
        return {series: peak for series in named if (peak := self.peak(series, interval)) is not None}

    # ---- within

    def _add(self, slot: TimelineSlot) -> None:
        start_s = slot.start_s
        self._answers.clear()
        if start_s < self._newest_s:
            raise ValueError(f"a slot of {start_s} cannot follow one of {self._newest_s}; forget_from() takes slots back")
        if start_s == self._newest_s:
            for total in (*self._open, self._seen):
                total.forget_from(start_s)
        elif self._first_s is None:
            self._first_s = start_s
        self._newest_s, self._end_s, self._gauges = start_s, start_s + slot.length_s, slot.gauges
        self._seen.add(start_s, slot.seen_s)
        self._open = [self._count(series, start_s, count) for series, count in slot.counts.items()]
        self._raise_peaks(start_s, slot.peaks)
        if slot.length_s > SLOT_S:
            self._merged_until_s = self._end_s

    def _count(self, series: str, start_s: int, count: int) -> RunningTotal:
        total = self._totals.get(series)
        if total is None:
            total = self._totals[series] = RunningTotal()
            self._families.setdefault(family_of(series), []).append(series)
            self._selected.clear()
            self._values.clear()
        total.add(start_s, count)
        return total

    def _totals_of(self, selector: Selector) -> tuple[RunningTotal, ...]:
        found = self._selected.get(selector)
        if found is None:
            names = (series for series in self.series(selector.metric) if selector.accepts(labels_of(series)))
            found = self._selected[selector] = tuple(self._totals[series] for series in names)
        return found

    def _raise_peaks(self, start_s: int, peaks: Mapping[str, float]) -> None:
        hour_s = start_s - start_s % HOUR_S
        for series, peak in peaks.items():
            hours = self._peaks.setdefault(series, {})
            hours[hour_s] = max(peak, hours.get(hour_s, peak))

    def _grow_old(self) -> None:
        """Merges what has become older than the fine slots are kept for, and lets go of what is older than all."""
        until_s = max((self._newest_s - self._fine_s) // COARSE_S * COARSE_S, self._merged_until_s)
        hourly_until_s = (self._newest_s - self._coarse_s) // HOUR_S * HOUR_S
        oldest_s = self._newest_s - self._kept_s
        self._answers.clear()
        for total in (*self._totals.values(), self._seen):
            total.merge(self._merged_until_s, until_s, COARSE_S)
            total.merge(self._hourly_until_s, hourly_until_s, HOUR_S)
            total.forget_before(oldest_s)
        for hours in self._peaks.values():
            for hour_s in [hour_s for hour_s in hours if hour_s < oldest_s - HOUR_S]:
                del hours[hour_s]
        self._merged_until_s, self._grown_s = until_s, self._newest_s
        self._hourly_until_s = max(self._hourly_until_s, hourly_until_s)


def family_of(series: str) -> str:
    """The metric of a series' name, with what follows its labels: `probe_up:good_seconds` of `probe_up{probe="tcp"}:good_seconds`."""
    name, _, labels = series.partition("{")
    return name + labels.rpartition("}")[2]
