"""Counts by slot, kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from surewire.slo.window import Interval

__all__ = ["LifeRecord", "SliStore", "Slot"]


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in one span of time, in all processes together.

    `counts` has the increments above zero, by series (`surewire.contract.series`); seconds that a gauge was good or known are counts too,
    with `:good_seconds` and `:known_seconds` after the gauge's series. `gauges` has the last values, `peaks` the highest.
    """

    start_s: int
    length_s: int
    seen_s: int
    """Seconds of it in which a process recorded."""
    counts: dict[str, int]
    gauges: dict[str, float] = {}
    peaks: dict[str, float] = {}


class LifeRecord(msgspec.Struct, frozen=True):
    """The last sign of one life of the process: when it was ready, when it last recorded, how it ended."""

    ready_s: int
    last_s: int
    connections: int
    is_clean: bool
    """It ended because it was told to."""


class SliStore(Protocol):
    """Slots of 15 s, rolled up to 5 minutes, an hour and a day; the raw ones stay 15 d, then 5 minutes 90 d, then hours a year."""

    async def write(self, slot: Slot) -> None:
        """Stores the slot of this process, over what it stored for the same slot before. On disk when it returns."""
        ...

    async def read(self, interval: Interval, length_s: int) -> Sequence[Slot]:
        """The slots of that length (15, 300, 3,600 or 86,400 s) that start in the interval, oldest first; where nothing recorded, none."""
        ...

    async def tidy(self, now_s: int) -> int:
        """Rolls up what is complete and removes what is old: how many rows went. Repeating it changes nothing."""
        ...

    async def live(self, life: LifeRecord) -> None:
        """Keeps the sign of life of this process, over its last one."""
        ...

    async def lives(self, interval: Interval) -> Sequence[LifeRecord]:
        """Every life of a process that reaches into the interval, oldest first."""
        ...
