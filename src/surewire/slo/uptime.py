"""Up and down seconds of one probed target, as its probes saw it and as the process' own gaps say.

Theory of operation. A probe's gauge is recorded as seconds good and seconds known. Slots with seconds that are known and not good follow
one another in runs; a run is down time when it is as long as three failures in a row, from the first of them on; a shorter one was a
blip and is up time. What a probe did not know is in neither side. Gaps in the process' own life, when they are as long, are down time too.
Before the first probe the process' own record stands in: up, but for those gaps.

Slots that were merged to 5 minutes no longer say where in them the bad seconds were: neighbouring slots with any are one run, which can
only count more down time, never less. Source of the rule of three: the service's agreement on availability.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from surewire.contract.selector import Selector
from surewire.slo.spans import covered_s, overlapping, union
from surewire.slo.status import Tally
from surewire.slo.timeline import COARSE_S, Timeline
from surewire.slo.window import Interval

__all__ = ["Uptime"]


class Uptime:
    """One target's tally in any span of `around`. `down_after_s` is how long failures must follow one another to be down time.

    `good` and `known` select the seconds in which its gauge was 1 and was there. `gaps` are the times in which the process did not run
    for long enough to be down time.
    """

    def __init__(
        self, timeline: Timeline, good: Selector, known: Selector, around: Interval, gaps: Sequence[Interval], down_after_s: int
    ) -> None:
        self._timeline, self._good, self._known = timeline, good, known
        self._around, self._down_after_s = around, down_after_s
        self._gaps = union(gaps)

    @property
    def is_self_observed(self) -> bool:
        """No probe has run in the whole time."""
        return self._probed_from_s is None

    def tally(self, start_s: int, end_s: int) -> Tally:
        """Seconds up and down of the span."""
        known_s = self._known_s(start_s, end_s)
        down_s = min(known_s, covered_s(self._downs, start_s, end_s))
        return Tally(known_s - down_s, down_s)

    @cached_property
    def _probed_from_s(self) -> int | None:
        return self._timeline.next_s(self._known, self._around.start_s, self._around.end_s)

    @cached_property
    def _downs(self) -> tuple[Interval, ...]:
        return union((*self._runs(), *self._gaps))

    def _known_s(self, start_s: int, end_s: int) -> int:
        """Seconds observed by the process itself up to the first probe, seconds that probes knew from then on, and the gaps."""
        probed_from_s = self._around.end_s if self._probed_from_s is None else self._probed_from_s
        first_s = self._timeline.first_s
        began_s = min([one.start_s for one in self._gaps[:1]] + ([] if first_s is None else [first_s]), default=end_s)
        alone_s = max(0, min(end_s, probed_from_s) - max(start_s, began_s))
        probed = overlapping(self._gaps, max(start_s, probed_from_s), end_s)
        unknown_s = sum(max(0, gap.length_s - self._probed_s(gap.start_s, gap.end_s)) for gap in probed)
        return min(end_s - start_s, alone_s + self._probed_s(max(start_s, probed_from_s), end_s) + unknown_s)

    def _probed_s(self, start_s: int, end_s: int) -> int:
        return self._timeline.total(self._known, start_s, end_s) if start_s < end_s else 0

    def _runs(self) -> Iterator[Interval]:
        """Runs of failures that are long enough, from the first failure to the next success."""
        # A run may have begun before the window; its beginning decides whether it is long enough.
        start_s = self._around.start_s - 2 * self._down_after_s
        run: list[Interval] = []
        bad_s = previous_end_s = 0
        for slot, slot_bad_s in self._timeline.shortfalls(self._known, self._good, start_s - start_s % COARSE_S, self._around.end_s):
            if slot.start_s > previous_end_s:
                yield from run if bad_s >= self._down_after_s else ()
                run, bad_s = [], 0
            run.append(Interval(slot.start_s, slot.start_s + slot_bad_s))
            bad_s, previous_end_s = bad_s + slot_bad_s, slot.end_s
        yield from run if bad_s >= self._down_after_s else ()
