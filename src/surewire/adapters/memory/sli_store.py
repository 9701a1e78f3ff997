"""Counts by slot in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import Final

from surewire.contract.series import labels_of, metric_of, series_id
from surewire.ports.sli_store import LENGTHS_S, LifeRecord, Slot
from surewire.slo.window import DAY_S, SLOT_S, Interval

__all__ = ["MemorySliStore"]

_FINER: Final = dict(zip(LENGTHS_S[1:], LENGTHS_S, strict=False))
_KEPT_S: Final = {15: 15 * DAY_S, 300: 90 * DAY_S, 3_600: 365 * DAY_S, 86_400: 5 * 365 * DAY_S}

_Part = tuple[int, int, bool]
"""A slot's start, the number of the life that recorded it, and whether it is an estimate."""


class MemorySliStore:
    """An `SliStore` and `SliSource` that lives as long as the process. Slots are summed when they are read, or when finer ones go."""

    def __init__(self) -> None:
        self._lives: dict[str, LifeRecord] = {}
        self._raw: dict[_Part, Slot] = {}
        self._sums: dict[int, dict[int, Slot]] = {length_s: {} for length_s in _FINER}
        self._removed_up_to_s = dict.fromkeys(LENGTHS_S, 0)

    async def write(self, slots: Sequence[Slot], life: LifeRecord, *, is_estimate: bool = False) -> None:
        if any(slot.length_s != SLOT_S or slot.start_s % SLOT_S for slot in slots):
            raise ValueError("only slots of 15 s that start at a multiple of it are recorded")
        self._lives[life.id] = life
        number = list(self._lives).index(life.id)
        for slot in slots:
            if slot.start_s >= self._removed_up_to_s[SLOT_S]:
                self._raw[slot.start_s, number, is_estimate] = _of_instance(slot, life.instance)

    async def read(self, interval: Interval, length_s: int) -> Sequence[Slot]:
        if length_s not in LENGTHS_S:
            raise ValueError(f"slots are {LENGTHS_S} s long, not {length_s}")
        start_s, end_s = _up(interval.start_s, length_s), _up(interval.end_s, length_s)
        return list(self._read(Interval(start_s, end_s), length_s))

    slots = read

    async def tidy(self, now_s: int) -> int:
        return sum(self._remove(length_s, now_s) for length_s in LENGTHS_S)

    async def lives(self, interval: Interval) -> Sequence[LifeRecord]:
        return [life for life in self._lives.values() if life.ready_s < interval.end_s and life.last_s >= interval.start_s]

    def _read(self, interval: Interval, length_s: int) -> Iterator[Slot]:
        if length_s == SLOT_S:
            yield from _merged((self._raw[part] for part in sorted(self._raw) if _starts_in(part[0], interval)), length_s)
            return
        gone_s = self._removed_up_to_s[_FINER[length_s]]
        yield from (slot for start_s, slot in sorted(self._sums[length_s].items()) if _starts_in(start_s, interval) and start_s < gone_s)
        yield from _merged(self._read(Interval(max(interval.start_s, gone_s), interval.end_s), _FINER[length_s]), length_s)

    def _remove(self, length_s: int, now_s: int) -> int:
        """The sums of what goes are kept before it goes."""
        stored = self._sums[length_s] if length_s > SLOT_S else {part[0]: slot for part, slot in self._raw.items()}
        horizon_s = (now_s - _KEPT_S[length_s]) // DAY_S * DAY_S
        first_s = min((start_s for start_s in stored if start_s < horizon_s), default=None)
        if first_s is None:
            return 0
        end_s = first_s // DAY_S * DAY_S + DAY_S
        for coarser in (coarser for coarser, finer in _FINER.items() if finer == length_s):
            begin_s = self._removed_up_to_s[length_s]
            self._sums[coarser].update({slot.start_s: slot for slot in self._read(Interval(begin_s, end_s), coarser)})
        self._removed_up_to_s[length_s] = end_s
        return self._drop(length_s, end_s)

    def _drop(self, length_s: int, end_s: int) -> int:
        if length_s == SLOT_S:
            kept = {part: slot for part, slot in self._raw.items() if part[0] >= end_s}
            removed, self._raw = len(self._raw) - len(kept), kept
            return removed
        old = [start_s for start_s in self._sums[length_s] if start_s < end_s]
        for start_s in old:
            del self._sums[length_s][start_s]
        return len(old)


def _merged(slots: Iterable[Slot], length_s: int) -> Iterator[Slot]:
    """Neighbours of the same period as one."""
    for start_s, group in groupby(slots, lambda slot: slot.start_s // length_s * length_s):
        counts: dict[str, int] = {}
        gauges: dict[str, float] = {}
        peaks: dict[str, float] = {}
        seen_s = 0
        for slot in group:
            seen_s += slot.seen_s
            for series, count in slot.counts.items():
                counts[series] = counts.get(series, 0) + count
            for series, peak in slot.peaks.items():
                peaks[series] = max(peaks.get(series, peak), peak)
            gauges.update(slot.gauges)
        yield Slot(start_s=start_s, length_s=length_s, seen_s=min(seen_s, length_s), counts=counts, gauges=gauges, peaks=peaks)


def _of_instance(slot: Slot, instance: str) -> Slot:
    counts = {series: count for series, count in slot.counts.items() if count}
    return Slot(
        start_s=slot.start_s,
        length_s=slot.length_s,
        seen_s=slot.seen_s,
        counts=counts,
        gauges=_labelled(slot.gauges, instance),
        peaks=_labelled(slot.peaks, instance),
    )


def _labelled(values: Mapping[str, float], instance: str) -> dict[str, float]:
    """Gauges under names that say whose they are."""
    if not instance:
        return dict(values)
    return {series_id(metric_of(name), {**labels_of(name), "instance": instance}): value for name, value in values.items()}


def _starts_in(start_s: int, interval: Interval) -> bool:
    return interval.start_s <= start_s < interval.end_s


def _up(at_s: int, length_s: int) -> int:
    return -(-at_s // length_s) * length_s
