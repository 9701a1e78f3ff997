"""Counts by slot, kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from surewire.slo.window import Interval

__all__ = ["LENGTHS_S", "LifeRecord", "SliStore", "Slot"]

LENGTHS_S: Final[tuple[int, ...]] = (15, 300, 3_600, 86_400)
"""The lengths of slots; each is rolled up from the one before."""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """What happened in one span of time, in all processes together.

    `counts` has the increments above zero, by series (`surewire.contract.series`); seconds that a gauge was good or known are counts too,
    with `:good_seconds` and `:known_seconds` after the gauge's series. `gauges` has the last values, `peaks` the highest; where several
    processes share the store, each has series of its own there, with the label `instance`.
    """

    start_s: int
    length_s: int
    seen_s: int
    """Seconds of it in which a process recorded."""
    counts: dict[str, int]
    gauges: dict[str, float] = {}
    peaks: dict[str, float] = {}


class LifeRecord(msgspec.Struct, frozen=True):
    """The last sign of one life of a process: when it was ready, when it last recorded, how it ended."""

    ready_s: int
    last_s: int
    connections: int
    is_clean: bool
    """It ended because it was told to."""
    id: str = ""
    """Names this life and no other."""
    instance: str = ""
    """Names the process over all its lives, where several share the store."""


class SliStore(Protocol):
    """Slots of 15 s, rolled up to 5 minutes, an hour and a day; the raw ones stay 15 d, then 5 minutes 90 d, then hours a year, then days.

    Several processes, and several lives of one, may record the same slot: each has its own part of it, and a reader gets the sum.
    """

    async def write(self, slots: Sequence[Slot], life: LifeRecord, *, is_estimate: bool = False) -> None:
        """Stores these slots of 15 s of one life, each over what that life stored for it before, and the sign of life over its last one.

        All on disk when it returns, or nothing. `is_estimate`: the slots were not recorded but concluded afterwards, and stand beside
        what was recorded. Writing the same again changes nothing. A slot that is older than what raw slots are kept for may be dropped.
        Raises: BackendUnavailableError; then nobody knows, and the same call may be repeated.
        """
        ...

    async def read(self, interval: Interval, length_s: int) -> Sequence[Slot]:
        """The slots of that length (one of `LENGTHS_S`) that start in the interval, oldest first; where nothing recorded, none.

        Slots of 5 minutes and more are always the sums of what is stored up to now, rolled up or not. A day of raw slots is some
        thousand objects: ask for long intervals in pieces. Raises: BackendUnavailableError.
        """
        ...

    async def tidy(self, now_s: int) -> int:
        """Rolls up what is complete and removes what is old: how many rows went. Call it every hour or more often.

        At most a day of each length goes at a time, so that a clock which is far ahead for a while does not cost the past. After it
        returned 0, repeating it changes nothing.
        """
        ...

    async def lives(self, interval: Interval) -> Sequence[LifeRecord]:
        """Every life of a process that reaches into the interval, in the order in which they began to record."""
        ...
