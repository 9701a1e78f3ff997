"""From the log of committed messages to the router: in order, at least once, and never held up by one message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection
from contextlib import asynccontextmanager

import pytest

from surewire.adapters.memory.store import MemoryStore, memory_store
from surewire.contract.catalogue import load_metrics
from surewire.domain.message import Message
from surewire.errors import BackendCorruptError, BackendError, BackendUnavailableError
from surewire.fanout.membership import MembershipCache
from surewire.fanout.worker import FanoutWorker
from surewire.ports.event_log import CommittedMessage, MembershipChanged
from surewire.ports.router import Routed
from surewire.telemetry.instruments import FanoutInstruments, MessagingInstruments
from surewire.telemetry.registry import Registry
from tests.fakes.clock import SettableClock
from tests.fakes.plane import until_quiet
from tests.fakes.settable_loop import SettableLoop, run_without_time


class WrittenDown:
    """A router to people who are all here, but for those in `offline`; `fails` names messages that cannot be routed."""

    def __init__(self) -> None:
        self.routed: list[tuple[str, int, frozenset[str], object | None]] = []
        self.offline: set[str] = set()
        self.fails: set[int] = set()

    def route(self, message: Message, recipients: Collection[str], origin: object | None) -> Routed:
        if message.sequence in self.fails:
            raise RuntimeError("the secret is 42")
        self.routed.append((message.chat_id, message.sequence, frozenset(recipients), origin))
        others = set(recipients) - {message.sender_id}
        return Routed(len(others - self.offline), len(others & self.offline), 0)

    @property
    def sequences(self) -> list[int]:
        return [sequence for _, sequence, _, _ in self.routed]


class Running:
    """A worker over a log in memory."""

    def __init__(self, store: MemoryStore | None = None) -> None:
        self.clock = SettableClock()
        self.store = store or memory_store(self.clock)
        self.router = WrittenDown()
        registry = Registry(load_metrics())
        self.instruments, self.messaging = FanoutInstruments(registry), MessagingInstruments(registry)
        self.beats = 0
        members = MembershipCache(self.store.messages, self.instruments)
        self.worker = FanoutWorker(self.store.event_log, members, self.router, self.clock, self.instruments, self.messaging)

    @asynccontextmanager
    async def at_work(self) -> AsyncGenerator[Running]:
        task = asyncio.create_task(self.worker.run(self._beat))
        await until_quiet()
        try:
            yield self
        finally:
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task

    async def chat(self, *members: str) -> str:
        return (await self.store.messages.create_chat(members[0], members, None)).chat_id

    async def commit(self, chat_id: str, *sequences: int, origin: object | None = None, committed_at: float | None = None) -> None:
        at = self.clock.monotonic() if committed_at is None else committed_at
        head = self.store.event_log.head
        self.store.event_log.append([entry(head + n, chat_id, sequence, origin, at) for n, sequence in enumerate(sequences, 1)])
        await until_quiet()

    def _beat(self) -> None:
        self.beats += 1


def entry(position: int, chat_id: str, sequence: int, origin: object | None = None, committed_at: float = 0.0) -> CommittedMessage:
    message = Message(f"msg_{position}", chat_id, sequence, "alice", "hello", "text/plain", "2026-11-21T10:00:00.000000Z")
    return CommittedMessage(position, message, origin, committed_at)


async def test_messages_reach_the_router_in_the_order_of_their_commits_with_members_and_origin() -> None:
    async with Running().at_work() as running:
        one, two = await running.chat("alice", "bob"), await running.chat("alice", "carol")
        origin = object()
        await running.commit(one, 1, 2, origin=origin)
        await running.commit(two, 1)
        await running.commit(one, 3)
        both, other = frozenset({"alice", "bob"}), frozenset({"alice", "carol"})
        assert running.router.routed == [(one, 1, both, origin), (one, 2, both, origin), (two, 1, other, None), (one, 3, both, None)]
        assert running.instruments.events_consumed["messages.persisted"].n == 4
        assert running.instruments.events_processed["success"].n == 4
        assert running.instruments.membership_cache_misses.n == 2
        assert running.beats > 0


async def test_a_batch_longer_than_a_slice_keeps_its_order_and_its_cursor() -> None:
    async with Running().at_work() as running:
        chat_id = await running.chat("alice", "bob")
        await running.commit(chat_id, *range(1, 601))
        assert running.router.sequences == list(range(1, 601))
        assert await running.store.event_log.cursor("fanout") == 600
        assert running.instruments.consumer_lag["0"].current() == 0


async def test_after_a_restart_it_goes_on_where_it_stopped() -> None:
    first = Running()
    async with first.at_work():
        chat_id = await first.chat("alice", "bob")
        await first.commit(chat_id, 1, 2)
    await first.commit(chat_id, 3, 4)
    second = Running(first.store)
    async with second.at_work():
        assert second.router.sequences == [3, 4]


async def test_a_change_of_members_holds_for_the_messages_after_it() -> None:
    async with Running().at_work() as running:
        chat_id = await running.chat("alice", "bob")
        await running.commit(chat_id, 1)
        await running.store.messages.remove_member(chat_id, "alice", "bob")
        await running.commit(chat_id, 2)
        assert [members for _, _, members, _ in running.router.routed] == [{"alice", "bob"}, {"alice"}]
        assert running.instruments.events_consumed["memberships.changed"].n >= 1


async def test_a_chat_that_nobody_is_in_is_looked_up_once() -> None:
    async with Running().at_work() as running:
        chat_id = await running.chat("alice")
        running.store.messages._chats.all[chat_id].members.clear()
        await running.commit(chat_id, 1, 2, 3)
        assert running.instruments.membership_cache_misses.n == 1
        assert running.router.sequences == [1, 2, 3]


async def test_what_became_of_messages_is_counted() -> None:
    async with Running().at_work() as running:
        running.router.offline = {"carol"}
        chat_id, lonely = await running.chat("alice", "bob", "carol"), await running.chat("alice", "carol")
        await running.commit(chat_id, 1, 2)
        await running.commit(lonely, 1)
        delivery = running.instruments.delivery
        assert (delivery["delivered"].n, delivery["offline"].n, delivery["duplicate"].n, delivery["error"].n) == (2, 3, 0, 0)
        assert running.instruments.messages_delivered.n == 2


async def test_latency_runs_from_the_commit_once_per_member_reached() -> None:
    async with Running().at_work() as running:
        chat_id = await running.chat("alice", "bob", "carol")
        await running.commit(chat_id, 1, committed_at=running.clock.monotonic() - 0.25)
        latency = running.instruments.delivery_latency["true"]
        assert (sum(latency.counts), latency.sum) == (2, 0.5)
        assert running.messaging.e2e_latency.sum == 0.5


async def test_what_is_read_back_after_a_restart_has_no_latency() -> None:
    async with Running().at_work() as running:
        chat_id = await running.chat("alice", "bob")
        await running.commit(chat_id, 1, committed_at=0.0)
        assert sum(running.instruments.delivery_latency["true"].counts) == 0


async def test_a_message_of_a_chat_that_was_deleted_meanwhile_is_done_and_no_dead_letter() -> None:
    async with Running().at_work() as running:
        chat_id = await running.chat("alice", "bob")
        deleted = await running.chat("alice", "bob")
        await running.store.messages.delete_chat(deleted, "alice")
        await running.commit(deleted, 1)
        await running.commit(chat_id, 1)
        assert list(running.store.event_log.dead_letters) == []
        assert [routed_to for routed_to, _, _, _ in running.router.routed] == [chat_id]
        assert running.instruments.dlq_events["unknown_chat"].n == 0
        assert (running.instruments.events_processed["success"].n, running.instruments.events_processed["dead_letter"].n) == (2, 0)
        assert running.instruments.messages_delivered.n == 1
        assert await running.store.event_log.cursor("fanout") == 2


async def test_a_message_that_cannot_be_routed_becomes_a_dead_letter_without_its_words() -> None:
    async with Running().at_work() as running:
        running.router.fails = {2}
        chat_id = await running.chat("alice", "bob")
        await running.commit(chat_id, 1, 2, 3)
        assert running.router.sequences == [1, 3]
        ((_, letter, reason, detail),) = running.store.event_log.dead_letters
        assert (letter.message.sequence, reason, detail) == (2, "delivery_failed", "RuntimeError")
        assert running.instruments.delivery["error"].n == 1
        assert await running.store.event_log.cursor("fanout") == 3


class FailingMembers:
    """The members of a store, which fails a few times first."""

    def __init__(self, running: Running, *errors: BackendError) -> None:
        self._store, self.errors = running.store.messages, list(errors)
        running.worker._members._store = self  # type: ignore[assignment]

    async def members(self, chat_id: str) -> frozenset[str] | None:
        if self.errors:
            raise self.errors.pop(0)
        return await self._store.members(chat_id)


def test_a_store_that_cannot_be_read_holds_everything_back_until_it_can() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SettableLoop)
        async with Running().at_work() as running:
            chat_id = await running.chat("alice", "bob")
            failing = FailingMembers(running, *[BackendUnavailableError("sqlite", "busy")] * 9)
            await running.commit(chat_id, 1, 2)
            assert running.router.sequences == []
            assert running.instruments.consumer_lag["0"].current() == 2
            for _ in range(9):
                await loop.advance(5.0)
            assert failing.errors == []
            await until_quiet()
            assert running.router.sequences == [1, 2]
            assert running.store.event_log.dead_letters == []

    run_without_time(scenario())


async def test_a_chat_that_is_stored_wrong_becomes_a_dead_letter_and_holds_up_nobody() -> None:
    async with Running().at_work() as running:
        bad, good = await running.chat("alice", "bob"), await running.chat("alice", "bob")
        FailingMembers(running, BackendCorruptError("sqlite", "the members contradict themselves"))
        await running.commit(bad, 1)
        await running.commit(good, 1)
        assert [chat_id for chat_id, *_ in running.router.routed] == [good]
        assert running.instruments.dlq_events["delivery_failed"].n == 1


async def test_a_dead_letter_that_cannot_be_kept_does_not_stop_delivery(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise BackendUnavailableError("sqlite", "disk full")

    async with Running().at_work() as running:
        monkeypatch.setattr(running.store.event_log, "dead_letter", fail)
        chat_id = await running.chat("alice", "bob")
        await running.commit("chat_gone", 1)
        await running.commit(chat_id, 1)
        assert running.router.sequences == [1]


async def test_only_a_change_of_members_leaves_the_cursor_where_it_was() -> None:
    async with Running().at_work() as running:
        chat_id = await running.chat("alice", "bob")
        await running.commit(chat_id, 1)
        running.store.event_log.append([MembershipChanged(chat_id)])
        await until_quiet()
        assert await running.store.event_log.cursor("fanout") == 1
