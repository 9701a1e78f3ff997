"""The disk is full, does not write or does not synchronise, at every place where it can: no false acknowledgement, and recovery.

Of the failing writes every third is tried; `SUREWIRE_CRASH_EVERY=1` tries all.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from surewire.adapters.sqlite import commit_thread, file
from surewire.adapters.sqlite.store import OpenSqliteStore, open_sqlite_store
from surewire.config.model import SqliteStore
from surewire.domain.message import Message
from surewire.errors import BackendUnavailableError, SurewireError
from surewire.ports.event_log import CommittedMessage
from tests.contracts.event_log import sequences, take
from tests.contracts.open_store import Sender
from tests.crash.store_disk import Fault, FaultyDisk, disk_full, sync_failed, write_failed
from tests.crash.store_history import problems_of
from tests.fakes.clock import SettableClock

EVERY = int(os.environ.get("SUREWIRE_CRASH_EVERY", "3"))
ROUNDS = 6


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit_thread, "_FIRST_PAUSE_S", 0.001)


@asynccontextmanager
async def opened(folder: Path, disk: FaultyDisk) -> AsyncGenerator[tuple[OpenSqliteStore, Sender]]:
    async with open_sqlite_store(folder, SqliteStore(), SettableClock(), vfs=disk.name, on_health=None) as store:
        yield store, Sender(store.message_writer)


async def persist(sender: Sender, chat_id: str, client_id: str, content: str) -> Message:
    """The message, sent until it is stored, as a client does."""
    while True:
        (outcome,) = await sender.send_all([sender.request(chat_id, "alice", client_id, content)])
        if isinstance(outcome, Message):
            return outcome
        assert isinstance(outcome, BackendUnavailableError)
        await asyncio.sleep(0)


async def count_operations(folder: Path) -> tuple[int, int, int, int]:
    """Writes and syncs when the store is open, and after the conversation."""
    disk = FaultyDisk()
    async with opened(folder, disk) as (store, sender):
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        begin = disk.writes, disk.syncs
        for turn in range(ROUNDS):
            await persist(sender, chat_id, str(turn), "x" * 600)
        return *begin, disk.writes, disk.syncs


async def survive(folder: Path, plan: Callable[[FaultyDisk], None], *, torn: bool = False, reader: bool = False) -> FaultyDisk:
    """Runs the conversation with a fault in it, then cuts the power, and judges: what was acknowledged is there, once, in order."""
    disk = FaultyDisk()
    disk.torn = torn
    async with opened(folder, disk) as (store, sender):
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        batches = store.event_log.batches(store.event_log.head)
        if reader:  # as long as another connection is open, SQLite does not recover the log when the writer opens it again
            await store.messages.chat(chat_id, "alice")
        plan(disk)
        for turn in range(ROUNDS):
            await persist(sender, chat_id, str(turn), "x" * 600)
        assert [message.sequence for message in dict.fromkeys(sender.acknowledged)] == list(range(1, ROUNDS + 1))
        entries = await take(batches, ROUNDS)
        assert sequences(entries) == list(range(1, ROUNDS + 1))
        assert store.problem is None
        disk.cut_power(folder / "surewire.db", folder / "cut.db", random.Random(0))
        assert problems_of(folder / "cut.db", sender.acknowledged) == []
        assert len((await store.messages.history(chat_id, "alice", before=None, after=None, limit=100)).messages) == ROUNDS
    assert disk.written_after_error == 0
    assert problems_of(folder / "surewire.db", sender.acknowledged) == []
    return disk


@pytest.mark.parametrize(
    ("fault", "torn"), [(disk_full, False), (write_failed, False), (write_failed, True)], ids=["disk full", "write fails", "write is torn"]
)
async def test_a_failing_write_is_survived_wherever_it_happens(tmp_path: Path, fault: Fault, torn: bool) -> None:
    begin, _, end, _ = await count_operations(tmp_path / "counted")
    for index in range(begin, end, EVERY):
        await survive(tmp_path / str(index), lambda disk, k=index: disk.fail_write.update({k: fault}), torn=torn)


@pytest.mark.parametrize("reader", [False, True], ids=["alone", "beside a reader"])
async def test_a_failing_fsync_is_survived_wherever_it_happens(tmp_path: Path, reader: bool) -> None:
    _, begin, _, end = await count_operations(tmp_path / "counted")
    for index in range(begin, end):
        disk = await survive(tmp_path / str(index), lambda disk, k=index: disk.fail_sync.update({k: sync_failed}), reader=reader)
        assert disk.syncs > index


async def test_a_disk_that_stays_full_refuses_everything_still_reads_and_recovers_by_itself(tmp_path: Path) -> None:
    disk = FaultyDisk()
    health: list[str | None] = []
    async with open_sqlite_store(tmp_path, SqliteStore(), SettableClock(), vfs=disk.name, on_health=health.append) as store:
        sender = Sender(store.message_writer)
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        await sender.send(chat_id, "alice", "before")
        disk.always = disk_full
        for turn in range(3):
            (outcome,) = await sender.send_all([sender.request(chat_id, "alice", str(turn))])
            assert isinstance(outcome, BackendUnavailableError)
        with pytest.raises(BackendUnavailableError):
            await store.messages.create_chat("alice", [], None)
        assert store.problem is not None
        assert "disk is full" in store.problem
        assert len((await store.messages.history(chat_id, "alice", before=None, after=None, limit=9)).messages) == 1
        disk.always = None
        assert (await persist(sender, chat_id, "after", "x")).sequence == 2
        assert store.problem is None
        assert store.reopenings == 1
    assert health[-1] is None
    assert all("disk is full" in reason for reason in health[:-1] if reason is not None)


async def test_a_batch_whose_commit_failed_is_refused_as_a_whole(tmp_path: Path) -> None:
    disk = FaultyDisk()
    async with opened(tmp_path, disk) as (store, sender):
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        disk.fail_sync[disk.syncs] = sync_failed
        outcomes = await sender.send_all([sender.request(chat_id, "alice", str(number)) for number in range(50)])
        assert all(isinstance(outcome, BackendUnavailableError) for outcome in outcomes)
        assert sender.acknowledged == []


async def test_a_disk_that_fails_at_the_start_is_an_error_and_leaves_nothing_open(tmp_path: Path) -> None:
    disk = FaultyDisk()
    disk.always = write_failed
    with pytest.raises(BackendUnavailableError):
        async with opened(tmp_path, disk):
            pass
    disk.always = None
    async with opened(tmp_path, disk) as (store, _):
        assert store.problem is None


async def test_leaving_while_the_disk_fails_does_not_hang_and_refuses_what_waits(tmp_path: Path) -> None:
    disk = FaultyDisk()
    outcome: asyncio.Future[list[Message | SurewireError]]
    async with opened(tmp_path, disk) as (store, sender):
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        disk.always = sync_failed
        outcome = asyncio.ensure_future(sender.send_all([sender.request(chat_id, "alice", str(number)) for number in range(5)]))
        await asyncio.sleep(0)
    assert all(isinstance(error, BackendUnavailableError) for error in await outcome)


async def test_a_commit_that_was_refused_but_is_on_disk_reaches_the_log_and_is_acknowledged_when_sent_again(tmp_path: Path) -> None:
    """A failed fsync may leave a whole commit in the file. With no reader open, the next opening recovers it."""
    disk = FaultyDisk()
    async with opened(tmp_path, disk) as (store, sender):
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        batches = store.event_log.batches(store.event_log.head)
        disk.fail_sync[disk.syncs] = sync_failed
        (refused,) = await sender.send_all([sender.request(chat_id, "alice", "a")])
        assert isinstance(refused, BackendUnavailableError)
        message = await persist(sender, chat_id, "a", "hello")
        await persist(sender, chat_id, "b", "hello")
        entries = [entry for entry in await take(batches, 2) if isinstance(entry, CommittedMessage)]
        assert [entry.message.sequence for entry in entries] == [1, 2]
        assert entries[0].message == message


async def test_nothing_is_acknowledged_while_a_reader_keeps_the_log_from_being_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file, "_BUSY_TIMEOUT_MS", 1)
    disk = FaultyDisk()
    async with opened(tmp_path, disk) as (store, sender):
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        reader = store.file.open_reader()
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM messages").fetchall()
        disk.fail_sync[disk.syncs] = sync_failed
        for _ in range(5):
            (outcome,) = await sender.send_all([sender.request(chat_id, "alice", "a")])
            assert isinstance(outcome, BackendUnavailableError)
        reader.execute("COMMIT")
        reader.close()
        assert (await persist(sender, chat_id, "a", "hello")).sequence == 1


async def test_an_unexpected_error_in_the_thread_is_survived_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = FaultyDisk()
    async with opened(tmp_path, disk) as (store, sender):
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        with monkeypatch.context() as patched:
            patched.setattr(store.message_writer, "rolled_back", lambda: 1 // 0)
            disk.fail_sync[disk.syncs] = sync_failed
            (outcome,) = await sender.send_all([sender.request(chat_id, "alice", "a")])
            assert isinstance(outcome, BackendUnavailableError)
        assert (await persist(sender, chat_id, "a", "hello")).sequence == 1
