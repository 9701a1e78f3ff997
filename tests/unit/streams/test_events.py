"""Publishing and recovering, rule by rule, over the history in memory."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

import pytest
from msgspec import Raw

from surewire.adapters.memory.event_history import MemoryEventHistory
from surewire.domain.event import Event
from surewire.domain.filters import Filters
from surewire.domain.stream import PlacedEvents, Position, StreamEvent
from surewire.errors import BackendUnavailableError, ClientError
from surewire.ports.event_history import AppendDone
from surewire.ports.event_stream import RecoveredPage
from surewire.ports.idempotency import AlreadyAnsweredError, Claim
from surewire.streams.events import DurableEventStream, event_stream
from tests.contracts.event_history import claim_of
from tests.fakes.clock import SettableClock

EVERYTHING = Filters()


class Subscriber:
    """Writes down what came live."""

    def __init__(self) -> None:
        self.offsets: list[int] = []
        self.events: list[tuple[StreamEvent, str]] = []

    def event_committed(self, event: StreamEvent, epoch: str) -> None:
        self.offsets.append(event.offset)
        self.events.append((event, epoch))


@asynccontextmanager
async def running(
    *, history_events: int = 10_000, tail_bytes: int = 10**9, stored: int = 0, queue_events: int = 10_000
) -> AsyncGenerator[tuple[DurableEventStream, Subscriber]]:
    """A stream; `stored` events were published in an earlier life."""
    clock = SettableClock()
    history = MemoryEventHistory(clock, history_events=history_events, history_s=60.0, queue_events=queue_events)
    subscriber = Subscriber()
    if stored:
        async with event_stream(history, Subscriber(), history_events=history_events) as earlier:
            await earlier.publish(numbered(stored))
    async with event_stream(history, subscriber, history_events=history_events, tail_bytes=tail_bytes) as stream:
        yield stream, subscriber


def numbered(count: int, size: int = 0) -> list[Event]:
    return [Event("even" if number % 2 == 0 else "odd", data=Raw(b'"%d%b"' % (number, b"x" * size))) for number in range(1, count + 1)]


async def recover(stream: DurableEventStream, offset: int, filters: Filters = EVERYTHING, epoch: str | None = None) -> RecoveredPage:
    page = stream.recover(Position(epoch or stream.head.epoch, offset), filters)
    return page if isinstance(page, RecoveredPage) else await page


def offsets(page: RecoveredPage) -> list[int]:
    return [event.offset for event in page.events]


async def test_published_events_are_answered_and_delivered_in_order_with_their_epoch() -> None:
    async with running() as (stream, subscriber):
        assert stream.head.offset == 0
        answers = await asyncio.gather(*(stream.publish(numbered(3)) for _ in range(4)))
        placed = [event for answer in answers for event in answer.events]
        assert {answer.epoch for answer in answers} == {stream.head.epoch}
        assert [event.offset for event in placed] == list(range(1, 13))
        assert subscriber.events == [(event, stream.head.epoch) for event in placed]
        assert stream.head.offset == 12


async def test_a_publisher_is_answered_after_the_delivery() -> None:
    async with running() as (stream, subscriber):
        await stream.publish(numbered(2))
        assert subscriber.offsets == [1, 2]


async def test_priority_is_filled_in_before_an_event_is_stored() -> None:
    async with running() as (stream, subscriber):
        await stream.publish([Event("incident_created", severity="P0"), Event("comment_added", priority="high")])
        assert [event.event.priority for event, _ in subscriber.events] == ["critical", "high"]


async def test_publishing_nothing_does_nothing() -> None:
    async with running() as (stream, subscriber):
        assert await stream.publish([]) == PlacedEvents(stream.head.epoch, ())
        assert subscriber.offsets == []


async def test_an_event_of_exactly_64_kib_is_taken_and_a_larger_one_spoils_its_batch() -> None:
    largest = 65_536 - len(b'{"event_type":"x","priority":"normal","data":""}')
    fits, too_large = (Event("x", data=Raw(b'"' + b"x" * size + b'"')) for size in (largest, largest + 1))
    async with running() as (stream, subscriber):
        await stream.publish([fits])
        with pytest.raises(ClientError, match="65,536") as refused:
            await stream.publish([fits, too_large])
        assert (refused.value.code, refused.value.path) == ("TOO_LARGE", "events[1]")
        assert subscriber.offsets == [1]


async def test_data_that_not_every_reader_can_read_is_refused() -> None:
    async with running() as (stream, _):
        with pytest.raises(ClientError) as refused:
            await stream.publish([Event("x"), Event("x", data=Raw(b"1e999"))])
        assert (refused.value.code, refused.value.path) == ("INVALID_MESSAGE", "events[1].data")


async def test_a_stored_event_does_not_keep_the_request_it_came_in() -> None:
    request = b'{"title":"x"}' + b" " * 100_000
    async with running() as (stream, subscriber):
        await stream.publish([Event("x", data=Raw(memoryview(request)[:13]))])
        assert bytes(subscriber.events[0][0].event.data) == b'{"title":"x"}'
        assert memoryview(subscriber.events[0][0].event.data).obj is not request


async def test_who_no_longer_waits_publishes_all_the_same() -> None:
    async with running() as (stream, subscriber):
        publisher = asyncio.create_task(stream.publish(numbered(2)))
        await asyncio.sleep(0)
        publisher.cancel()
        await stream.publish(numbered(1))
        assert subscriber.offsets == [1, 2, 3]


async def test_too_much_waiting_is_unavailable_for_now() -> None:
    async with running(queue_events=5) as (stream, _):
        results = await asyncio.gather(stream.publish(numbered(4)), stream.publish(numbered(4)), return_exceptions=True)
        refused = results[1]
        assert isinstance(refused, ClientError)
        assert (refused.code, refused.temporary) == ("UNAVAILABLE", True)


async def test_a_history_that_fails_is_unavailable_and_tells_nothing_of_its_inside() -> None:
    class Failing(MemoryEventHistory):
        def append(self, events: Sequence[Event], done: AppendDone, claim: Claim | None = None) -> None:
            done(BackendUnavailableError("sqlite", "disk /secret does not write"))

    history = Failing(SettableClock(), history_events=10, history_s=60.0, queue_events=10)
    async with event_stream(history, Subscriber(), history_events=10) as stream:
        with pytest.raises(ClientError) as refused:
            await stream.publish(numbered(1))
        assert (refused.value.code, refused.value.temporary) == ("UNAVAILABLE", True)
        assert "secret" not in str(refused.value)


async def test_a_claim_passes_through_to_the_history() -> None:
    async with running() as (stream, subscriber):
        await stream.publish(numbered(2), claim_of("k"))
        with pytest.raises(AlreadyAnsweredError):
            await stream.publish(numbered(2), claim_of("k"))
        assert subscriber.offsets == [1, 2]


async def test_a_mistake_of_the_subscriber_is_reported_and_keeps_nothing_from_the_next_events() -> None:
    class Clumsy(Subscriber):
        def event_committed(self, event: StreamEvent, epoch: str) -> None:
            super().event_committed(event, epoch)
            if event.offset == 1:
                raise LookupError

    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    history = MemoryEventHistory(SettableClock(), history_events=10, history_s=60.0, queue_events=10)
    subscriber = Clumsy()
    async with event_stream(history, subscriber, history_events=10) as stream:
        assert len((await stream.publish(numbered(3))).events) == 3
    assert subscriber.offsets == [1, 2, 3]
    assert [type(error) for error in reported] == [LookupError]


async def test_a_recovery_from_memory_is_answered_at_once() -> None:
    async with running(stored=10) as (stream, _):
        page = stream.recover(Position(stream.head.epoch, 4), EVERYTHING)
        assert isinstance(page, RecoveredPage)
        assert offsets(page) == [5, 6, 7, 8, 9, 10]
        assert (page.start, page.end, page.complete, page.has_more, page.reason) == (4, 10, True, False, None)


async def test_a_recovery_of_what_memory_no_longer_holds_is_awaited_and_ends_with_memory() -> None:
    async with running(stored=1_300, tail_bytes=1) as (stream, _):
        pending = stream.recover(Position(stream.head.epoch, 1_100), EVERYTHING)
        assert inspect.isawaitable(pending)
        page = await pending
        assert offsets(page) == list(range(1_101, 1_301))
        assert (page.complete, page.has_more) == (True, False)


async def test_only_what_matches_comes_and_the_end_is_what_was_looked_at() -> None:
    async with running(stored=9) as (stream, _):
        page = await recover(stream, 2, Filters(event_types=("even",)))
        assert (offsets(page), page.end, page.has_more) == ([4, 6, 8], 9, False)
        page = await recover(stream, 2, Filters(event_types=("none",)))
        assert (offsets(page), page.start, page.end, page.has_more) == ([], 2, 9, False)


async def test_a_recovery_at_the_head_is_empty_and_complete() -> None:
    async with running(stored=3) as (stream, _):
        assert await recover(stream, 3) == RecoveredPage(stream.head.epoch, events=(), start=3, end=3, complete=True, has_more=False)
    async with running() as (stream, _):
        assert await recover(stream, 0) == RecoveredPage(stream.head.epoch, events=(), start=0, end=0, complete=True, has_more=False)


async def test_an_offset_above_the_head_is_refused() -> None:
    async with running(stored=3) as (stream, _):
        with pytest.raises(ClientError) as refused:
            await recover(stream, 4)
        assert (refused.value.code, refused.value.path) == ("INVALID_MESSAGE", "since.offset")


@pytest.mark.parametrize("tail_bytes", [1, 10**9])
async def test_what_retention_removed_is_reported_and_the_rest_follows(tail_bytes: int) -> None:
    async with running(history_events=5, stored=20, tail_bytes=tail_bytes) as (stream, _):
        page = await recover(stream, 14)
        assert (page.start, page.end, page.complete, page.reason) == (15, 20, False, "history_exceeded")
        assert offsets(page) == [16, 17, 18, 19, 20]
        assert (await recover(stream, 15)).complete, "nothing is missing after the last one that was removed"


@pytest.mark.parametrize("offset", [0, 3, 20, 10**18])
async def test_a_position_of_another_epoch_gets_all_that_is_kept(offset: int) -> None:
    async with running(history_events=5, stored=20) as (stream, _):
        page = await recover(stream, offset, epoch="another")
        assert (page.start, page.end, page.complete, page.reason) == (15, 20, False, "epoch_changed")
        assert offsets(page) == [16, 17, 18, 19, 20]


@pytest.mark.parametrize("tail_bytes", [1, 300_000, 10**9])
async def test_a_page_holds_at_most_500_events(tail_bytes: int) -> None:
    async with running(stored=1_201, tail_bytes=tail_bytes) as (stream, _):
        first = await recover(stream, 0)
        assert (offsets(first), first.end, first.has_more) == (list(range(1, 501)), 500, True)
        last = await recover(stream, 701)
        assert (offsets(last), last.end, last.has_more) == (list(range(702, 1_202)), 1_201, False)


async def test_a_page_that_ends_one_event_before_the_head_says_so() -> None:
    async with running(stored=501) as (stream, _):
        page = await recover(stream, 0)
        assert (page.end, page.has_more) == (500, True)


async def test_what_the_disk_has_and_nobody_was_told_yet_is_in_no_page() -> None:
    class Ahead(MemoryEventHistory):
        async def read(self, after: int, limit: int) -> Sequence[StreamEvent]:
            ahead = StreamEvent(self.head + 1, "msg_ahead", "", 0, Event("ahead"))
            return [*await super().read(after, limit), ahead][:limit]

    history = Ahead(SettableClock(), history_events=100, history_s=60.0, queue_events=100)
    async with event_stream(history, Subscriber(), history_events=100) as stream:
        await stream.publish(numbered(10))
    async with event_stream(history, Subscriber(), history_events=1) as stream:
        page = await recover(stream, 0)
        assert (offsets(page), page.end, page.has_more) == (list(range(1, 11)), 10, False)


async def test_a_page_that_retention_overtakes_ends_before_the_gap_and_the_next_one_reports_it() -> None:
    class Overtaking(MemoryEventHistory):
        async def read(self, after: int, limit: int) -> Sequence[StreamEvent]:
            found = await super().read(after, limit)
            while after == 0 and self.oldest <= 700:
                self._events.popleft()
            return found

    history = Overtaking(SettableClock(), history_events=2_000, history_s=60.0, queue_events=2_000)
    async with event_stream(history, Subscriber(), history_events=2_000) as stream:
        await stream.publish(numbered(1_300))
    async with event_stream(history, Subscriber(), history_events=1) as stream:
        wanted = Filters(event_types=("even",))
        first = await recover(stream, 0, wanted)
        assert (first.start, first.end, first.complete, first.has_more) == (0, 500, True, True)
        assert offsets(first) == list(range(2, 501, 2))
        second = await recover(stream, first.end, wanted)
        assert (second.start, second.end, second.reason, second.has_more) == (700, 1_300, "history_exceeded", False)
        assert offsets(second) == list(range(702, 1_301, 2))


async def test_a_page_that_retention_overtakes_at_its_start_begins_behind_the_gap() -> None:
    class Late(MemoryEventHistory):
        async def read(self, after: int, limit: int) -> Sequence[StreamEvent]:
            while after == 10 and self.oldest <= 40:
                self._events.popleft()
            return await super().read(after, limit)

    history = Late(SettableClock(), history_events=100, history_s=60.0, queue_events=100)
    async with event_stream(history, Subscriber(), history_events=100) as stream:
        await stream.publish(numbered(50))
    async with event_stream(history, Subscriber(), history_events=1) as stream:
        page = await recover(stream, 10)
        assert (page.start, page.end, page.reason, offsets(page)) == (40, 50, "history_exceeded", list(range(41, 51)))


async def test_a_page_names_the_epoch_of_its_events_when_another_begins_and_the_next_one_reports_it() -> None:
    class Restored(MemoryEventHistory):
        async def read(self, after: int, limit: int) -> Sequence[StreamEvent]:
            found = await super().read(after, limit)
            if after == 500:
                self.epoch = "later"
            return found

    history = Restored(SettableClock(), history_events=2_000, history_s=60.0, queue_events=2_000)
    async with event_stream(history, Subscriber(), history_events=2_000) as stream:
        await stream.publish(numbered(1_300))
    earlier = history.epoch
    async with event_stream(history, Subscriber(), history_events=1) as stream:
        first = await recover(stream, 0, Filters(event_types=("even",)))
        assert (first.epoch, first.end, first.has_more) == (earlier, 500, True)
        second = await recover(stream, first.end, epoch=first.epoch)
        assert (second.epoch, second.reason) == ("later", "epoch_changed")


async def test_a_full_page_looks_on_until_the_next_match() -> None:
    async with running(stored=1_001) as (stream, _):
        page = await recover(stream, 0, Filters(event_types=("even",)))
        assert (len(page.events), page.end, page.has_more) == (500, 1_001, False)


async def test_a_page_holds_at_most_512_kib_but_never_less_than_one_event() -> None:
    async with running() as (stream, _):
        await stream.publish(numbered(20, size=60_000))
        page = await recover(stream, 0)
        assert (offsets(page), page.has_more) == (list(range(1, 9)), True)


@pytest.mark.parametrize("tail_bytes", [1, 10**9])
async def test_a_page_looks_at_5000_events_at_most(tail_bytes: int) -> None:
    async with running(stored=6_001, tail_bytes=tail_bytes) as (stream, _):
        page = await recover(stream, 500, Filters(event_types=("none",)))
        assert (page.end, page.complete, page.has_more) == (5_500, True, True)
        page = await recover(stream, 5_500, Filters(event_types=("none",)))
        assert (page.end, page.complete, page.has_more) == (6_001, True, False)


async def test_nothing_is_committed_between_the_last_page_and_what_the_caller_does_next() -> None:
    async with running(stored=700, tail_bytes=1) as (stream, subscriber):

        async def publish_much() -> None:
            for _ in range(50):
                await stream.publish(numbered(1))

        publisher = asyncio.create_task(publish_much())
        seen, since = [], 0
        while True:
            page = await recover(stream, since)
            live_from = len(subscriber.offsets)
            seen += offsets(page)
            since = page.end
            if not page.has_more:
                break
        await publisher
        assert seen + subscriber.offsets[live_from:] == list(range(1, 751))
