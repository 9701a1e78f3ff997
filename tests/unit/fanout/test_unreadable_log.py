"""A log that cannot be read stops delivery and nothing else: it waits, goes on by itself, and neither skips nor repeats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from surewire.adapters.memory.event_log import MemoryEventLog
from surewire.adapters.memory.store import memory_store
from surewire.adapters.sqlite import readers
from surewire.adapters.sqlite.store import OpenSqliteStore, open_sqlite_store
from surewire.config.model import SqliteStore
from surewire.contract.catalogue import load_metrics
from surewire.domain.message import Message
from surewire.errors import BackendUnavailableError
from surewire.fanout.membership import MembershipCache
from surewire.fanout.worker import FanoutWorker
from surewire.ports.event_log import LogEntry, MembershipChanged
from surewire.ports.router import Routed
from surewire.telemetry.instruments import FanoutInstruments, MessagingInstruments
from surewire.telemetry.registry import Registry
from tests.contracts.open_store import Sender
from tests.fakes.clock import SettableClock
from tests.fakes.plane import until_quiet
from tests.fakes.settable_loop import SettableLoop, run_without_time
from tests.unit.fanout.test_worker import Running, WrittenDown


class FailingLog(MemoryEventLog):
    """A log in memory. So many of the next reads fail: `cursors` of where to begin, `reads` of entries. `begun` is every beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.cursors = self.reads = 0
        self.begun: list[int] = []

    async def cursor(self, consumer: str) -> int:
        position = await super().cursor(consumer)
        if self.cursors:
            self.cursors -= 1
            raise BackendUnavailableError("sqlite", "too many writes wait")
        return position

    async def batches(self, after: int) -> AsyncIterator[Sequence[LogEntry]]:
        self.begun.append(after)
        async for batch in super().batches(after):
            if self.reads:
                self.reads -= 1
                raise BackendUnavailableError("sqlite", "too many reads wait")
            yield batch


def running_on(log: FailingLog) -> Running:
    return Running(replace(memory_store(SettableClock()), event_log=log))


async def let_pass(seconds: float) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, SettableLoop)
    await loop.advance(seconds)
    await until_quiet()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def without_time(scenario: Callable[[], Coroutine[object, object, None]]) -> None:
    run_without_time(scenario())


