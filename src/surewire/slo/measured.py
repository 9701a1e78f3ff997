"""What an objective measured: its tally in any span of time, of all together or of each endpoint or target apart."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from surewire.contract.selector import Matcher, Selector
from surewire.contract.slos import ProbeSlo
from surewire.slo.counted import Counted
from surewire.slo.objective import Objective
from surewire.slo.spans import overlapping, union
from surewire.slo.status import Tally
from surewire.slo.timeline import Timeline
from surewire.slo.uptime import Uptime
from surewire.slo.window import Gap, Interval

__all__ = ["Measured", "adjusted", "gaps_of", "measured", "taken_out"]

_TARGET = "target"


class Measured(Struct, frozen=True):
    """One part of an objective; `name` is empty when it has no others. `tally(start_s, end_s)` counts everything in the span."""

    name: str
    tally: Callable[[int, int], Tally]
    note: str = ""


def measured(objective: Objective, timeline: Timeline, around: Interval, gaps: Sequence[Interval] = ()) -> tuple[Measured, ...]:
    """The objective's parts: one for each endpoint or target that it is judged per, else one of all. Spans are asked for within `around`.

    Empty for a capacity, a check and a response, which count nothing.
    """
    if objective.counted is None:
        return ()
    if isinstance(objective.slo, ProbeSlo):
        return tuple(_targets(objective.slo, objective.counted, timeline, around, gaps))
    if not objective.per:
        return (Measured("", _events(objective.counted, timeline)),)
    values = _values(objective.counted, objective.per, timeline)
    return tuple(Measured(value, _events(_only(objective.counted, objective.per, value), timeline)) for value in values)


def gaps_of(objective: Objective, downs: Sequence[Interval], window: Interval) -> tuple[Gap, ...]:
    """Those with a known cause that are down time of the objective and reach into the window; none where no probe is judged."""
    if not isinstance(objective.slo, ProbeSlo):
        return ()
    within = (one for one in _long_enough(objective.slo, downs) if one.start_s < window.end_s and window.start_s < one.end_s)
    return tuple(one for one in within if isinstance(one, Gap))


def taken_out(excluded: Sequence[Interval], timeline: Timeline, window: Interval) -> tuple[Interval, ...]:
    """What maintenance and corrections take out of the window: whole slots, each once."""
    slots = [timeline.outward(one) for one in excluded if one.length_s > 0]
    return union(overlapping(slots, window.start_s, window.end_s))


def adjusted(one: Measured, start_s: int, end_s: int, out: Sequence[Interval]) -> Tally:
    """The tally of the span without what was taken out, on both sides: good ones go as well as bad ones."""
    tally = one.tally(start_s, end_s)
    for gone in overlapping(out, start_s, end_s):
        without = one.tally(gone.start_s, gone.end_s)
        tally = Tally(max(0, tally.good - without.good), max(0, tally.bad - without.bad))
    return tally


def _events(counted: Counted, timeline: Timeline) -> Callable[[int, int], Tally]:
    """Counts both sides that are given; the third follows. What exceeds the total is bad as well: a bad event that was no event."""
    good, bad, total = counted.good, counted.bad, counted.total

    def tally(start_s: int, end_s: int) -> Tally:
        if good is None:
            bads = timeline.total(bad, start_s, end_s) if bad else 0
            return Tally(max(0, (timeline.total(total, start_s, end_s) if total else 0) - bads), bads)
        goods = timeline.total(good, start_s, end_s)
        if bad is None:
            return Tally(goods, max(0, (timeline.total(total, start_s, end_s) if total else 0) - goods))
        return Tally(goods, timeline.total(bad, start_s, end_s))

    return tally


def _targets(slo: ProbeSlo, counted: Counted, timeline: Timeline, around: Interval, gaps: Sequence[Interval]) -> Iterator[Measured]:
    # Two failures in a row end 2 intervals after the first began, three end 3 after; between the two lies what makes it three.
    down_after_s = slo.interval_s * (2 * slo.down_after_failures - 1) // 2
    long = [Interval(gap.start_s, gap.end_s) for gap in _long_enough(slo, gaps)]
    for value in _values(counted, _TARGET, timeline) or ("",):
        target = _only(counted, _TARGET, value)
        if target.good is not None and target.total is not None:
            uptime = Uptime(timeline, target.good, target.total, around, long, down_after_s)
            yield Measured(value, uptime.tally, "self-observed: no probe has run" if uptime.is_self_observed else "")


def _long_enough(slo: ProbeSlo, gaps: Sequence[Interval]) -> Iterator[Interval]:
    """As long as the failures in a row that make down time."""
    return (gap for gap in gaps if gap.length_s >= slo.interval_s * slo.down_after_failures)


def _values(counted: Counted, label: str, timeline: Timeline) -> tuple[str, ...]:
    selector = counted.total or counted.good
    return timeline.label_values(selector, label) if selector else ()


def _only(counted: Counted, label: str, value: str) -> Counted:
    matcher = Matcher(label, "=", value)

    def narrowed(selector: Selector | None) -> Selector | None:
        return Selector(selector.metric, (*selector.matchers, matcher)) if selector else None

    return Counted(narrowed(counted.good), narrowed(counted.bad), narrowed(counted.total))
