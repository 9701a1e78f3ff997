"""The durability plane put together: what takes messages and watermarks, and the loops that look after what is stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Protocol

from surewire.config.model import Config
from surewire.durability.acknowledged import Acknowledged
from surewire.durability.auditor import Auditor
from surewire.durability.ingest import DurableIngest
from surewire.durability.receipts import CoalescedReceipts
from surewire.durability.retention import Retention
from surewire.errors import BackendError
from surewire.ports.clock import Clock
from surewire.ports.message_audit import AcknowledgedMarks, MessageAudit
from surewire.ports.message_store import MessageStore
from surewire.ports.message_writer import MessageWriter
from surewire.telemetry.instruments import DurabilityInstruments
from surewire.telemetry.logging import logger
from surewire.telemetry.readiness import Readiness

__all__ = ["DurabilityPlane", "DurableStore", "durability_plane"]

_log = logger(__name__)
_RECEIPTS_S: Final = 0.5
_MARKS_S: Final = 0.5
_AUDITOR_S: Final = 1.0
_OVERDUE_S: Final = 1.0
_REST_S: Final = 10.0


class DurableStore(Protocol):
    """What the plane needs of an open store."""

    @property
    def messages(self) -> MessageStore: ...
    @property
    def message_writer(self) -> MessageWriter: ...
    @property
    def audit(self) -> MessageAudit: ...
    @property
    def marks(self) -> AcknowledgedMarks: ...
    @property
    def problem(self) -> str | None:
        """Why it takes no writes now; None when it does."""
        ...

    @property
    def reopenings(self) -> int:
        """How often it was opened again after an error."""
        ...


@dataclass(frozen=True, slots=True)
class DurabilityPlane:
    """The plane at work: `ingest` takes messages, `receipts` watermarks."""

    ingest: DurableIngest
    receipts: CoalescedReceipts
    auditor: Auditor

    async def drained(self) -> None:
        """Returns when every message that was submitted is answered."""
        await self.ingest.drained()


@asynccontextmanager
async def durability_plane(
    store: DurableStore, config: Config, clock: Clock, instruments: DurabilityInstruments, readiness: Readiness, *, backend: str = "sqlite"
) -> AsyncGenerator[DurabilityPlane, None]:
    """The plane over an open store, with its loops running until the block ends; then what is gathered is stored.

    The loops are `receipts`, `acknowledged_marks`, `auditor`, `retention` and `overdue_messages` in the readiness report. A loop that fails
    for another reason than the store ends the block with its error.
    """
    instruments.store_available[backend].read = lambda: store.problem is None
    acknowledged = Acknowledged()
    ingest = DurableIngest(store.message_writer, clock, instruments, acknowledged)
    receipts = CoalescedReceipts(store.messages)
    auditor = Auditor(store.audit, store.marks, acknowledged, clock, instruments, lambda: store.reopenings)
    retention = Retention(store.messages, clock, config.retention.messages_days)

    async with asyncio.TaskGroup() as tasks:
        loops = _Loops(tasks, readiness)
        loops.start("receipts", _RECEIPTS_S, lambda _: receipts.flush())
        loops.start("acknowledged_marks", _MARKS_S, lambda _: auditor.store_marks())
        loops.start("auditor", _AUDITOR_S, auditor.look)
        loops.start("retention", config.retention.cleanup_interval_s, retention.remove_old)
        loops.start("overdue_messages", _OVERDUE_S, lambda _: _at_once(ingest.give_up_overdue))
        try:
            yield DurabilityPlane(ingest, receipts, auditor)
        finally:
            loops.stop()
            await _store_rest(ingest, receipts, auditor)


class _Loops:
    """Background loops by name. One that cannot reach the store says so in the readiness report by its silence."""

    def __init__(self, tasks: asyncio.TaskGroup, readiness: Readiness) -> None:
        self._tasks, self._readiness = tasks, readiness
        self._running: list[asyncio.Task[None]] = []

    def start(self, name: str, interval_s: float, work: Callable[[Callable[[], None]], Awaitable[object]]) -> None:
        """Works at once, and again after every interval."""
        beat = self._readiness.loop(name, interval_s).beat
        self._running.append(self._tasks.create_task(_repeat(name, interval_s, work, beat), name=name))

    def stop(self) -> None:
        """Ends all of them."""
        for task in self._running:
            task.cancel()


async def _repeat(name: str, interval_s: float, work: Callable[[Callable[[], None]], Awaitable[object]], beat: Callable[[], None]) -> None:
    while True:
        try:
            await work(beat)
            beat()
        except BackendError as error:
            _log.warning("a background loop could not use the store", loop=name, reason=str(error))
        await asyncio.sleep(interval_s)


async def _at_once(work: Callable[[], None]) -> None:
    work()


async def _store_rest(ingest: DurableIngest, receipts: CoalescedReceipts, auditor: Auditor) -> None:
    try:
        async with asyncio.timeout(_REST_S):
            await ingest.drained()
    except TimeoutError:
        _log.error("the disk does not answer; messages are left unanswered", messages=ingest.waiting)
    for flush in (receipts.flush, auditor.store_marks):
        try:
            await flush()
        except BackendError as error:
            _log.warning("not everything could be stored at the end", reason=str(error))
