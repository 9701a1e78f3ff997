"""Slots while they are being filled: what one life of a process has recorded of them so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from surewire.domain.instant import MICROS_PER_SECOND
from surewire.monitoring.instrument_reader import GaugeNow
from surewire.monitoring.slot_time import Passed
from surewire.ports.sli_store import Slot
from surewire.slo.counted import GOOD_SECONDS, KNOWN_SECONDS
from surewire.slo.window import SLOT_S

__all__ = ["OpenSlots"]

_GOOD = 1.0


class OpenSlots:
    """The slots that a process is recording, mostly one. Time is kept in microseconds and rounded when a slot is taken out."""

    def __init__(self) -> None:
        self._slots: dict[int, _OpenSlot] = {}

    def see(self, passed: Passed, gauges: Sequence[GaugeNow]) -> None:
        """What passed was seen, with these gauges: their values stand for all of it."""
        for start_s, micros in passed.by_slot():
            self._slot(start_s).see(micros, gauges)
        self._slot(passed.last_slot_s).see(0, gauges)

    def count(self, start_s: int, grown: Mapping[str, int], fastest: Mapping[str, float]) -> None:
        """Adds increments to a slot, and what grew fastest in it."""
        slot = self._slot(start_s)
        for series, count in grown.items():
            slot.counts[series] = slot.counts.get(series, 0) + count
        slot.raise_peaks(fastest)

    def finished(self) -> list[Slot]:
        """All slots as they are now, oldest first."""
        return [self._slots[start_s].finished(start_s) for start_s in sorted(self._slots)]

    def close_before(self, start_s: int) -> None:
        """Forgets the slots that will not grow any more."""
        self._slots = {start: slot for start, slot in self._slots.items() if start >= start_s}

    def _slot(self, start_s: int) -> _OpenSlot:
        return self._slots.setdefault(start_s, _OpenSlot())


class _OpenSlot:
    __slots__ = ("_good", "_known", "_last", "_peaks", "_seen", "counts")

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self._seen = 0
        self._good: dict[str, int] = {}
        self._known: dict[str, int] = {}
        self._last: dict[str, float] = {}
        self._peaks: dict[str, float] = {}

    def see(self, micros: int, gauges: Iterable[GaugeNow]) -> None:
        self._seen += micros
        for series, value, uses in gauges:
            if uses.last:
                self._last[series] = value
            if uses.peak:
                self._peaks[series] = max(self._peaks.get(series, value), value)
            if uses.seconds:
                self._known[series] = self._known.get(series, 0) + micros
                self._good[series] = self._good.get(series, 0) + (micros if value >= _GOOD else 0)

    def raise_peaks(self, values: Mapping[str, float]) -> None:
        for series, value in values.items():
            self._peaks[series] = max(self._peaks.get(series, value), value)

    def finished(self, start_s: int) -> Slot:
        seconds = {series + GOOD_SECONDS: _seconds(micros) for series, micros in self._good.items()}
        seconds |= {series + KNOWN_SECONDS: _seconds(micros) for series, micros in self._known.items()}
        return Slot(
            start_s=start_s,
            length_s=SLOT_S,
            seen_s=_seconds(self._seen),
            counts={**self.counts, **seconds},
            gauges=dict(self._last),
            peaks=dict(self._peaks),
        )


def _seconds(micros: int) -> int:
    return min(SLOT_S, round(micros / MICROS_PER_SECOND))
