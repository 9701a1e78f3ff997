"""What every `EventHistory` promises. An adapter's test class inherits this and says how it is opened."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from hashlib import sha256

import pytest
from msgspec import Raw

from surewire.domain.event import Event
from surewire.domain.ids import is_prefixed_ulid
from surewire.domain.instant import parse_instant
from surewire.domain.stream import PlacedEvents, StreamEvent
from surewire.errors import ClientError, SurewireError
from surewire.ports.event_history import EventHistory
from surewire.ports.idempotency import AlreadyAnsweredError, Answer, Claim
from tests.fakes.clock import SettableClock

__all__ = ["EventHistoryContract", "append", "claim_of", "events", "read_all", "titles"]

FULL_EVENT = Event(
    event_type="escalated",
    severity="P0",
    state="Escalated",
    source="llm-sentinel \U0001f980 \\ \" '",
    affected_resources=("api-1", "Čaj"),
    labels={"team": "edge", "quote": '"'},
    incident_id="inc_1",
    channel="pulse",
    priority="high",
    data=Raw(b'{"title": "\xc3\xa9\\u0000", "n": [1, 2.50, null], "deep": {"a": []}}'),
)


def events(*titles: str) -> list[Event]:
    return [Event(event_type="comment_added", priority="low", data=Raw(b'{"title":"%b"}' % title.encode())) for title in titles]


async def append(history: EventHistory, batch: Sequence[Event], claim: Claim | None = None) -> Sequence[StreamEvent]:
    """The events of the answer to an append; raises the error that came instead."""
    answer: asyncio.Future[PlacedEvents] = asyncio.get_running_loop().create_future()

    def done(result: PlacedEvents | SurewireError) -> None:
        if isinstance(result, SurewireError):
            answer.set_exception(result)
        else:
            answer.set_result(result)

    history.append(batch, done, claim)
    placed = await answer
    assert placed.epoch == history.epoch
    return placed.events


async def read_all(history: EventHistory, after: int = 0, limit: int = 100) -> list[StreamEvent]:
    found: list[StreamEvent] = []
    while page := await history.read(found[-1].offset if found else after, limit):
        found.extend(page)
    return found


def claim_of(key: str, *, body: bytes = b"", owner: str = "alice") -> Claim:
    def render(result: PlacedEvents) -> Answer:
        return Answer(202, ",".join(str(event.offset) for event in result.events).encode())

    return Claim(owner, "POST", "/v1/events", key, sha256(body).digest(), render)


def titles(found: Sequence[StreamEvent]) -> list[str]:
    return [bytes(event.event.data).decode()[10:-2] for event in found]


class EventHistoryContract:
    """Offsets, order, bounds and claims."""

    def open(
        self, clock: SettableClock, *, history_events: int = 1_000, history_s: float = 3_600.0, queue_events: int = 10_000
    ) -> AbstractAsyncContextManager[EventHistory]:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> SettableClock:
        return SettableClock()

    async def test_a_new_history_is_empty_and_has_an_epoch(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            assert (history.head, history.oldest) == (0, 1)
            assert history.epoch
            assert history.epoch.isalnum()
            assert list(await history.read(0, 10)) == []

    async def test_two_new_histories_have_different_epochs(self, clock: SettableClock) -> None:
        async with self.open(clock) as one:
            epoch = one.epoch
        async with self._another(clock) as other:
            assert other.epoch != epoch

    def _another(self, clock: SettableClock) -> AbstractAsyncContextManager[EventHistory]:
        return self.open(clock)

    async def test_events_get_neighbouring_offsets_ids_and_the_instant_of_their_commit(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            first = await append(history, events("a", "b"))
            clock.advance(1.5)
            second = await append(history, events("c"))
            placed = [*first, *second]
            assert [event.offset for event in placed] == [1, 2, 3]
            assert all(is_prefixed_ulid(event.message_id, "msg_") for event in placed)
            assert sorted(event.message_id for event in placed) == [event.message_id for event in placed]
            assert [event.created_micros for event in placed] == [clock.wall_micros - 1_500_000] * 2 + [clock.wall_micros]
            assert [parse_instant(event.timestamp) for event in placed] == [event.created_micros for event in placed]
            assert (history.head, history.oldest) == (3, 1)

    async def test_what_is_read_is_what_was_appended(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            placed = await append(history, [FULL_EVENT, Event("mood_event"), Event("utterance", data=Raw(b"null"))])
            assert [event.event for event in placed] == [FULL_EVENT, Event("mood_event"), Event("utterance", data=Raw(b"null"))]
            assert await read_all(history) == list(placed)

    async def test_reading_begins_after_an_offset_and_ends_at_the_limit(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            await append(history, events(*"abcdef"))
            assert titles(await history.read(2, 3)) == ["c", "d", "e"]
            assert titles(await history.read(5, 3)) == ["f"]
            assert titles(await history.read(6, 3)) == []
            assert titles(await history.read(99, 3)) == []

    @pytest.mark.parametrize("count", [1, 3, 4, 15, 16, 17, 100, 255, 256, 257, 341, 1_000])
    async def test_a_batch_of_any_size_is_stored_in_order(self, clock: SettableClock, count: int) -> None:
        async with self.open(clock) as history:
            placed = await append(history, events(*map(str, range(count))))
            assert await read_all(history, limit=300) == list(placed)
            assert titles(placed) == [str(number) for number in range(count)]

    async def test_big_events_come_over_several_reads(self, clock: SettableClock) -> None:
        big = Event("utterance", data=Raw(b'"' + b"x" * 300_000 + b'"'))
        async with self.open(clock) as history:
            placed = await append(history, [big] * 20)
            assert await read_all(history) == list(placed)

    async def test_appends_are_answered_in_the_order_they_were_given(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            answers: list[int] = []
            all_answered = asyncio.Event()

            def done(result: PlacedEvents | SurewireError) -> None:
                assert not isinstance(result, SurewireError)
                answers.extend(event.offset for event in result.events)
                if len(answers) == 100:
                    all_answered.set()

            for number in range(50):
                history.append(events(f"{number}a", f"{number}b"), done)
            await all_answered.wait()
            assert answers == list(range(1, 101))

    async def test_the_listener_hears_every_event_once_in_order_before_its_answer(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            heard: list[StreamEvent] = []
            history.listen(heard.extend)
            answers = await asyncio.gather(*(append(history, events(str(number))) for number in range(30)))
            assert heard == [event for answer in answers for event in answer]
            heard.clear()
            history.append(events("z"), lambda result: heard.clear())
            await append(history, events("y"))
            assert titles(heard) == ["y"]

    async def test_the_head_is_the_last_event_that_was_heard(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            seen: list[tuple[int, int]] = []
            history.listen(lambda heard: seen.append((heard[-1].offset, history.head)))
            await asyncio.gather(*(append(history, events("a", "b")) for _ in range(20)))
            assert all(head == offset for offset, head in seen)

    async def test_too_much_waiting_is_refused_for_now_and_nothing_else_is(self, clock: SettableClock) -> None:
        async with self.open(clock, queue_events=10) as history:
            results = await asyncio.gather(*(append(history, events(*"abc")) for _ in range(5)), return_exceptions=True)
            refused = [result for result in results if isinstance(result, ClientError)]
            assert [result.code for result in refused] == ["UNAVAILABLE"] * 2
            assert all(error.temporary and error.retry_after_s for error in refused)
            assert history.head == 9
            await append(history, events("a"))

    async def test_a_batch_over_the_limit_is_taken_when_nothing_waits(self, clock: SettableClock) -> None:
        async with self.open(clock, queue_events=2) as history:
            assert len(await append(history, events(*"abcdef"))) == 6

    async def test_only_the_newest_events_are_kept(self, clock: SettableClock) -> None:
        async with self.open(clock, history_events=5) as history:
            await append(history, events(*"abc"))
            await append(history, events(*"defg"))
            assert (history.oldest, history.head) == (3, 7)
            assert titles(await read_all(history)) == list("cdefg")
            await append(history, events(*"0123456789"))
            assert (history.oldest, history.head) == (13, 17)
            assert titles(await read_all(history)) == list("56789")

    async def test_old_events_go_with_the_next_append(self, clock: SettableClock) -> None:
        async with self.open(clock, history_s=60.0) as history:
            await append(history, events("a"))
            clock.advance(30)
            await append(history, events("b"))
            clock.advance(31)
            await append(history, events("c"))
            assert (history.oldest, history.head) == (2, 3)
            assert titles(await read_all(history)) == ["b", "c"]

    async def test_offsets_go_on_when_every_event_is_gone(self, clock: SettableClock) -> None:
        async with self.open(clock, history_s=60.0) as history:
            await append(history, events(*"abc"))
            clock.advance(61)
            await self.trim(history)
            assert (history.oldest, history.head) == (4, 3)
            assert await read_all(history) == []
            assert (await append(history, events("d")))[0].offset == 4
            assert history.oldest == 4

    async def test_however_many_are_too_old_they_all_go(self, clock: SettableClock) -> None:
        async with self.open(clock, history_events=5_000, history_s=60.0) as history:
            await append(history, events(*map(str, range(1_600))))
            clock.advance(61)
            await append(history, events("young"))
            await self.trim(history)
            assert titles(await read_all(history)) == ["young"]

    async def trim(self, history: EventHistory) -> None:
        """What an adapter does while it is idle."""
        raise NotImplementedError

    async def test_a_claim_is_answered_once_and_repeated(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            await append(history, events("a", "b"), claim_of("k", body=b"1"))
            with pytest.raises(AlreadyAnsweredError) as again:
                await append(history, events("a", "b"), claim_of("k", body=b"1"))
            assert again.value.answer == Answer(202, b"1,2")
            with pytest.raises(ClientError) as conflict:
                await append(history, events("c"), claim_of("k", body=b"2"))
            assert conflict.value.code == "CONFLICT"
            assert history.head == 2

    async def test_two_claims_with_one_key_at_the_same_time_have_one_effect(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            results = await asyncio.gather(*(append(history, events("a"), claim_of("k")) for _ in range(8)), return_exceptions=True)
            assert sum(isinstance(result, AlreadyAnsweredError) for result in results) == 7
            assert history.head == 1

    async def test_claims_of_two_users_do_not_meet(self, clock: SettableClock) -> None:
        async with self.open(clock) as history:
            await append(history, events("a"), claim_of("k", owner="alice"))
            await append(history, events("b"), claim_of("k", owner="bob", body=b"2"))
            assert history.head == 2

    async def test_a_claim_holds_for_24_hours(self, clock: SettableClock) -> None:
        async with self.open(clock, history_s=1_000_000.0) as history:
            await append(history, events("a"), claim_of("k"))
            clock.advance(24 * 3_600 - 1)
            with pytest.raises(AlreadyAnsweredError):
                await append(history, events("a"), claim_of("k"))
            clock.advance(2)
            await append(history, events("b"), claim_of("k", body=b"other"))
            assert history.head == 2
