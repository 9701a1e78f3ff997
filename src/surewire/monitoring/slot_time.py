"""Where on the wall clock time passed that a monotonic clock measured, so that a wall clock that jumps makes no time and takes none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.clock import Clock
from surewire.slo.window import SLOT_S

__all__ = ["Passed", "SlotTime"]

_SLOT_MICROS: Final = SLOT_S * MICROS_PER_SECOND
_JUMP_MICROS: Final = 2 * MICROS_PER_SECOND


class Passed(NamedTuple):
    """A span of wall time, in microseconds since the epoch."""

    since_micros: int
    now_micros: int
    went_back: bool
    """The wall clock was set back: slots of this time may have been recorded before."""

    @property
    def seconds(self) -> float:
        """How long it was."""
        return (self.now_micros - self.since_micros) / MICROS_PER_SECOND

    @property
    def middle_slot_s(self) -> int:
        """The start of the slot that has the middle of the span, and with it the larger part of one that touches two."""
        return (self.since_micros + self.now_micros) // 2 // _SLOT_MICROS * SLOT_S

    @property
    def last_slot_s(self) -> int:
        """The start of the slot that is open now."""
        return self.now_micros // _SLOT_MICROS * SLOT_S

    def by_slot(self) -> Iterator[tuple[int, int]]:
        """The start of each slot that the span touches, and how many microseconds of it the span has."""
        since = self.since_micros
        while since < self.now_micros:
            slot = since // _SLOT_MICROS
            until = min((slot + 1) * _SLOT_MICROS, self.now_micros)
            yield slot * SLOT_S, until - since
            since = until


class SlotTime:
    """Time since the last look, again and again. Spans follow each other on the wall clock unless that jumped."""

    __slots__ = ("_clock", "_monotonic_s", "_wall_micros")

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._monotonic_s, self._wall_micros = clock.monotonic(), clock.now_micros()

    @property
    def last_micros(self) -> int:
        """The wall clock at the last look."""
        return self._wall_micros

    def look(self) -> Passed:
        """What passed since the last look.

        While the two clocks agree within 2 s it is the span between the two readings of the wall clock. When they do not, the span ends
        now and is as long as the monotonic clock says: what a jump ahead or a sleeping machine left out was not seen by anybody.
        """
        monotonic_s, now = self._clock.monotonic(), self._clock.now_micros()
        elapsed = round((monotonic_s - self._monotonic_s) * MICROS_PER_SECOND)
        drift = now - self._wall_micros - elapsed
        went_back = drift < -_JUMP_MICROS
        if abs(drift) <= _JUMP_MICROS:
            now = max(now, self._wall_micros)
            passed = Passed(self._wall_micros, now, went_back=False)
        else:
            passed = Passed(now - elapsed, now, went_back)
        self._monotonic_s, self._wall_micros = monotonic_s, now
        return passed
