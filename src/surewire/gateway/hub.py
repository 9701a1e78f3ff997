"""All connections of this process: who is here, who wants which events, and the two ways to them.

A message goes to its recipients' sessions (`Router`), an event to the connections whose subscriptions match (`EventSubscriber`). Both
are encoded once and written many times; both are called on the loop and never wait.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Final

import msgspec

from surewire.domain.event import Event
from surewire.domain.filters import Filters, matches
from surewire.domain.instant import MICROS_PER_SECOND, format_instant
from surewire.domain.message import Message
from surewire.domain.stream import StreamEvent
from surewire.gateway.frames import TEXT, frame
from surewire.gateway.subscriptions import SubscriptionIndex
from surewire.gateway.turn import EventFrame, Turn
from surewire.ports.clock import Clock
from surewire.ports.router import Routed
from surewire.protocol.codec import encode_message, event_parts
from surewire.telemetry.instruments import ConnectionInstruments, MessagingInstruments

if TYPE_CHECKING:
    from surewire.gateway.connection import Connection

__all__ = ["Hub"]

_CLEANUP: Final = "system_event"
_AUDIENCE: Final = 16
"""From here on connections are worth being written to as one audience."""
_encode_ids = msgspec.json.Encoder().encode


class Hub:
    """The connections, by user, by subscription and by heartbeat slot. Loop thread only."""

    def __init__(
        self,
        clock: Clock,
        call_soon: Callable[[Callable[[], None]], object],
        slots: int,
        instruments: ConnectionInstruments,
        messaging: MessagingInstruments,
    ) -> None:
        self.index: SubscriptionIndex[Connection] = SubscriptionIndex()
        self.slots: list[set[Connection]] = [set() for _ in range(slots)]
        self._clock = clock
        self._users: dict[str, tuple[Connection, ...]] = {}
        self.turn = Turn(call_soon, self._delivered)
        self._watchers: dict[Connection, dict[str, Filters]] = {}
        self._next_slot = self._count = 0
        self.is_empty = asyncio.Event()
        self.is_empty.set()
        self._instruments = instruments
        self._skew = messaging.clock_skew_samples["durability", "connection"]
        instruments.connections_active.read = lambda: self._count
        instruments.subscriptions_active.read = lambda: self.index.subscriptions
        instruments.connections_subscribed.read = lambda: self.index.connections

    def __len__(self) -> int:
        return self._count

    def __contains__(self, connection: Connection) -> bool:
        return connection in self.slots[connection.slot]

    def __iter__(self) -> Iterator[Connection]:
        return chain.from_iterable(map(tuple, self.slots))

    # Who is here

    def add(self, connection: Connection) -> None:
        """The connection is open: it gets what comes for its user from now on."""
        connection.slot = self._next_slot
        self._next_slot = (self._next_slot + 1) % len(self.slots)
        self.slots[connection.slot].add(connection)
        self._users[connection.user_id] = (*self._users.get(connection.user_id, ()), connection)
        self._count += 1
        self.is_empty.clear()

    def remove(self, connection: Connection) -> None:
        """The connection is gone: nothing refers to it any more. No change when it never came."""
        if connection not in self:
            return
        self.slots[connection.slot].discard(connection)
        self.index.remove_connection(connection)
        self._watchers.pop(connection, None)
        others = tuple(other for other in self._users.get(connection.user_id, ()) if other is not connection)
        if others:
            self._users[connection.user_id] = others
        else:
            self._users.pop(connection.user_id, None)
        self._count -= 1
        if not self._count:
            self.is_empty.set()

    # Who wants which events

    def subscribe(self, connection: Connection, subscription_id: str, filters: Filters, *, is_live: bool) -> None:
        """Adds or replaces a subscription, with live events or (until `go_live`) without. `filters` must be normalised."""
        self.index.add(connection, subscription_id, filters, live=is_live)
        self._unwatch(connection, subscription_id)
        if is_live:
            self._watch(connection, subscription_id, filters)

    def go_live(self, connection: Connection, subscription_id: str, filters: Filters) -> None:
        """The subscription, which has these filters, has caught up."""
        self.index.set_live(connection, subscription_id, True)
        self._watch(connection, subscription_id, filters)

    def unsubscribe(self, connection: Connection, subscription_id: str) -> bool:
        """Ends a subscription. False when there was none."""
        self._unwatch(connection, subscription_id)
        return self.index.remove(connection, subscription_id)

    def _watch(self, connection: Connection, subscription_id: str, filters: Filters) -> None:
        if _CLEANUP in filters.event_types:
            self._watchers.setdefault(connection, {})[subscription_id] = filters

    def _unwatch(self, connection: Connection, subscription_id: str) -> None:
        watched = self._watchers.get(connection)
        if watched is not None:
            watched.pop(subscription_id, None)
            if not watched:
                del self._watchers[connection]

    # To them

    def route(self, message: Message, recipients: Collection[str], origin: object | None) -> Routed:
        """Writes the message to every session of the recipients that has not had it, but `origin`. See `ports.router`.

        A connection that is being closed is no session any more: its client will sync.
        """
        chat_id, sequence, sender = message.chat_id, message.sequence, message.sender_id
        delivered = offline = duplicate = written = 0
        prebuilt = b""
        for user_id in recipients:
            sessions = self._users.get(user_id)
            if sessions is None:
                offline += user_id != sender
                continue
            is_here = reached = False
            for connection in sessions:
                if connection is origin or not connection.is_open:
                    continue
                is_here = True
                if connection.session.has_not_had(chat_id, sequence):
                    if not prebuilt:
                        prebuilt = frame(TEXT, encode_message(message))
                    connection.write(prebuilt)
                    written += 1
                    reached = True
            if user_id != sender:
                delivered += reached
                duplicate += is_here and not reached
                offline += not is_here
        self._instruments.messages_sent["message"].n += written
        return Routed(delivered, offline, duplicate)

    def event_committed(self, event: StreamEvent, epoch: str) -> None:
        """Writes the event to every connection with a live subscription that matches. See `ports.event_stream`."""
        instruments = self._instruments
        event_type = event.event.event_type
        instruments.events_broadcast[event_type].n += 1
        groups = self.index.match(event.event)
        if not groups:
            return
        head, tail = event_parts(event, epoch)
        may_drop = event.event.priority == "low"
        for subscription_ids, connections in groups.items():
            prebuilt = frame(TEXT, head + _encode_ids(subscription_ids) + tail)
            self._write(EventFrame(prebuilt, event_type, event.created_micros, may_drop), connections)

    def closed(self, connection: Connection, reason: str) -> None:
        """Tells operators who watch `system_event` that a connection's resources are free again; live only, without position."""
        if not self._watchers:
            return
        data = {"category": "connection_cleanup", "connection_id": connection.connection_id, "reason": reason, "resources_freed": True}
        event = Event(event_type=_CLEANUP, source="surewire", priority="low", data=msgspec.Raw(msgspec.json.encode(data)))
        now_micros = self._clock.now_micros()
        live = StreamEvent(0, f"msg_{connection.context.new_ulid()}", format_instant(now_micros), now_micros, event)
        self._instruments.events_broadcast[_CLEANUP].n += 1
        head, tail = event_parts(live, None)
        for watcher, watched in self._watchers.items():
            ids = tuple(subscription_id for subscription_id, filters in watched.items() if matches(filters, event))
            if ids:
                prebuilt = frame(TEXT, head + _encode_ids(ids) + tail)
                self._write(EventFrame(prebuilt, _CLEANUP, now_micros, may_drop=True), (watcher,))

    def _write(self, event: EventFrame, connections: Sequence[Connection]) -> None:
        self._instruments.events_matched.n += len(connections)
        if len(connections) >= _AUDIENCE:
            self.turn.broadcast(connections, event)
        else:
            self._delivered(event, sum(connection.write_event(event) for connection in connections))

    def _delivered(self, event: EventFrame, handed_over: int) -> None:
        instruments = self._instruments
        instruments.events_delivered.n += handed_over
        instruments.messages_sent["event"].n += handed_over
        latency_s = (self._clock.now_micros() - event.created_micros) / MICROS_PER_SECOND
        if latency_s < 0:
            self._skew.n += 1
        elif handed_over:
            instruments.message_latency[event.event_type, "broadcast"].observe_many(latency_s, handed_over)
