"""Service levels as the composition root puts them together: the recorder, the timeline of the past, and the loop that judges."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from surewire.domain.instant import MICROS_PER_SECOND
from surewire.errors import BackendError
from surewire.monitoring.decisions import Decisions, load_decisions
from surewire.monitoring.promises import Promises
from surewire.monitoring.recorder import Recorder, recording
from surewire.monitoring.service_levels import OnTransition, ServiceLevels
from surewire.ports.alert_desk import AlertDesk
from surewire.ports.clock import Clock
from surewire.ports.ledger import Ledger
from surewire.ports.sli_store import LifeRecord, SliStore, Slot
from surewire.slo.lint import unagreed_changes
from surewire.slo.needs import needs
from surewire.slo.timeline import COARSE_S, Timeline
from surewire.slo.versions import KIND as DEFINITION
from surewire.slo.versions import read_versions
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S, Gap, Interval
from surewire.telemetry.instruments import MessagingInstruments
from surewire.telemetry.logging import logger
from surewire.telemetry.registry import Registry

__all__ = ["MonitoringPlane", "gaps_between", "monitoring_plane"]

_PAST_S: Final = 92 * DAY_S
_FINE_S: Final = 25 * HOUR_S
_LOADED_AT_ONCE_S: Final = DAY_S
_SAMPLE_EVERY_S: Final = 1.0
_TIDY_EVERY_S: Final = HOUR_S
_LEAST_GAP_S: Final = 3 * 60
"""Three probe intervals: a shorter absence is no down time."""

_log = logger(__name__)


@asynccontextmanager
async def monitoring_plane(
    *,
    promises: Promises,
    store: SliStore,
    ledger: Ledger,
    desk: AlertDesk | None,
    registry: Registry,
    clock: Clock,
    new_ulid: Callable[[], str],
    instruments: MessagingInstruments,
    backends: Collection[str],
    tick_s: float,
    on_transition: OnTransition,
) -> AsyncGenerator[MonitoringPlane]:
    """Records from `begin` on, and judges once `run` has read the past. Leaving records the clean end of this life, if it began.

    Raises: BackendError when the ledger cannot be read.
    """
    levels = ServiceLevels(
        promises.objectives,
        promises.rules,
        timeline=Timeline(),
        decisions=await load_decisions(ledger, clock, new_ulid),
        desk=desk,
        instruments=instruments,
        tick_s=tick_s,
        backends=backends,
        on_transition=on_transition,
    )
    async with AsyncExitStack() as life:
        yield MonitoringPlane(levels, promises, life, registry, store, clock, tick_s)


class MonitoringPlane:
    """The loop of service levels. Made by `monitoring_plane`."""

    _recorder: Recorder

    def __init__(
        self,
        levels: ServiceLevels,
        promises: Promises,
        life: AsyncExitStack,
        registry: Registry,
        store: SliStore,
        clock: Clock,
        tick_s: float,
    ) -> None:
        self.levels = levels
        self._promises, self._life, self._registry = promises, life, registry
        self._store, self._clock, self._tick_s = store, clock, tick_s

    async def begin(self) -> None:
        """The server answers: its life begins here, with these definitions, and the time since the last one's end is known.

        To be called once, and not before: a start that fails is no life, it must neither end nor begin a gap.
        Raises: BackendError when the store or the ledger cannot be used.
        """
        await _put_in_force(self._promises, self.levels.decisions)
        ready_s = self._now_s
        self.levels.begin(gaps_between(await self._store.lives(Interval(ready_s - _PAST_S, ready_s)), ready_s))
        needed = needs(self._promises.objectives, self._promises.rules)
        self._recorder = await self._life.enter_async_context(recording(self._registry, needed, self._store, self._clock))

    async def run(self, beat: Callable[[], None]) -> None:
        """Reads the past, then judges just after the end of every slot and calls `beat`; in between it only looks at the gauges.

        To be called after `begin`.
        """
        await self._load(beat)
        tidied_s = 0
        while True:
            await self._tick(beat)
            if self._now_s - tidied_s >= _TIDY_EVERY_S:
                tidied_s = self._now_s
                await self._tidy()
            await self._sample_until((self._now_s // self._tick_s + 1) * self._tick_s)

    @property
    def _now_s(self) -> int:
        return self._clock.now_micros() // MICROS_PER_SECOND

    async def _load(self, beat: Callable[[], None]) -> None:
        """What was recorded before, a day at a time, so that the loop of the server hardly notices; recording goes on meanwhile."""
        fine_from_s = (self._now_s - _FINE_S) // COARSE_S * COARSE_S
        for start_s in range(fine_from_s - _PAST_S, fine_from_s, _LOADED_AT_ONCE_S):
            await self._load_slots(Interval(start_s, min(start_s + _LOADED_AT_ONCE_S, fine_from_s)), COARSE_S)
            await self._recorder.tick()
            beat()
        await self._load_slots(Interval(fine_from_s, self._now_s + 1), SLOT_S)

    async def _load_slots(self, interval: Interval, length_s: int) -> None:
        await asyncio.to_thread(self.levels.timeline.load, await self._read(interval, length_s))

    async def _read(self, interval: Interval, length_s: int) -> Sequence[Slot]:
        """The slots, however long the store takes to be well again: objectives without their past would be judged wrongly."""
        while True:
            try:
                return await self._store.read(interval, length_s)
            except BackendError as error:
                _log.error("the past cannot be read", reason=str(error), exc_info=error)
            await asyncio.sleep(self._tick_s)

    async def _tick(self, beat: Callable[[], None]) -> None:
        try:
            await self.levels.tick(await self._recorder.tick())
        except BackendError as error:
            # Nothing is lost: what was counted is offered again at the next tick. Until then readiness says that this loop is silent.
            _log.error("service levels cannot be judged", reason=str(error), exc_info=error)
        else:
            beat()

    async def _tidy(self) -> None:
        try:
            await self._store.tidy(self._now_s)
        except BackendError as error:
            _log.error("old counts cannot be rolled up", reason=str(error), exc_info=error)

    async def _sample_until(self, until_s: float) -> None:
        while (left_s := until_s - self._clock.now_micros() / MICROS_PER_SECOND) > 0:
            # A clock that was set back must not put the next tick off.
            await asyncio.sleep(min(left_s, _SAMPLE_EVERY_S, self._tick_s))
            self._recorder.sample()


async def _put_in_force(promises: Promises, decisions: Decisions) -> None:
    """Keeps these definitions from now on, unless they are in force already."""
    versions = read_versions(decisions.of(DEFINITION))
    if not versions or versions[-1].digest != promises.digest:
        for problem in unagreed_changes(promises.text, "", versions[-1].text) if versions else ():
            _log.warning("an objective was changed without approval", reason=str(problem))
        await decisions.record(decisions.entry(DEFINITION, "surewire", {"digest": promises.digest, "text": promises.text}))


def gaps_between(lives: Iterable[LifeRecord], ready_s: int) -> tuple[Gap, ...]:
    """The times between the end of one life and the beginning of the next that are long enough to be down time, and how it had ended."""
    known = sorted(lives, key=lambda life: life.ready_s)
    starts = [*(life.ready_s for life in known), ready_s][1:]
    between = (Gap(life.last_s, start, "drain" if life.is_clean else "crash") for life, start in zip(known, starts, strict=True))
    return tuple(gap for gap in between if gap.length_s >= _LEAST_GAP_S)
