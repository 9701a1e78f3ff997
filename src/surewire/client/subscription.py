"""One subscription as its reader sees it: every matching event once, in order, across any number of connections.

Theory of operation. `position` is the place in the stream up to which everything that matches was handed over. A subscription is

    IDLE        not known to the server: not yet, or the connection ended
    ASKED       `subscribe` is on its way; what comes before its answer was not asked for
    PAGING      `expected` events of a page of missed ones are coming
    LIVE        events come as they happen
    BEHIND      the reader is slow: events are left to the stream until there is room

and goes

    IDLE ──connected──▶ ASKED ──subscribed──▶ LIVE               (PAGING when it carries a recovery)
    PAGING ──page complete──▶ LIVE                               (ASKED again when there is more and room, BEHIND without room)
    LIVE ──no room──▶ BEHIND ──room──▶ ASKED
    any ──disconnected──▶ IDLE
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto
from typing import Self

from msgspec import Struct

from surewire.client.buffer import Buffer
from surewire.client.incoming import Event, IncomingEvent, IncomingSubscribed
from surewire.client.notices import EventsLost, OnNotice
from surewire.domain.filters import Filters
from surewire.domain.stream import Position
from surewire.errors import ClientError
from surewire.protocol.client_messages import ClientMessage, Subscribe, Unsubscribe
from surewire.protocol.server_messages import Recovery

__all__ = ["ReceivedEvent", "Say", "Subscription"]

Say = Callable[[ClientMessage], None]
"""Puts a message on its way to the server, if there is a connection. Raises: ClientError when no server, or this one, would take it."""


class ReceivedEvent(Struct, frozen=True, omit_defaults=True):
    """An event. `position` is its place in the stream, to go on from there another time; None when it is live only."""

    message_id: str
    event: Event
    timestamp: str
    position: Position | None = None


class State(Enum):
    """Where a subscription is on its way to live events."""

    IDLE = auto()
    ASKED = auto()
    PAGING = auto()
    LIVE = auto()
    BEHIND = auto()


class Subscription:
    """An async iterator of events; `position` is where it stands. `async with` waits until it is ready and ends it afterwards."""

    def __init__(
        self,
        subscription_id: str,
        filters: Filters,
        since: Position | None,
        *,
        most: int,
        say: Say,
        notify: OnNotice,
        forget: Callable[[str], None],
    ) -> None:
        self.subscription_id, self.filters, self.position = subscription_id, filters, since
        self._say, self._notify, self._forget = say, notify, forget
        self._buffer: Buffer[ReceivedEvent] = Buffer(most, self._room)
        self._state = State.IDLE
        self._page: tuple[Recovery, Position] | None = None
        self._expected = 0
        self._is_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ReceivedEvent:
        return await self._buffer.get()

    async def __aenter__(self) -> Self:
        return await self.ready()

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def ready(self) -> Self:
        """This subscription, once the server has answered: nothing that is published from now on is missed. Raises: ClientError."""
        await asyncio.shield(self._is_ready)
        return self

    def close(self) -> None:
        """Ends the subscription: no more events; those that came can still be read. Idempotent."""
        if self._state is not State.IDLE:
            self._say(Unsubscribe(self.subscription_id))
        self._forget(self.subscription_id)
        self.ended(None)

    # ---- what the client tells it

    def connected(self) -> None:
        """Asks for what was missed, or for what happens from now on."""
        self._state = State.ASKED
        try:
            self._say(Subscribe(self.subscription_id, self.filters, self.position))
        except ClientError as unsaid:
            # As if the server had refused it: its reader learns of it, and the others go on.
            self._forget(self.subscription_id)
            self.ended(unsaid)

    def ask_again(self) -> None:
        """The server was too busy for the last question."""
        if self._state is State.ASKED:
            self.connected()

    def disconnected(self) -> None:
        """Nothing comes until the next connection."""
        self._state = State.IDLE

    def subscribed(self, answer: IncomingSubscribed) -> None:
        """The server's answer to `subscribe`."""
        if not self._is_ready.done():
            self._is_ready.set_result(None)
        if answer.recovery is None:
            self._state, self.position = State.LIVE, answer.position
            return
        if not answer.recovery.complete:
            self._notify(EventsLost(self.subscription_id, answer.recovery.reason))
            self.position = Position(answer.position.epoch, answer.recovery.start)
        self._state, self._page, self._expected = State.PAGING, (answer.recovery, answer.position), answer.recovery.count
        self._end_page()

    def event(self, received: IncomingEvent) -> None:
        """An event that names this subscription."""
        if self._state is State.LIVE and not self._buffer.room:
            self._state = State.BEHIND
        if self._state in {State.LIVE, State.PAGING}:
            self._hand_over(received)
        if self._state is State.PAGING:
            self._expected -= 1
            self._end_page()

    def head(self, position: Position) -> None:
        """The server has sent everything that matches up to a position."""
        if self._state is State.LIVE and self._is_news(position):
            self.position = position

    def ended(self, error: ClientError | None) -> None:
        """No event will come any more."""
        self._state = State.IDLE
        self._buffer.close(error)
        if not self._is_ready.done():
            self._is_ready.set_exception(error or ClientError("UNAVAILABLE", "the subscription was closed"))
            # Nobody has to wait for it.
            self._is_ready.exception()

    def _hand_over(self, received: IncomingEvent) -> None:
        position = received.position
        if position is not None:
            if not self._is_news(position):
                return
            self.position = position
        self._buffer.add((ReceivedEvent(received.message_id, received.event, received.timestamp, position),))

    def _is_news(self, position: Position) -> bool:
        return self.position is None or position.epoch != self.position.epoch or position.offset > self.position.offset

    def _end_page(self) -> None:
        if self._page is None or self._expected > 0:
            return
        (recovery, self.position), self._page = self._page, None
        self._state = State.BEHIND if recovery.has_more else State.LIVE
        if self._buffer.has_room:
            self._room()

    def _room(self) -> None:
        if self._state is State.BEHIND:
            self.connected()
