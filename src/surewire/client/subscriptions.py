"""All subscriptions of a client, and which message concerns which."""

from __future__ import annotations

import asyncio
from itertools import count

from surewire.client.incoming import IncomingError, IncomingEvent, IncomingSubscribed
from surewire.client.notices import OnNotice
from surewire.client.requests import refusal
from surewire.client.subscription import Say, Subscription
from surewire.domain.filters import Filters
from surewire.domain.stream import Position
from surewire.errors import ClientError
from surewire.protocol.server_messages import PositionMessage

__all__ = ["Subscriptions"]

_BUSY_PAUSE_S = 1.0


class Subscriptions:
    """Those that were opened and not closed, by id."""

    def __init__(self, say: Say, *, most: int, notify: OnNotice) -> None:
        self._say, self._most, self._notify = say, most, notify
        self._open: dict[str, Subscription] = {}
        self._numbers = count(1)
        self._end: ClientError | None = None

    def open(self, filters: Filters, since: Position | None, *, is_connected: bool) -> Subscription:
        """A new subscription, asked for now or when there is a connection. It has ended already when it cannot be had."""
        name = f"s{next(self._numbers)}"
        opened = Subscription(name, filters, since, most=self._most, say=self._say, notify=self._notify, forget=self._forget)
        if self._end is not None:
            opened.ended(self._end)
            return opened
        self._open[name] = opened
        # Also said to nobody: what no server would take fails now and not when one is there.
        opened.connected()
        if not is_connected:
            opened.disconnected()
        return opened

    def connected(self) -> None:
        """A session begins: all are asked for."""
        # One that cannot be asked for is forgotten on the way.
        for subscription in tuple(self._open.values()):
            subscription.connected()

    def disconnected(self) -> None:
        """The session ended."""
        for subscription in self._open.values():
            subscription.disconnected()

    def ended(self, error: ClientError | None) -> None:
        """No session follows: those that are open end, with the error if there is one, and those opened from now on fail."""
        self._end = error or ClientError("UNAVAILABLE", "the client was closed")
        for subscription in self._open.values():
            subscription.ended(error)
        self._open.clear()

    def event(self, message: IncomingEvent) -> None:
        """An event, for every subscription it names."""
        for name in message.subscription_ids:
            if subscription := self._open.get(name):
                subscription.event(message)

    def subscribed(self, message: IncomingSubscribed) -> None:
        """The answer to one `subscribe`."""
        if subscription := self._open.get(message.subscription_id):
            subscription.subscribed(message)

    def head(self, message: PositionMessage) -> None:
        """How far the stream is."""
        for subscription in self._open.values():
            subscription.head(message.position)

    def refused(self, error: IncomingError) -> None:
        """One could not be had now, or not at all."""
        subscription = self._open.get(error.subscription_id or "")
        if subscription is None:
            return
        if error.temporary or error.code == "RATE_LIMITED":
            wait_s = _BUSY_PAUSE_S if error.retry_after_ms is None else error.retry_after_ms / 1000
            asyncio.get_running_loop().call_later(wait_s, subscription.ask_again)
        else:
            self._forget(subscription.subscription_id)
            subscription.ended(refusal(error))

    def _forget(self, name: str) -> None:
        self._open.pop(name, None)
