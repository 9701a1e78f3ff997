"""The events stream's history in a file and a writer thread of its own, so that events and chat do not wait for each other's commits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from surewire.adapters.sqlite.event_lane import Append, EventLane
from surewire.adapters.sqlite.event_page import read_page
from surewire.adapters.sqlite.event_table import EventTable, Kept
from surewire.adapters.sqlite.faults import BACKEND
from surewire.adapters.sqlite.file import locked_file
from surewire.adapters.sqlite.head_note import HeadNote, Mark
from surewire.adapters.sqlite.readers import Readers
from surewire.adapters.sqlite.writer import GroupCommitWriter, OnHealth
from surewire.domain.event import Event
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.domain.stream import StreamEvent
from surewire.errors import BackendUnavailableError, ClientError
from surewire.ports.clock import Clock
from surewire.ports.event_history import AppendDone, OnCommitted
from surewire.ports.idempotency import Claim

__all__ = ["FILE_NAME", "SqliteEventHistory", "sqlite_event_history"]

FILE_NAME: Final = "events.db"
_NOTED_EVERY_S: Final = 1.0


class SqliteEventHistory:
    """The `EventHistory` in a SQLite file; made by `sqlite_event_history`. Loop thread only.

    A restored older copy of the file, or of the whole data folder, begins a new epoch. Only what restores the very same inodes (a
    snapshot of the machine) cannot be told from the original.
    """

    __slots__ = ("_lane", "_queue_events", "_readers", "_writer")

    def __init__(self, lane: EventLane, writer: GroupCommitWriter, readers: Readers, queue_events: int) -> None:
        self._lane, self._writer, self._readers, self._queue_events = lane, writer, readers, queue_events

    @property
    def epoch(self) -> str:
        return self._lane.epoch

    @property
    def head(self) -> int:
        return self._lane.head

    @property
    def oldest(self) -> int:
        return self._lane.oldest

    @property
    def problem(self) -> str | None:
        """Why the file takes no events now; None when it does."""
        return self._writer.problem

    def listen(self, committed: OnCommitted) -> None:
        self._lane.committed = committed

    def append(self, events: Sequence[Event], done: AppendDone, claim: Claim | None = None) -> None:
        lane = self._lane
        if lane.waiting and lane.waiting + len(events) > self._queue_events:
            done(ClientError("UNAVAILABLE", "too many events wait to be stored", temporary=True, retry_after_s=1.0))
            return
        lane.waiting += len(events)
        append = Append(events, done, claim)
        if not self._writer.put(lane, [append]):
            lane.fail([append], BackendUnavailableError(BACKEND, "the file of events takes no more writes"))

    async def read(self, after: int, limit: int) -> Sequence[StreamEvent]:
        return await self._readers.read(partial(read_page, after=after, limit=limit))

    async def trim(self) -> None:
        """Removes what is too old or too many, a few hundred a commit. Appends do it too; this is for an idle stream.

        Raises: BackendUnavailableError.
        """
        complete = False
        while not complete:
            oldest, complete = await self._writer.run(self._lane.trim)
            self._lane.oldest = max(self._lane.oldest, oldest)


@asynccontextmanager
async def sqlite_event_history(
    data_dir: Path,
    clock: Clock,
    *,
    history_events: int,
    history_s: float,
    queue_events: int,
    cleanup_interval_s: float = 10.0,
    on_health: OnHealth | None = None,
    on_cleanup: Callable[[], None] | None = None,
    vfs: str | None = None,
) -> AsyncGenerator[SqliteEventHistory]:
    """The history in `events.db` of the data folder. Leaving commits what waits.

    The newest `history_events` are kept, none longer than `history_s`. `on_cleanup` is called after every round of cleaning. `vfs`
    names another virtual file system of SQLite, for tests with faulty disks. Raises: BackendError when the file cannot be used.
    """
    with locked_file(data_dir / FILE_NAME, "events", vfs) as file:
        note = HeadNote(file.path)
        lane = EventLane(EventTable(Kept(history_events, int(history_s * MICROS_PER_SECOND))), note, clock)
        writer = GroupCommitWriter(file, clock, limit=queue_events, on_health=on_health)
        writer.add_lane(lane)
        # The last note is written when the writer has ended and everybody knows the head.
        async with _running(partial(_keep_noted, lane, note)), writer, Readers(file, threads=1) as readers:
            lane.resumed()
            history = SqliteEventHistory(lane, writer, readers, queue_events)
            async with _running(partial(_keep_clean, history, cleanup_interval_s, on_cleanup)):
                yield history


@asynccontextmanager
async def _running(background_loop: Callable[[asyncio.Event], Coroutine[None, None, None]]) -> AsyncGenerator[None]:
    """Runs a loop in the background, and lets it finish when the block ends."""
    stop = asyncio.Event()
    task = asyncio.create_task(background_loop(stop), name="upkeep of events.db")
    try:
        yield
    finally:
        stop.set()
        await task


async def _keep_noted(lane: EventLane, note: HeadNote, stop: asyncio.Event) -> None:
    """Notes the head, at most a second behind while events come."""
    noted: Mark | None = None
    while not stop.is_set():
        await _stopped(stop, within_s=_NOTED_EVERY_S)
        mark = lane.mark
        if mark == noted or not mark.epoch:
            continue
        try:
            await asyncio.to_thread(note.write, mark)
        except OSError:
            continue  # The next second tries again. Until then only a restored copy would be taken for the original.
        noted = mark


async def _keep_clean(history: SqliteEventHistory, interval_s: float, on_cleanup: Callable[[], None] | None, stop: asyncio.Event) -> None:
    """Removes what got too old while nobody publishes."""
    while not await _stopped(stop, within_s=interval_s):
        try:
            await history.trim()
        except BackendUnavailableError:
            continue  # The writer's health tells of it.
        if on_cleanup is not None:
            on_cleanup()


async def _stopped(stop: asyncio.Event, *, within_s: float) -> bool:
    """Waits so long, or until the block ends: which of them it was."""
    try:
        async with asyncio.timeout(within_s):
            return await stop.wait()
    except TimeoutError:
        return False
