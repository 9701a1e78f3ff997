"""What the history does when its disk fails under it: it refuses, recovers by itself, and never gives an offset a second meaning."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import apsw
import pytest

from surewire.adapters.sqlite.event_history import SqliteEventHistory, sqlite_event_history
from surewire.domain.stream import StreamEvent
from surewire.errors import BackendUnavailableError
from surewire.ports.idempotency import AlreadyAnsweredError
from tests.contracts.event_history import append, claim_of, events, read_all, titles
from tests.fakes.clock import SettableClock
from tests.fakes.disk import Operation, SimulatedDisk


class Health:
    """What the writer says of the file."""

    def __init__(self) -> None:
        self.problems: list[str | None] = []
        self._well = asyncio.Event()

    def report(self, problem: str | None) -> None:
        self.problems.append(problem)
        self._well.set() if problem is None else self._well.clear()

    async def restored(self) -> None:
        async with asyncio.timeout(20):
            await self._well.wait()


class Rig:
    """A history on a simulated disk, with a listener."""

    def __init__(self, disk: SimulatedDisk) -> None:
        self.disk, self.health = disk, Health()
        self.heard: list[StreamEvent] = []
        self.history: SqliteEventHistory

    def fail(self, operation: Operation, error: Callable[[], apsw.Error], *, after: int = 0) -> None:
        """The next operation of this kind fails, once, after so many that work."""
        left = after

        def before(kind: Operation, path: Path) -> None:
            nonlocal left
            if kind == operation:
                left -= 1
            if kind == operation and left < 0:
                self.disk.before = None
                raise error()

        self.disk.before = before


def no_sync() -> apsw.Error:
    error = apsw.IOError("sync")
    error.extendedresult = apsw.SQLITE_IOERR_FSYNC
    return error


def no_write() -> apsw.Error:
    return apsw.IOError("write")


def no_space() -> apsw.Error:
    return apsw.FullError("full")


@asynccontextmanager
async def rig(folder: Path) -> AsyncGenerator[Rig]:
    disk = SimulatedDisk()
    built = Rig(disk)
    async with sqlite_event_history(
        folder,
        SettableClock(),
        history_events=1_000,
        history_s=60.0,
        queue_events=1_000,
        vfs=disk.name,
        on_health=built.health.report,
    ) as built.history:
        built.history.listen(built.heard.extend)
        yield built
    disk.close()


@pytest.mark.parametrize("after", range(4))
@pytest.mark.parametrize(("operation", "error"), [("sync", no_sync), ("write", no_write), ("write", no_space)])
@pytest.mark.parametrize("reader_open", [False, True])
async def test_a_failed_commit_is_refused_and_the_history_recovers(
    tmp_path: Path, operation: Operation, error: Callable[[], apsw.Error], after: int, reader_open: bool
) -> None:
    async with rig(tmp_path) as built:
        await append(built.history, events(*"abc"))
        if reader_open:
            await built.history.read(0, 1)
        built.fail(operation, error, after=after)
        refused = 0
        for number in range(8):
            try:
                await append(built.history, events(f"{number}x", f"{number}y"))
            except BackendUnavailableError:
                refused += 1
                await built.health.restored()
        epoch = built.history.epoch
        assert refused == 1 or built.disk.before is not None
        assert await read_all(built.history) == built.heard
        assert [event.offset for event in built.heard] == list(range(1, len(built.heard) + 1))
        assert len(set(titles(built.heard))) == len(built.heard)
    async with rig(tmp_path) as again:
        assert again.history.epoch == epoch
        assert await read_all(again.history) == built.heard


async def test_events_of_a_failed_commit_that_reached_the_disk_are_heard_before_newer_ones(tmp_path: Path) -> None:
    async with rig(tmp_path) as built:
        await append(built.history, events("a"))
        built.fail("sync", no_sync)
        with pytest.raises(BackendUnavailableError):
            await append(built.history, events("b", "c"), claim_of("k"))
        await built.health.restored()
        assert titles(built.heard) == ["a", "b", "c"]
        assert built.history.head == 3
        with pytest.raises(AlreadyAnsweredError):
            await append(built.history, events("b", "c"), claim_of("k"))
        await append(built.history, events("d"))
        assert titles(built.heard) == ["a", "b", "c", "d"]
        assert built.health.problems[-1] is None
        assert built.history.problem is None
        assert len(await append(built.history, events(*map(str, range(1_001))))) == 1_001, "nothing is counted as waiting any more"


async def test_a_disk_that_lost_what_it_had_confirmed_begins_a_new_epoch_behind_it(tmp_path: Path) -> None:
    async with rig(tmp_path) as built:
        await append(built.history, events(*"abc"))
        epoch = built.history.epoch

        def forget_everything_then_fail(kind: Operation, path: Path) -> None:
            if kind == "sync":
                built.disk.before = None
                os.truncate(tmp_path / "events.db-wal", 0)
                raise no_sync()

        built.disk.before = forget_everything_then_fail
        with pytest.raises(BackendUnavailableError):
            await append(built.history, events("lost"))
        await built.health.restored()
        assert built.history.epoch != epoch
        assert (built.history.oldest, built.history.head) == (4, 3)
        epoch = built.history.epoch
        assert [event.offset for event in await append(built.history, events("d"))] == [4]
        assert titles(await read_all(built.history)) == ["d"]
    async with rig(tmp_path) as again:
        assert again.history.epoch == epoch
        assert (again.history.oldest, again.history.head) == (4, 4)