def test_a_log_that_cannot_be_read_holds_everything_back_until_it_can(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        log = FailingLog()
        async with running_on(log).at_work() as running:
            chat_id = await running.chat("alice", "bob")
            log.reads = 9
            await running.commit(chat_id, 1, 2)
            for _ in range(8):
                await let_pass(5.0)
            assert (running.router.sequences, running.beats) == ([], 0)
            assert running.instruments.consumer_lag["0"].current() == 2
            await let_pass(5.0)
            assert (running.router.sequences, running.beats) == ([1, 2], 1)
            assert running.instruments.consumer_lag["0"].current() == 0
            assert warnings(caplog) == ["the log cannot be read, delivery waits: sqlite: too many reads wait"] * 9

    without_time(scenario)


def test_it_goes_on_behind_what_is_done_and_delivers_nothing_twice() -> None:
    async def scenario() -> None:
        log = FailingLog()
        async with running_on(log).at_work() as running:
            chat_id = await running.chat("alice", "bob")
            await running.commit(chat_id, 1, 2)
            log.reads = 1
            await running.commit(chat_id, 3)
            await running.commit(chat_id, 4)
            assert running.router.sequences == [1, 2]
            await let_pass(0.05)
            await running.commit(chat_id, 5)
            assert running.router.sequences == [1, 2, 3, 4, 5]
            assert log.begun == [0, 2]
            assert await log.cursor("fanout") == 5

    without_time(scenario)


def test_a_read_that_works_makes_the_next_wait_short_again() -> None:
    async def scenario() -> None:
        log = FailingLog()
        async with running_on(log).at_work() as running:
            chat_id = await running.chat("alice", "bob")
            log.reads = 9
            await running.commit(chat_id, 1)
            for _ in range(9):
                await let_pass(5.0)
            log.reads = 1
            await running.commit(chat_id, 2)
            assert running.router.sequences == [1]
            await let_pass(0.05)
            assert running.router.sequences == [1, 2]

    without_time(scenario)


def test_a_beginning_that_cannot_be_read_is_waited_for_too(caplog: pytest.LogCaptureFixture) -> None:
    async def scenario() -> None:
        log = FailingLog()
        log.cursors = 3
        async with running_on(log).at_work() as running:
            chat_id = await running.chat("alice", "bob")
            await running.commit(chat_id, 1)
            assert running.router.sequences == []
            for _ in range(3):
                await let_pass(5.0)
            assert running.router.sequences == [1]
            assert warnings(caplog) == ["the cursor cannot be read, delivery waits: sqlite: too many writes wait"] * 3

    without_time(scenario)


def test_a_change_of_members_that_comes_meanwhile_holds_for_the_messages_after_it() -> None:
    async def scenario() -> None:
        log = FailingLog()
        running = running_on(log)
        async with running.at_work():
            chat_id = await running.chat("alice", "bob")
            await running.commit(chat_id, 1)
            log.reads = 1
            await running.commit(chat_id, 2)
            await running.store.messages.remove_member(chat_id, "alice", "bob")
            log.append([MembershipChanged(chat_id)])
            await running.commit(chat_id, 3)
            await let_pass(0.05)
            assert running.router.sequences == [1, 2, 3]
            assert running.router.routed[-1][2] == {"alice"}

    without_time(scenario)


@pytest.mark.parametrize(("cursors", "reads"), [(99, 0), (0, 99)], ids=["the cursor", "the log"])
def test_who_waits_for_the_store_ends_at_once_when_cancelled(cursors: int, reads: int) -> None:
    async def scenario() -> None:
        log = FailingLog()
        log.cursors, log.reads = cursors, reads
        async with running_on(log).at_work() as running:
            await running.commit(await running.chat("alice", "bob"), 1)
        assert running.router.sequences == []

    without_time(scenario)


class Awaited(WrittenDown):
    """A router that one can wait for."""

    def __init__(self) -> None:
        super().__init__()
        self.more = asyncio.Event()

    def route(self, message: Message, recipients: Collection[str], origin: object | None) -> Routed:
        routed = super().route(message, recipients, origin)
        self.more.set()
        return routed

    async def until(self, count: int) -> None:
        async with asyncio.timeout(30):
            while len(self.routed) < count:
                self.more.clear()
                await self.more.wait()


def worker_on(store: OpenSqliteStore, router: Awaited) -> FanoutWorker:
    registry = Registry(load_metrics())
    instruments = FanoutInstruments(registry)
    members = MembershipCache(store.messages, instruments)
    return FanoutWorker(store.event_log, members, router, SettableClock(), instruments, MessagingInstruments(registry))


async def test_a_file_that_too_many_read_stops_delivery_only_as_long_as_they_do(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with open_sqlite_store(tmp_path, SqliteStore(), SettableClock()) as store:
        sender = Sender(store.message_writer)
        chat_id = (await store.messages.create_chat("alice", ["bob"], None)).chat_id
        assert await store.event_log.cursor("fanout") == 0
        for number in range(3):
            await sender.send(chat_id, "alice", str(number))
    async with open_sqlite_store(tmp_path, SqliteStore(), SettableClock()) as store:
        router, sender = Awaited(), Sender(store.message_writer)
        with monkeypatch.context() as crowded:
            crowded.setattr(readers, "_MAX_WAITING", 0)
            task = asyncio.create_task(worker_on(store, router).run(lambda: None))
            await sender.send(chat_id, "alice", "3")
            await store.messages.add_member(chat_id, "alice", "carol")
            await until_quiet()
            assert warnings(caplog)[0] == "the log cannot be read, delivery waits: sqlite: too many reads wait"
            assert router.routed == []
        await sender.send(chat_id, "alice", "4")
        await router.until(5)
        await sender.send(chat_id, "alice", "5")
        await router.until(6)
        assert router.sequences == [1, 2, 3, 4, 5, 6]
        assert router.routed[-1][2] == {"alice", "bob", "carol"}
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
