"""Reading beside the writer, and the write-ahead log between them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import apsw
import pytest

from surewire.adapters.sqlite import checkpoint, readers
from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.file import DatabaseFile, locked_file
from surewire.adapters.sqlite.readers import Readers
from surewire.adapters.sqlite.writer import GroupCommitWriter
from surewire.errors import BackendError, BackendUnavailableError
from tests.fakes.clock import SettableClock

COUNT = "SELECT count(*) FROM consumers"


@asynccontextmanager
async def opened(folder: Path) -> AsyncGenerator[tuple[DatabaseFile, GroupCommitWriter, Readers]]:
    with locked_file(folder / "surewire.db", "messages") as file:
        async with Readers(file) as reading, GroupCommitWriter(file, SettableClock()) as writer:
            yield file, writer, reading


async def write(writer: GroupCommitWriter, name: str) -> None:
    text = "x" * 3_000
    await writer.run(lambda connection: connection.execute("INSERT INTO consumers VALUES (?, 1)", (name + text,)))


def count(connection: Connection) -> int:
    return int(rows(connection, COUNT)[0][0])


async def test_a_read_sees_what_was_committed_before_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, writer, reading):
        for number in range(5):
            await write(writer, str(number))
            assert await reading.read(count) == number + 1


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, _, reading):
        with pytest.raises(BackendUnavailableError, match="cannot be written"):
            await reading.read(lambda connection: connection.execute("DELETE FROM consumers"))
        assert await reading.read(count) == 0


async def test_what_the_function_raises_is_raised(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, _, reading):
        with pytest.raises(ZeroDivisionError):
            await reading.read(lambda _: 1 // 0)
        with pytest.raises(BackendError, match="no such table"):
            await reading.read(lambda connection: connection.execute("SELECT * FROM nowhere"))


@pytest.mark.parametrize("kind", [RuntimeError, RecursionError])
async def test_a_runtime_error_of_the_function_does_not_pass_for_the_end_of_the_readers(tmp_path: Path, kind: type[RuntimeError]) -> None:
    def fail(_: Connection) -> None:
        raise kind("of its own")

    async with opened(tmp_path) as (_, _, reading):
        with pytest.raises(kind, match="of its own"):
            await reading.read(fail)
        assert await reading.read(count) == 0


async def test_a_broken_connection_is_replaced(tmp_path: Path) -> None:
    async with opened(tmp_path) as (_, _, reading):

        def break_it(_: Connection) -> None:
            raise apsw.IOError("input/output error")

        for _ in range(4):
            with pytest.raises(BackendUnavailableError, match="does not read"):
                await reading.read(break_it)
        assert await reading.read(count) == 0


async def test_too_many_reads_are_refused_and_so_are_late_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "_MAX_WAITING", 2)
    async with opened(tmp_path) as (_, _, reading):
        gate = threading.Event()
        waiting = [asyncio.ensure_future(reading.read(lambda _: gate.wait(10))) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(BackendUnavailableError, match="too many reads"):
            await reading.read(count)
        gate.set()
        await asyncio.gather(*waiting)
    with pytest.raises(BackendUnavailableError, match="have ended"):
        await reading.read(count)


async def test_a_long_reader_delays_the_log_but_not_the_writer_and_the_log_starts_anew_when_it_leaves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "_DUE_PAGES", 20)
    monkeypatch.setattr(checkpoint, "_TOO_LONG_PAGES", 60)
    monkeypatch.setattr(checkpoint, "_WAIT_MS", 1)
    log = tmp_path / "surewire.db-wal"
    async with opened(tmp_path) as (file, writer, _):
        reader = file.open_reader()
        reader.execute("BEGIN")
        assert count(reader) == 0
        for number in range(100):
            await write(writer, f"{number:03}")
        long = log.stat().st_size
        assert count(reader) == 0
        reader.execute("COMMIT")
        for number in range(100, 200):
            await write(writer, f"{number:03}")
        assert count(reader) == 200
        assert log.stat().st_size < long + 30 * 4_200, "the log was written from its beginning again"
        reader.close()


async def test_readers_that_always_overlap_do_not_let_the_log_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "_DUE_PAGES", 20)
    monkeypatch.setattr(checkpoint, "_TOO_LONG_PAGES", 60)
    async with opened(tmp_path) as (file, writer, _):
        one, other = file.open_reader(), file.open_reader()
        stop = threading.Event()

        def overlap() -> None:
            """One of the two is always in a transaction."""
            one.execute("BEGIN")
            count(one)
            while not stop.is_set():
                other.execute("BEGIN")
                count(other)
                one.execute("COMMIT")
                one.execute("BEGIN")
                count(one)
                other.execute("COMMIT")
            one.execute("COMMIT")

        overlapping = asyncio.ensure_future(asyncio.to_thread(overlap))
        for number in range(300):
            await write(writer, f"{number:03}")
        size = (tmp_path / "surewire.db-wal").stat().st_size
        stop.set()
        await overlapping
        assert size < 300 * 2 * 4_096
        one.close()
        other.close()
