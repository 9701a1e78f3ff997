"""What a SQLite store knows after it was closed and opened again, or killed."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from surewire.adapters.sqlite import event_log as event_log_module
from surewire.adapters.sqlite.chat_cache import ChatCache
from surewire.adapters.sqlite.store import OpenSqliteStore, open_sqlite_store
from surewire.config.model import SqliteStore
from surewire.errors import BackendUnavailableError, ClientError
from surewire.ports.event_log import CommittedMessage, MembershipChanged
from surewire.ports.idempotency import AlreadyAnsweredError
from surewire.ports.message_audit import Finding
from tests.contracts.event_log import sequences, take
from tests.contracts.open_store import Sender, claim_of
from tests.fakes.clock import SettableClock


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()


@asynccontextmanager
async def opened(folder: Path, clock: SettableClock) -> AsyncGenerator[tuple[OpenSqliteStore, Sender]]:
    async with open_sqlite_store(folder, SqliteStore(), clock) as store:
        yield store, Sender(store.message_writer)


async def test_messages_sequences_ids_and_answers_go_on(tmp_path: Path, clock: SettableClock) -> None:
    async with opened(tmp_path, clock) as (store, sender):
        chat_id = (await store.messages.create_chat("alice", [], None, claim_of("k"))).chat_id
        before = [await sender.send(chat_id, "alice", str(number)) for number in range(3)]
    clock.wall_micros -= 3_600_000_000
    async with opened(tmp_path, clock) as (store, sender):
        after = await sender.send(chat_id, "alice", "3")
        assert (after.sequence, after.created_at) == (4, before[-1].created_at)
        assert after.message_id > before[-1].message_id
        assert await sender.send(chat_id, "alice", "1") == before[1]
        with pytest.raises(ClientError, match="another content"):
            await sender.send(chat_id, "alice", "1", "else")
        with pytest.raises(AlreadyAnsweredError):
            await store.messages.create_chat("alice", [], None, claim_of("k"))
        page = await store.messages.history(chat_id, "alice", before=None, after=None, limit=10)
        assert list(page.messages) == [*before, after]


async def test_a_consumer_goes_on_where_it_was(tmp_path: Path, clock: SettableClock) -> None:
    async with opened(tmp_path, clock) as (store, sender):
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        assert await store.event_log.cursor("fanout") == 0
        for number in range(5):
            await sender.send(chat_id, "alice", str(number))
        entries = await take(store.event_log.batches(0), 5)
        third = [entry for entry in entries if isinstance(entry, CommittedMessage)][2]
        store.event_log.advance("fanout", third.position)
        store.event_log.advance("fanout", third.position - 1)
        head = store.event_log.head
    async with opened(tmp_path, clock) as (store, sender):
        log = store.event_log
        assert log.head == head
        cursor = await log.cursor("fanout")
        assert cursor == third.position
        batches = log.batches(cursor)
        stored = await take(batches, 2)
        assert sequences(stored) == [4, 5]
        entry = stored[0]
        assert isinstance(entry, CommittedMessage)
        assert (entry.origin, entry.committed_at) == (None, 0.0)
        await sender.send(chat_id, "alice", "5")
        assert sequences(await take(batches, 1)) == [6]


async def test_a_cursor_is_stored_within_a_second_without_any_other_commit(
    tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log_module, "_CURSOR_DELAY_S", 0.0)
    async with opened(tmp_path, clock) as (store, _):
        await store.event_log.cursor("fanout")
        store.event_log.advance("fanout", 7)
        while (await store.event_log.cursor("fanout")) != 7:
            pass


async def test_positions_are_not_used_again_after_everything_was_removed(tmp_path: Path, clock: SettableClock) -> None:
    async with opened(tmp_path, clock) as (store, sender):
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        for number in range(3):
            await sender.send(chat_id, "alice", str(number))
        clock.advance(1)
        assert await store.messages.prune(clock.now_micros(), 10) == 3
        head = store.event_log.head
    async with opened(tmp_path, clock) as (store, sender):
        assert store.event_log.head == head
        await sender.send(chat_id, "alice", "new")
        assert store.event_log.head == head + 1
        assert sequences(await take(store.event_log.batches(0), 1)) == [4]


async def test_the_log_leaves_out_deleted_chats(tmp_path: Path, clock: SettableClock) -> None:
    async with opened(tmp_path, clock) as (store, sender):
        one, two = [(await store.messages.create_chat("alice", [], None)).chat_id for _ in range(2)]
        for number in range(3):
            await sender.send(one, "alice", str(number))
            await sender.send(two, "alice", str(number))
        await store.messages.delete_chat(one, "alice")
    async with opened(tmp_path, clock) as (store, _):
        entries = await take(store.event_log.batches(0), 3)
        assert {entry.message.chat_id for entry in entries if isinstance(entry, CommittedMessage)} == {two}


async def test_a_log_that_nobody_reads_stays_small_and_loses_nothing(
    tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_log_module, "_PAGE", 7)
    async with opened(tmp_path, clock) as (store, sender):
        log = store.event_log
        monkeypatch.setattr(log, "_limit", 10)
        chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
        batches = log.batches(0)
        await sender.send(chat_id, "alice", "first")
        seen = await take(batches, 1)
        for number in range(30):
            await sender.send(chat_id, "alice", str(number))
            if number == 12:
                await store.messages.add_member(chat_id, "alice", "bob")
        assert len(log._live) <= 11
        seen += await take(batches, 30)
        assert sequences(seen) == list(range(1, 32))
        assert sum(isinstance(entry, MembershipChanged) for entry in seen) == 2


async def test_marks_and_reports_are_remembered(tmp_path: Path, clock: SettableClock) -> None:
    async with opened(tmp_path, clock) as (store, _):
        await store.marks.raise_to({"chat_a": 3})
        assert list(await store.marks.unreported([Finding("lost", "chat_a", 1, 2)])) != []
    async with opened(tmp_path, clock) as (store, _):
        assert [tuple(mark) for mark in await store.marks.read("", 5)] == [("chat_a", 3)]
        assert list(await store.marks.unreported([Finding("lost", "chat_a", 1, 2)])) == []


async def test_a_second_store_on_the_same_data_is_refused(tmp_path: Path, clock: SettableClock) -> None:
    async with opened(tmp_path, clock):
        with pytest.raises(BackendUnavailableError, match="in use by process"):
            async with opened(tmp_path, clock):
                pass


async def test_a_small_cache_of_chats_changes_nothing(tmp_path: Path, clock: SettableClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ChatCache.__init__, "__defaults__", (25,))
    async with opened(tmp_path, clock) as (store, sender):
        chats = [(await store.messages.create_chat("alice", ["bob", "carol"], None)).chat_id for _ in range(6)]
        for number in range(4):
            requests = [sender.request(chat_id, "bob", str(number)) for chat_id in chats]
            assert {outcome.sequence for outcome in await sender.send_all(requests) if not isinstance(outcome, Exception)} == {number + 1}
        assert (await store.messages.check()).problems == ()
