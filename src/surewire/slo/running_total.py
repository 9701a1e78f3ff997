"""The running total of one series over time, in which any span is the difference of two look-ups."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from itertools import pairwise
from typing import Final

__all__ = ["RunningTotal"]

_RECENT: Final = 512
"""Two hours of slots."""


class RunningTotal:
    """What a counter reached at the end of each slot in which it grew, oldest first. Slots in which it did not grow take no room.

    A slot belongs to the moment it starts: `until(t)` has all of the slots that start before `t`, so that spans which touch add up.
    """

    __slots__ = ("_before", "_starts", "_totals")

    def __init__(self) -> None:
        # Seconds since the epoch fit in 32 bits until 2106.
        self._starts, self._totals, self._before = array("I"), array("q"), 0

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def total(self) -> int:
        """All that was ever added."""
        return self._totals[-1] if self._totals else self._before

    def add(self, start_s: int, count: int) -> None:
        """Adds what a slot counted. Slots come in order."""
        self._starts.append(start_s)
        self._totals.append((self._totals[-1] if self._totals else self._before) + count)

    def until(self, at_s: int) -> int:
        """What was counted in all slots that start before then."""
        starts = self._starts
        if not starts:
            return self._before
        # Most spans end now or began a short while ago: there it is found without a look at all that was before.
        if starts[-1] < at_s:
            return self._totals[-1]
        recent = len(starts) - _RECENT
        place = bisect_left(starts, at_s, recent) if recent > 0 and starts[recent] < at_s else bisect_left(starts, at_s)
        return self._totals[place - 1] if place else self._before

    def between(self, start_s: int, end_s: int) -> int:
        """What was counted in the slots that start from `start_s` on and before `end_s`."""
        return self.until(end_s) - self.until(start_s)

    def steps(self, start_s: int, end_s: int) -> list[tuple[int, int]]:
        """Each slot of the span that counted anything: its start and what it counted."""
        first, last = bisect_left(self._starts, start_s), bisect_left(self._starts, end_s)
        totals = [self._totals[first - 1] if first else self._before, *self._totals[first:last]]
        counts = (after - before for before, after in pairwise(totals))
        return list(zip(self._starts[first:last], counts, strict=True))

    def next_s(self, start_s: int) -> int | None:
        """When the first slot from then on started that counted anything."""
        place = bisect_left(self._starts, start_s)
        return self._starts[place] if place < len(self._starts) else None

    def forget_from(self, start_s: int) -> None:
        """Takes back the slots that start then or later."""
        place = bisect_left(self._starts, start_s)
        del self._starts[place:], self._totals[place:]

    def forget_before(self, start_s: int) -> None:
        """Lets go of the slots that start before then; the differences of later ones stay."""
        place = bisect_left(self._starts, start_s)
        if place:
            self._before = self._totals[place - 1]
            del self._starts[:place], self._totals[:place]

    def merge(self, start_s: int, end_s: int, length_s: int) -> None:
        """Makes one slot of all that start in the same `length_s` seconds, within the span. Doing it again changes nothing."""
        first, last = bisect_left(self._starts, start_s), bisect_left(self._starts, end_s)
        if first == last:
            return
        merged = {start - start % length_s: total for start, total in zip(self._starts[first:last], self._totals[first:last], strict=True)}
        self._starts[first:last] = array("I", merged)
        self._totals[first:last] = array("q", merged.values())
