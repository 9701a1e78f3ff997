"""What the history does when its disk fails under it: it refuses, recovers by itself, and never gives an offset a second meaning."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from surewire.adapters.sqlite.event_history import SqliteEventHistory, sqlite_event_history
from surewire.domain.stream import StreamEvent
from surewire.errors import BackendUnavailableError
from surewire.ports.idempotency import AlreadyAnsweredError
from tests.contracts.event_history import append, claim_of, events, read_all, titles
from tests.crash.store_disk import Fault, FaultyDisk, disk_full, sync_failed, write_failed
from tests.fakes.clock import SettableClock


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
    """A history on a faulty disk, with a listener."""

    def __init__(self, disk: FaultyDisk) -> None:
        self.disk, self.health = disk, Health()
        self.heard: list[StreamEvent] = []
        self.history: SqliteEventHistory

    def fail_sync(self, fault: Fault, *, after: int = 0) -> None:
        """A synchronisation fails, after so many that work."""
        self.disk.fail_sync[self.disk.syncs + after] = fault

    def fail_write(self, fault: Fault, *, after: int = 0) -> None:
        self.disk.fail_write[self.disk.writes + after] = fault


@asynccontextmanager
async def rig(folder: Path) -> AsyncGenerator[Rig]:
    disk = FaultyDisk()
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


@pytest.mark.parametrize("after", range(6))
@pytest.mark.parametrize(
    ("fail", "fault"),
    [
        pytest.param(Rig.fail_sync, sync_failed, id="no fsync"),
        pytest.param(Rig.fail_write, write_failed, id="no write"),
        pytest.param(Rig.fail_write, disk_full, id="disk full"),
    ],
)
@pytest.mark.parametrize("reader_open", [False, True])
async def test_a_failed_commit_is_refused_and_nothing_that_was_heard_is_lost_not_even_by_a_power_cut(
    tmp_path: Path, fail: Callable[..., None], fault: Fault, after: int, reader_open: bool
) -> None:
    async with rig(tmp_path) as built:
        await append(built.history, events(*"abc"))
        if reader_open:
            await built.history.read(0, 1)
        fail(built, fault, after=after)
        refused = 0
        for number in range(8):
            try:
                await append(built.history, events(f"{number}x", f"{number}y"))
            except BackendUnavailableError:
                refused += 1
                await built.health.restored()
        epoch, heard = built.history.epoch, list(built.heard)
        assert refused == 1
        assert built.disk.written_after_error == 0
        assert await read_all(built.history) == heard
        assert [event.offset for event in heard] == list(range(1, len(heard) + 1))
        assert len(set(titles(heard))) == len(heard)
        left = {file: built.disk.image(file, Random(0)) for file in (tmp_path / "events.db", tmp_path / "events.db-wal")}
    for file, content in left.items():
        file.write_bytes(content)
    async with rig(tmp_path) as again:
        assert again.history.epoch == epoch
        assert await read_all(again.history) == heard


async def test_events_of_a_failed_commit_that_reached_the_disk_are_heard_before_newer_ones(tmp_path: Path) -> None:
    async with rig(tmp_path) as built:
        await append(built.history, events("a"))
        built.fail_sync(sync_failed)
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

        def forget_everything_and_fail() -> Exception:
            os.truncate(tmp_path / "events.db-wal", 0)
            return sync_failed()

        built.fail_sync(forget_everything_and_fail)
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
