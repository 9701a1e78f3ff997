"""The plane: its loops run and beat, and leaving it stores what is gathered."""

from __future__ import annotations

import asyncio

import pytest

from surewire.adapters.memory.store import memory_store
from surewire.config.model import Config
from surewire.durability import plane as plane_module
from surewire.durability.plane import durability_plane
from surewire.durability.retention import Retention
from surewire.errors import BackendUnavailableError
from surewire.ports.ingest import SendRequest
from surewire.ports.message_store import WatermarkUpdate
from surewire.telemetry.readiness import Readiness
from tests.contracts.open_store import Sender
from tests.fakes.clock import SettableClock
from tests.unit.durability.instruments import new_instruments
from tests.unit.durability.origin import Origin


async def test_leaving_answers_what_waits_and_stores_receipts_and_marks() -> None:
    clock = SettableClock()
    store = memory_store(clock)
    chat_id = (await store.messages.create_chat("alice", ["bob"], None)).chat_id
    origin = Origin()
    async with durability_plane(store, Config(), clock, new_instruments(), Readiness(clock)) as plane:
        plane.ingest.submit(SendRequest(origin, "alice", chat_id, "a", "hello", "text/plain", 0.0))
        await plane.drained()
        plane.receipts.acknowledge(WatermarkUpdate("bob", "read", chat_id, 1))
        plane.ingest.submit(SendRequest(origin, "alice", chat_id, "b", "hello", "text/plain", 0.0))
    assert [answer[0].sequence for answer in origin.answers if isinstance(answer, tuple)] == [1, 2]
    assert (await store.messages.delivery(chat_id, "bob")).members[1].read_sequence == 1
    assert [tuple(mark) for mark in await store.marks.read("", 9)] == [(chat_id, 2)]


async def test_every_loop_is_in_the_readiness_report_and_beats() -> None:
    clock = SettableClock()
    readiness = Readiness(clock)
    async with durability_plane(memory_store(clock), Config(), clock, new_instruments(), readiness):
        for _ in range(5):
            await asyncio.sleep(0)
        report = await readiness.report()
        assert report.loops.keys() == {"receipts", "acknowledged_marks", "auditor", "retention", "overdue_messages"}
        assert report.ready
        clock.advance(10)
        assert "receipts" in " ".join((await readiness.report()).reasons)


async def test_the_store_is_available_until_it_has_a_problem() -> None:
    clock = SettableClock()
    store, instruments = memory_store(clock), new_instruments()
    async with durability_plane(store, Config(), clock, instruments, Readiness(clock)):
        assert instruments.store_available["sqlite"].current() == 1
        store.message_writer.problem = BackendUnavailableError("memory", "no")
        assert instruments.store_available["sqlite"].current() == 0


async def test_a_loop_whose_store_fails_goes_on_and_beats_only_for_its_successes() -> None:
    attempts: list[str] = []
    beats: list[str] = []
    worked_twice = asyncio.Event()

    async def work(_: object) -> None:
        attempts.append("attempt")
        if len(attempts) == 1:
            raise BackendUnavailableError("memory", "no")
        if len(attempts) == 3:
            worked_twice.set()
            await asyncio.Event().wait()

    loop = asyncio.ensure_future(plane_module._repeat("test", 0, work, lambda: beats.append("beat")))
    await worked_twice.wait()
    loop.cancel()
    assert (len(attempts), len(beats)) == (3, 1)


async def test_retention_removes_everything_that_is_too_old_and_nothing_else() -> None:
    clock = SettableClock()
    store = memory_store(clock)
    chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
    sender = Sender(store.message_writer)
    for number in range(1_200):
        await sender.send(chat_id, "alice", str(number))
    clock.advance(2 * 86_400)
    await sender.send(chat_id, "alice", "new")
    retention = Retention(store.messages, clock, 1.0)
    assert await retention.remove_old(lambda: None) == 1_200
    assert await retention.remove_old(lambda: None) == 0
    assert (await store.messages.history(chat_id, "alice", before=None, after=None, limit=9)).messages[0].sequence == 1_201


async def test_retention_beats_after_every_batch_so_that_much_to_remove_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SettableClock()
    store = memory_store(clock)
    chat_id = (await store.messages.create_chat("alice", [], None)).chat_id
    sender = Sender(store.message_writer)
    await sender.send_all([sender.request(chat_id, "alice", str(number)) for number in range(2_100)])
    clock.advance(2 * 86_400)
    pulse = Readiness(clock).loop("retention", 60.0)
    prune = store.messages.prune
    stalled: list[bool] = []

    async def prune_slowly(older_than_micros: int, limit: int) -> int:
        clock.advance(100)
        stalled.append(pulse.state().stalled)
        return await prune(older_than_micros, limit)

    monkeypatch.setattr(store.messages, "prune", prune_slowly)
    pulse.beat()
    assert await Retention(store.messages, clock, 1.0).remove_old(pulse.beat) == 2_100
    assert stalled == [False] * 6


async def test_leaving_does_not_wait_for_ever_for_a_disk_that_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plane_module, "_REST_S", 0.0)
    clock = SettableClock()
    store = memory_store(clock)
    monkeypatch.setattr(store.message_writer, "write", lambda _: True)
    origin = Origin()
    async with durability_plane(store, Config(), clock, new_instruments(), Readiness(clock)) as plane:
        plane.ingest.submit(SendRequest(origin, "alice", "chat_x", "a", "hello", "text/plain", 0.0))
        await asyncio.sleep(0)
    assert origin.answers == []


async def test_leaving_while_the_store_fails_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = SettableClock()
    store = memory_store(clock)

    async def fail(_: object) -> None:
        raise BackendUnavailableError("memory", "no")

    async with durability_plane(store, Config(), clock, new_instruments(), Readiness(clock)) as plane:
        monkeypatch.setattr(store.messages, "acknowledge", fail)
        plane.receipts.acknowledge(WatermarkUpdate("bob", "read", "chat_x", 1))
