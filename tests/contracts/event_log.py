"""What every `EventLog` promises: every commit, in order, at least once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager

import pytest

from surewire.ports.event_log import CommittedMessage, EventLog, LogEntry, MembershipChanged
from tests.contracts.open_store import OpenStore, Sender
from tests.fakes.clock import SettableClock

__all__ = ["EventLogContract", "sequences", "take"]


async def take(batches: AsyncIterator[Sequence[LogEntry]], messages: int) -> list[LogEntry]:
    """Entries until so many messages came."""
    entries: list[LogEntry] = []
    while sum(isinstance(entry, CommittedMessage) for entry in entries) < messages:
        entries += await anext(batches)
    return entries


def sequences(entries: Sequence[LogEntry]) -> list[int]:
    return [entry.message.sequence for entry in entries if isinstance(entry, CommittedMessage)]


class EventLogContract:
    def open(self, clock: SettableClock, *, max_members: int = 1_000, lobby: bool = True) -> AbstractAsyncContextManager[OpenStore]:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> SettableClock:
        return SettableClock()

    @pytest.fixture
    async def opened(self, clock: SettableClock) -> AsyncGenerator[OpenStore]:
        async with self.open(clock) as opened:
            yield opened

    @pytest.fixture
    def log(self, opened: OpenStore) -> EventLog:
        return opened.event_log

    @pytest.fixture
    def sender(self, opened: OpenStore) -> Sender:
        return Sender(opened.message_writer)

    @pytest.fixture
    async def chat_id(self, opened: OpenStore) -> str:
        return (await opened.messages.create_chat("alice", ["bob"], None)).chat_id

    async def test_what_is_stored_comes_first_and_then_what_is_committed(self, log: EventLog, sender: Sender, chat_id: str) -> None:
        for number in range(3):
            await sender.send(chat_id, "alice", str(number))
        batches = log.batches(0)
        stored = await take(batches, 3)
        waiting = asyncio.ensure_future(take(batches, 2))
        await sender.send_all([sender.request(chat_id, "bob", str(number)) for number in range(2)])
        assert sequences(stored + await waiting) == [1, 2, 3, 4, 5]

    async def test_positions_rise_and_the_head_is_the_newest(self, log: EventLog, sender: Sender, chat_id: str) -> None:
        assert log.head == 0
        await sender.send_all([sender.request(chat_id, "alice", str(number)) for number in range(5)])
        positions = [entry.position for entry in await take(log.batches(0), 5) if isinstance(entry, CommittedMessage)]
        assert positions == sorted(set(positions))
        assert log.head == positions[-1]

    async def test_a_live_entry_knows_its_origin_and_when_it_was_committed(
        self, log: EventLog, sender: Sender, clock: SettableClock, chat_id: str
    ) -> None:
        batches = log.batches(0)
        waiting = asyncio.ensure_future(take(batches, 1))
        await asyncio.sleep(0)
        message = await sender.send(chat_id, "alice", "a")
        entry = next(entry for entry in await waiting if isinstance(entry, CommittedMessage))
        assert (entry.message, entry.origin, entry.committed_at) == (message, sender, clock.monotonic())

    async def test_duplicates_and_refusals_are_no_entries(self, log: EventLog, sender: Sender, chat_id: str) -> None:
        await sender.send_all([sender.request(chat_id, user, "a") for user in ("alice", "alice", "mallory", "bob")])
        assert sequences(await take(log.batches(0), 2)) == [1, 2]
        assert log.head == (await take(log.batches(0), 2))[-1].position  # type: ignore[union-attr]

    async def test_changes_of_members_come_between_the_messages_around_them(self, opened: OpenStore, sender: Sender, chat_id: str) -> None:
        batches = opened.event_log.batches(opened.event_log.head)
        waiting = asyncio.ensure_future(take(batches, 2))
        await asyncio.sleep(0)
        await sender.send(chat_id, "alice", "a")
        await opened.messages.add_member(chat_id, "alice", "carol")
        await opened.messages.add_member(chat_id, "alice", "carol")
        await sender.send(chat_id, "carol", "b")
        entries = await waiting
        kinds = ["changed" if isinstance(entry, MembershipChanged) else entry.message.sender_id for entry in entries]
        assert kinds[kinds.index("alice") :] == ["alice", "changed", "carol"]

    async def test_every_change_of_members_is_told(self, opened: OpenStore, chat_id: str) -> None:
        batches = opened.event_log.batches(0)
        store = opened.messages
        changes = (
            store.add_member(chat_id, "alice", "carol"),
            store.remove_member(chat_id, "carol", "carol"),
            store.delete_chat(chat_id, "alice"),
        )
        entries: list[LogEntry] = []
        for change in changes:
            await change
            entries += await anext(batches)
        told = [entry.chat_id for entry in entries if isinstance(entry, MembershipChanged)]
        assert len(told) >= 3
        assert set(told) == {chat_id}

    async def test_a_new_consumer_begins_at_the_head_and_a_known_one_where_it_was(
        self, log: EventLog, sender: Sender, chat_id: str
    ) -> None:
        await sender.send(chat_id, "alice", "a")
        begin = await log.cursor("fanout")
        assert begin == log.head
        await sender.send(chat_id, "alice", "b")
        assert await log.cursor("fanout") == begin
        assert await log.cursor("other") == log.head

    async def test_a_consumer_that_comes_back_gets_what_it_did_not_finish(self, log: EventLog, sender: Sender, chat_id: str) -> None:
        cursor = await log.cursor("fanout")
        batches = log.batches(cursor)
        for number in range(4):
            await sender.send(chat_id, "alice", str(number))
        entries = [entry for entry in await take(batches, 4) if isinstance(entry, CommittedMessage)]
        await sender.send(chat_id, "bob", "later")
        assert sequences(await take(log.batches(entries[1].position), 3)) == [3, 4, 5]

    async def test_a_dead_letter_is_taken(self, log: EventLog, sender: Sender, chat_id: str) -> None:
        await sender.send(chat_id, "alice", "a")
        entry = (await take(log.batches(0), 1))[-1]
        assert isinstance(entry, CommittedMessage)
        await log.dead_letter("fanout", entry, "delivery_failed", "a sentence")
