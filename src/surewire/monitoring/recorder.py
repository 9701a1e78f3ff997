"""Turns counters into increments by slot, and keeps them, with a sign of life, in the store of service levels.

Theory of operation. An increment is the difference of two readings of one process; the first reading is of its start, when all was zero.
What grew between two readings goes to the slot that has the middle of the time between them: the tick that comes just after a slot's end
completes that slot. So nothing is lost or counted twice, and nothing is further than one slot from where it belongs. Slots are written
whole, over what was written before, so a write that failed is simply done again, and `kill -9` loses what came after the last tick.

When the wall clock is set back, the process begins a new life in the store: its slots add to those that its earlier life recorded for the
same times. After a crash the connections that were open at the last sign of life count as ended by the server, in the slot of that
sign, marked as an estimate; doing so again changes nothing.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from msgspec.structs import replace

from surewire.contract.series import metric_of
from surewire.domain.instant import MICROS_PER_SECOND, format_seconds
from surewire.errors import BackendError
from surewire.monitoring.instrument_reader import InstrumentReader
from surewire.monitoring.needed import Needed, NeededSeries
from surewire.monitoring.open_slots import OpenSlots
from surewire.monitoring.reading import Reading, increments
from surewire.monitoring.slot_time import Passed, SlotTime
from surewire.monitoring.unwritten import Unwritten
from surewire.ports.clock import Clock
from surewire.ports.sli_store import LifeRecord, SliStore, Slot
from surewire.slo.capacity import PER_SECOND
from surewire.slo.window import SLOT_S, Interval
from surewire.telemetry.logging import logger
from surewire.telemetry.registry import Registry

__all__ = ["Recorder", "recording"]

_ACTIVE: Final = "gateway_connections_active"
_ENDED: Final = "gateway_disconnections_total"
_EVER: Final = Interval(0, 2**40)

_log = logger(__name__)


@asynccontextmanager
async def recording(registry: Registry, needed: Needed, store: SliStore, clock: Clock, *, instance: str = "") -> AsyncGenerator[Recorder]:
    """A recorder of this process, which is ready from now on. `instance` names it where several processes share the store.

    What a crash of its last life ended is counted first. Leaving the block records what is left; without an error it is a clean end.
    Raises: BackendError when the store cannot be used at the start.
    """
    await _count_crash(registry, needed, store, instance)
    recorder = Recorder(registry, needed, store, clock, instance)
    await recorder.tick()
    is_clean = False
    try:
        yield recorder
        is_clean = True
    finally:
        await recorder.end(is_clean=is_clean)


class Recorder:
    """Records one process; made by `recording`. Belongs to the loop."""

    def __init__(self, registry: Registry, needed: Needed, store: SliStore, clock: Clock, instance: str) -> None:
        series = NeededSeries(needed)
        self._reader, self._fastest = InstrumentReader(registry, series), frozenset(series.fastest)
        self._connections = registry.gauge(_ACTIVE)
        self._store = store
        self._time = SlotTime(clock)
        self._since_micros = self._time.last_micros
        self._reading = Reading()
        self._open, self._unwritten = OpenSlots(), Unwritten()
        self._life = _new_life(self._time.last_micros, instance)
        self._ticking = asyncio.Lock()

    @property
    def problem(self) -> str | None:
        """Why the store did not take the last tick; None when it did. What it did not take is offered at each tick, for an hour."""
        return self._unwritten.problem

    def sample(self) -> None:
        """Looks at the gauges between two ticks: their seconds and peaks are as exact as this is called often."""
        self._pass_time()

    async def tick(self) -> Sequence[Slot]:
        """Records up to now. Returns every slot from the first that changed until now, as all processes recorded it, oldest first.

        These are one or two, and more when the process was held up or the store works again. They replace everything that is known from
        the first one's start on, for the wall clock may have been set back. While the store fails they are what this process alone
        recorded. Call it just after the end of a slot, and in between as often as is wanted. Cancelling it loses nothing.
        """
        async with self._ticking:
            passed, reading = self._pass_time(), self._reader.read()
            grown = await asyncio.to_thread(increments, self._reading, reading)
            self._count(passed, grown)
            self._reading = reading
            return await self._write(passed)

    async def end(self, *, is_clean: bool) -> None:
        """Records what is left and how the process ended."""
        self._life = replace(self._life, is_clean=is_clean)
        await self.tick()

    def _pass_time(self) -> Passed:
        before_micros = self._time.last_micros
        passed = self._time.look()
        if passed.since_micros != before_micros:
            self._since_micros = passed.since_micros
        if passed.went_back:
            self._unwritten.put(replace(self._life, is_clean=True), self._open.finished())
            self._open, self._life = OpenSlots(), _new_life(passed.since_micros, self._life.instance)
        self._open.see(passed, self._reader.gauges())
        return passed

    def _count(self, passed: Passed, grown: dict[str, int]) -> None:
        span = passed._replace(since_micros=self._since_micros)
        self._since_micros = passed.now_micros
        self._open.count(span.middle_slot_s, grown, self._rates(grown, span.seconds))

    def _rates(self, grown: dict[str, int], seconds: float) -> dict[str, float]:
        """How fast each counter grew whose fastest growth is kept; nothing in too short a time to tell."""
        if not self._fastest or seconds < 1:
            return {}
        totals = dict.fromkeys(self._fastest, 0)
        for series, count in grown.items():
            if (metric := metric_of(series)) in totals:
                totals[metric] += count
        return {metric + PER_SECOND: count / seconds for metric, count in totals.items() if count}

    async def _write(self, passed: Passed) -> Sequence[Slot]:
        now_s = passed.now_micros // MICROS_PER_SECOND
        slots = self._open.finished()
        self._open.close_before(passed.last_slot_s)
        self._life = replace(self._life, last_s=now_s, connections=int(self._connections.current()))
        self._unwritten.put(self._life, slots)
        first_s = await self._unwritten.offer(self._store)
        if first_s is None:
            return slots
        # Another process may have completed the slot before meanwhile.
        first_s -= SLOT_S if self._life.instance else 0
        try:
            return await self._store.read(Interval(first_s, passed.last_slot_s + SLOT_S), SLOT_S)
        except BackendError as error:
            _log.warning("what is stored cannot be read", reason=str(error))
            return slots


async def _count_crash(registry: Registry, needed: Needed, store: SliStore, instance: str) -> None:
    lives = [life for life in await store.lives(_EVER) if life.instance == instance]
    if not lives or lives[-1].is_clean:
        return
    last = lives[-1]
    _log.warning("the last run was not ended but broke off", last_sign=format_seconds(last.last_s), connections=last.connections)
    crashed = Registry(registry.catalogue)
    crashed.counter(_ENDED, reason="server_error").n = last.connections
    counts = increments(Reading(), InstrumentReader(crashed, NeededSeries(needed)).read())
    if counts:
        slot = Slot(start_s=last.last_s // SLOT_S * SLOT_S, length_s=SLOT_S, seen_s=0, counts=counts)
        await store.write([slot], last, is_estimate=True)


def _new_life(now_micros: int, instance: str) -> LifeRecord:
    now_s = now_micros // MICROS_PER_SECOND
    return LifeRecord(now_s, now_s, 0, is_clean=False, id=secrets.token_hex(8), instance=instance)
