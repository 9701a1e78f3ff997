"""Ingest: one hand-over a turn, answers in order, every end counted."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from surewire.adapters.memory.store import MemoryStore, memory_store
from surewire.domain.message import Message
from surewire.durability.acknowledged import Acknowledged
from surewire.durability.ingest import DurableIngest
from surewire.errors import BackendUnavailableError, ClientError, SurewireError
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import MessageWriter, SequenceTakenError, WriteSink
from surewire.telemetry.instruments import DurabilityInstruments
from tests.contracts.open_store import claim_of
from tests.fakes.clock import SettableClock
from tests.unit.durability.instruments import new_instruments
from tests.unit.durability.origin import Origin


class SlowWriter:
    """A writer in front of another that holds everything until it is released, and can say that it is full."""

    def __init__(self, writer: MessageWriter) -> None:
        self._writer = writer
        self.held: list[list[SendRequest]] = []
        self.full = False

    def attach(self, sink: WriteSink) -> None:
        self._writer.attach(sink)

    def write(self, requests: list[SendRequest]) -> bool:
        if not self.full:
            self.held.append(requests)
        return not self.full

    def release(self) -> None:
        held, self.held = self.held, []
        for requests in held:
            assert self._writer.write(requests)


class Plane:
    def __init__(self, store: MemoryStore, clock: SettableClock, chat_id: str) -> None:
        self.store, self.clock, self.chat_id = store, clock, chat_id
        self.instruments: DurabilityInstruments = new_instruments()
        self.acknowledged = Acknowledged()
        self.writer = SlowWriter(store.message_writer)
        self.ingest = DurableIngest(self.writer, clock, self.instruments, self.acknowledged, max_waiting=10, timeout_s=5)
        self.origin = Origin()

    def submit(self, client_id: str, content: str = "hello", *, user: str = "alice", key: str = "") -> None:
        claim = claim_of(key) if key else None
        self.ingest.submit(SendRequest(self.origin, user, self.chat_id, client_id, content, "text/plain", 0.0, claim=claim))

    async def settle(self) -> Sequence[tuple[Message, bool] | SurewireError]:
        await asyncio.sleep(0)
        self.writer.release()
        await self.ingest.drained()
        return self.origin.answers

    def codes(self) -> list[str]:
        return [answer.code if isinstance(answer, ClientError) else "stored" for answer in self.origin.answers]

    def counted(self) -> dict[str, int]:
        d = self.instruments
        return {name: counter.n for name, counter in d.persist.items()} | {"acks": d.ack_sent["true"].n, "hits": d.idempotency_hits.n}


@pytest.fixture
async def plane() -> Plane:
    clock = SettableClock()
    store = memory_store(clock)
    return Plane(store, clock, (await store.messages.create_chat("alice", [], None)).chat_id)


async def test_what_comes_in_one_turn_is_handed_over_once(plane: Plane) -> None:
    for number in range(3):
        plane.submit(str(number))
    assert plane.writer.held == []
    await asyncio.sleep(0)
    plane.submit("3")
    await asyncio.sleep(0)
    assert [len(requests) for requests in plane.writer.held] == [3, 1]
    await plane.settle()
    assert plane.origin.answered == ["0", "1", "2", "3"]
    assert plane.ingest.waiting == 0


async def test_duplicates_conflicts_and_refusals_are_answered_in_order(plane: Plane) -> None:
    plane.submit("a")
    plane.submit("a")
    plane.submit("b", user="mallory")
    plane.submit("a", "other")
    plane.submit("c")
    answers = await plane.settle()
    assert plane.origin.answered == ["a", "a", "b", "a", "c"]
    assert plane.codes() == ["stored", "stored", "NOT_FOUND", "CONFLICT", "stored"]
    assert [answer[1] for answer in answers if isinstance(answer, tuple)] == [False, True, False]
    assert plane.counted() == {"success": 3, "error": 0, "timeout": 0, "acks": 3, "hits": 1}
    assert sum(plane.instruments.persist_duration.counts) == 3
    assert sum(plane.instruments.commit_batch_size.counts) == 1
    assert plane.acknowledged.highest == {plane.chat_id: 2}


async def test_a_duplicate_acknowledged_after_a_crash_is_remembered_for_the_auditor(plane: Plane) -> None:
    plane.submit("a")
    plane.submit("b")
    await plane.settle()
    # The process ended before it had noted what it acknowledged; the sender, without its answers, sends again to the next one.
    after_the_crash = Plane(plane.store, plane.clock, plane.chat_id)
    after_the_crash.submit("b")
    ((message, is_duplicate),) = [answer for answer in await after_the_crash.settle() if isinstance(answer, tuple)]
    assert (message.sequence, is_duplicate) == (2, True)
    assert after_the_crash.acknowledged.highest == {plane.chat_id: 2}
    after_the_crash.submit("a")
    await after_the_crash.settle()
    assert after_the_crash.acknowledged.highest == {plane.chat_id: 2}


async def test_a_repeated_key_counts_as_a_hit_and_is_no_acknowledgement(plane: Plane) -> None:
    plane.submit("a", key="k")
    plane.submit("a", key="k")
    await plane.settle()
    assert plane.counted() == {"success": 1, "error": 0, "timeout": 0, "acks": 1, "hits": 1}


async def test_a_failing_store_is_a_temporary_refusal_without_its_words(plane: Plane) -> None:
    plane.store.message_writer.problem = BackendUnavailableError("sqlite", "secret path")
    plane.submit("a")
    plane.submit("b")
    for error in await plane.settle():
        assert isinstance(error, ClientError)
        assert (error.code, error.temporary, error.retry_after_s) == ("UNAVAILABLE", True, 1.0)
        assert "secret" not in str(error)
    assert plane.counted() == {"success": 0, "error": 2, "timeout": 0, "acks": 0, "hits": 0}
    assert plane.acknowledged.highest == {}


async def test_a_broken_chat_is_refused_for_good_and_counted(plane: Plane) -> None:
    plane.store.message_writer.problem = SequenceTakenError("sqlite", "details")
    plane.submit("a")
    (error,) = await plane.settle()
    assert isinstance(error, ClientError)
    assert (error.code, error.temporary) == ("INTERNAL", False)
    assert plane.instruments.duplicate_sequence.n == 1


async def test_more_than_may_wait_is_refused_at_once(plane: Plane) -> None:
    for number in range(12):
        plane.submit(str(number))
    assert plane.codes() == ["UNAVAILABLE"] * 2
    assert plane.origin.answered == ["10", "11"]
    await plane.settle()
    assert plane.codes()[2:] == ["stored"] * 10
    plane.submit("again")
    await plane.settle()
    assert plane.codes()[-1] == "stored"


async def test_a_full_writer_refuses_the_turn(plane: Plane) -> None:
    plane.writer.full = True
    plane.submit("a")
    plane.submit("b")
    await plane.ingest.drained()
    assert plane.codes() == ["UNAVAILABLE"] * 2


async def test_a_disk_that_does_not_answer_is_given_up_and_its_late_answer_ignored(plane: Plane) -> None:
    plane.submit("a")
    await asyncio.sleep(0)
    plane.clock.advance(3)
    plane.submit("b")
    await asyncio.sleep(0)
    plane.ingest.give_up_overdue()
    assert plane.origin.answers == []
    plane.clock.advance(3)
    plane.ingest.give_up_overdue()
    plane.ingest.give_up_overdue()
    assert (plane.origin.answered, plane.codes()) == (["a"], ["UNAVAILABLE"])
    await plane.settle()
    assert plane.origin.answered == ["a", "b"]
    assert plane.counted() == {"success": 1, "error": 0, "timeout": 1, "acks": 1, "hits": 0}
    plane.submit("a")
    await plane.settle()
    assert plane.origin.answers[-1] == (plane.origin.answers[-1][0], True)  # type: ignore[index]


async def test_an_origin_that_fails_keeps_nothing_from_the_others(plane: Plane) -> None:
    class Broken(Origin):
        def send_committed(self, request: SendRequest, message: Message, duplicate: bool) -> None:
            raise RuntimeError("mine")

        def send_refused(self, request: SendRequest, error: SurewireError) -> None:
            raise RuntimeError("mine")

    for user in ("alice", "mallory"):
        plane.ingest.submit(SendRequest(Broken(), user, plane.chat_id, user, "hello", "text/plain", 0.0))
    plane.submit("c")
    await plane.settle()
    assert plane.codes() == ["stored"]
    assert plane.store.event_log.head == 2


async def test_draining_waits_for_what_is_gathered_and_what_is_written(plane: Plane) -> None:
    await plane.ingest.drained()
    plane.submit("a")
    waiting = [asyncio.ensure_future(plane.ingest.drained()) for _ in range(2)]
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    await plane.settle()
    await asyncio.gather(*waiting)


async def test_draining_does_not_wait_for_what_comes_later(plane: Plane) -> None:
    plane.submit("a")
    waiting = asyncio.ensure_future(plane.ingest.drained())
    await asyncio.sleep(0)
    plane.writer.release()
    plane.submit("b")
    await waiting
    assert plane.origin.answered == ["a"]
    assert plane.ingest.waiting == 1
    await plane.settle()
