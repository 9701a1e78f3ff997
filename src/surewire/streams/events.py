"""The events stream: an event is on disk before anyone sees it, live or recovered, and everyone sees the same order.

Theory of operation. The history on disk is the truth; offsets are taken in its commits. `publish` hands events to it and waits. The
history calls back with what was committed, in the order of the offsets; in that one call on the loop every event enters the tail and
goes to the live subscriber, and then its publisher is answered. So between any two statements on the loop the tail ends where live
delivery ends, and a recovery that reached the end of the tail has reached the head: what comes next comes live, and only live.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from surewire.domain.event import Event
from surewire.domain.filters import Filters
from surewire.domain.stream import PlacedEvents, Position, StreamEvent
from surewire.errors import BackendError, ClientError, SurewireError
from surewire.ports.event_history import EventHistory
from surewire.ports.event_stream import EventSubscriber, RecoveredPage, RecoveryReason
from surewire.ports.idempotency import Claim
from surewire.streams.page import PageInProgress, PageLimits
from surewire.streams.publication import EventLimits, checked_events
from surewire.streams.tail import Tail, load_tail

__all__ = ["TAIL_BYTES", "DurableEventStream", "event_stream"]

TAIL_BYTES: Final = 32 * 1024 * 1024
_READ_EVENTS: Final = 500
_EVENT_LIMITS: Final = EventLimits()
_PAGE_LIMITS: Final = PageLimits()


@asynccontextmanager
async def event_stream(
    history: EventHistory,
    subscriber: EventSubscriber,
    *,
    history_events: int,
    event_limits: EventLimits = _EVENT_LIMITS,
    tail_bytes: int = TAIL_BYTES,
    page_limits: PageLimits = _PAGE_LIMITS,
) -> AsyncGenerator[DurableEventStream]:
    """The stream over an open history; its tail is filled first. `subscriber` gets every event that is committed from then on.

    `history_events` bounds the tail as it bounds the history, `tail_bytes` bounds its memory.
    """
    tail = await load_tail(history, max_events=history_events, max_bytes=tail_bytes)
    stream = DurableEventStream(history, subscriber, tail, event_limits, page_limits)
    history.listen(stream.committed)
    yield stream


class DurableEventStream:
    """The `EventStream` over an `EventHistory`; made by `event_stream`. Loop thread only."""

    __slots__ = ("_event_limits", "_history", "_page_limits", "_subscriber", "_tail")

    def __init__(
        self, history: EventHistory, subscriber: EventSubscriber, tail: Tail, event_limits: EventLimits, page_limits: PageLimits
    ) -> None:
        self._history, self._subscriber, self._tail = history, subscriber, tail
        self._event_limits, self._page_limits = event_limits, page_limits

    @property
    def head(self) -> Position:
        return Position(self._history.epoch, self._tail.head)

    async def publish(self, events: Sequence[Event], claim: Claim | None = None) -> PlacedEvents:
        """As the port says; also raises what `claim` asks for. Who is cancelled while waiting does not know whether it was done."""
        if not events:
            return PlacedEvents(self._history.epoch, ())
        answer: asyncio.Future[PlacedEvents] = asyncio.get_running_loop().create_future()
        self._history.append(checked_events(events, self._event_limits), partial(_answer, answer), claim)
        return await answer

    def recover(self, since: Position, filters: Filters) -> RecoveredPage | Awaitable[RecoveredPage]:
        """As the port says, and at most 5,000 events are looked at for a page. The page itself when memory holds what is asked for.

        What is awaitable must be awaited directly, not through a task: only then is nothing committed before the next statement.
        """
        page = PageInProgress(filters, self._page_limits, self._history.epoch, *self._start(since))
        return self._completed(page) if self._tail.first <= page.end + 1 else self._recovered(page, since, filters)

    def committed(self, events: Sequence[StreamEvent]) -> None:
        """Takes what the history committed: each event becomes the head and goes to the subscriber."""
        epoch = self._history.epoch
        for event in events:
            self._tail.append(event)
            try:
                self._subscriber.event_committed(event, epoch)
            except Exception as error:  # noqa: BLE001 - a mistake in delivery must not keep the next events from everyone
                context = {"message": "an event could not be delivered live", "exception": error}
                asyncio.get_running_loop().call_exception_handler(context)

    def _start(self, since: Position) -> tuple[int, RecoveryReason | None]:
        lost = self._history.oldest - 1
        if since.epoch != self._history.epoch:
            return lost, "epoch_changed"
        if since.offset > self._tail.head:
            raise ClientError("INVALID_MESSAGE", f"the stream has not reached offset {since.offset} yet", path="since.offset")
        return (lost, "history_exceeded") if since.offset < lost else (since.offset, None)

    def _completed(self, page: PageInProgress) -> RecoveredPage:
        """The page filled up from the tail, which holds what follows `page.end`."""
        tail = self._tail
        for offset in range(page.end + 1, min(tail.head, page.end + page.room) + 1):
            if not page.take(tail[offset]):
                break
        return page.finished(self.head)

    async def _recovered(self, page: PageInProgress, since: Position, filters: Filters) -> RecoveredPage:
        """The page filled from the history, but only up to where the tail begins: the history may be ahead of live delivery."""
        epoch = self._history.epoch
        while page.room and page.end + 1 < self._tail.first:
            events = await self._read(page.end, min(_READ_EVENTS, page.room, self._tail.first - 1 - page.end))
            if self._history.epoch != epoch or not events or events[0].offset != page.end + 1:
                return await self._after_a_gap(page, since, filters)
            if not all(map(page.take, events)):
                return page.finished(self.head)
        return self._completed(page)

    async def _after_a_gap(self, page: PageInProgress, since: Position, filters: Filters) -> RecoveredPage:
        """Retention or a new epoch overtook the page: it ends before the gap, for the next one to report, or begins again behind it."""
        if page.end > page.start:
            return page.finished(self.head)
        result = self.recover(since, filters)
        return result if isinstance(result, RecoveredPage) else await result

    async def _read(self, after: int, limit: int) -> Sequence[StreamEvent]:
        try:
            return await self._history.read(after, limit)
        except BackendError as error:
            raise _unavailable() from error


def _answer(answer: asyncio.Future[PlacedEvents], result: PlacedEvents | SurewireError) -> None:
    if answer.done():
        return
    if isinstance(result, SurewireError):
        answer.set_exception(_unavailable() if isinstance(result, BackendError) else result)
    else:
        answer.set_result(result)


def _unavailable() -> ClientError:
    """What a peer hears while the history fails."""
    return ClientError("UNAVAILABLE", "the history of events cannot be used right now", temporary=True, retry_after_s=1.0)
