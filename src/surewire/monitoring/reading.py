"""What counters and histograms said at one moment, and what their series grew by between two.

Theory of operation. Instruments belong to the loop, so reading them happens there and does next to nothing: it copies integers. Which
series an instrument adds to, buckets and aliases included, is laid down in a plan, and what grew is worked out from two readings on any
thread. Instruments are never removed, so a plan only grows at its end, and an earlier reading fits the beginning of a later plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, zip_longest
from operator import sub
from typing import NamedTuple

__all__ = ["Column", "Plan", "Reading", "increments"]


class Column(NamedTuple):
    """A series, the place of the instrument that adds to it, and for a histogram the last bucket that the series has."""

    place: int
    bucket: int
    series: str


class Plan(NamedTuple):
    """Every series that is kept; those of one histogram are neighbours. Series with the same name add up."""

    counters: tuple[Column, ...] = ()
    histograms: tuple[Column, ...] = ()


class Reading(NamedTuple):
    """All counters and histograms at one moment, and the plan of what they are. The empty one is of the start of the process: all zero."""

    counters: Sequence[int] = ()
    histograms: Sequence[Sequence[int]] = ()
    plan: Plan = Plan()


def increments(before: Reading, after: Reading) -> dict[str, int]:
    """What each series grew by, where it did; buckets are cumulative."""
    grown: dict[str, int] = {}
    counters = [count - earlier for count, earlier in zip_longest(after.counters, before.counters, fillvalue=0)]
    for place, _, series in after.plan.counters:
        if counters[place]:
            grown[series] = grown.get(series, 0) + counters[place]
    histograms = [_cumulative(counts, earlier) for counts, earlier in zip_longest(after.histograms, before.histograms)]
    for place, bucket, series in after.plan.histograms:
        if histograms[place] and histograms[place][bucket]:
            grown[series] = grown.get(series, 0) + histograms[place][bucket]
    return grown


def _cumulative(counts: Sequence[int], earlier: Sequence[int] | None) -> Sequence[int]:
    """By how much each bucket and all below it grew; empty when none did."""
    if counts == earlier:
        return ()
    return list(accumulate(map(sub, counts, earlier) if earlier else counts))
