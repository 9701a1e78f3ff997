"""Spans of time as sets: put together, cut, measured."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from surewire.slo.window import Interval

__all__ = ["covered_s", "overlapping", "union"]


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same seconds in order, each once; empty intervals are left out."""
    joined: list[Interval] = []
    for one in sorted(intervals):
        if one.end_s <= one.start_s:
            continue
        if joined and one.start_s <= joined[-1].end_s:
            joined[-1] = Interval(joined[-1].start_s, max(joined[-1].end_s, one.end_s))
        else:
            joined.append(one)
    return tuple(joined)


def overlapping(intervals: Sequence[Interval], start_s: int, end_s: int) -> list[Interval]:
    """What of the intervals lies in the span."""
    return [Interval(max(one.start_s, start_s), min(one.end_s, end_s)) for one in intervals if one.start_s < end_s and start_s < one.end_s]


def covered_s(intervals: Sequence[Interval], start_s: int, end_s: int) -> int:
    """How many seconds of the span lie in the intervals, which do not overlap."""
    return sum(one.length_s for one in overlapping(intervals, start_s, end_s))
