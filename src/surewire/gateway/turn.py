"""One turn of the event loop, seen from the sockets: what is written during it is joined, and goes out when it ends.

Theory of operation. Two kinds of writes gather. Frames for one connection wait in its outbox, which is `touched`. Events for an
audience wait here, once for all of it (`Broadcast`): while one event after the other goes to the very same audience, adding one costs
the same for ten connections as for ten thousand. Every connection must get its frames in the order they were written, so only one
kind gathers at a time: a touch lets the broadcast go, as does a frame that must wait for its client to read, and a new broadcast lets
the touched outboxes go.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from surewire.protocol.codes import CloseCode

if TYPE_CHECKING:
    from surewire.gateway.outbox import Outbox

__all__ = ["Broadcast", "EventFrame", "Turn"]

_MOST_EVENTS: Final = 256
_MOST_BYTES: Final = 256 * 1024

_log = logging.getLogger(__name__)


class EventFrame(NamedTuple):
    """An event ready for sockets, and what its delivery is counted with."""

    frame: bytes
    event_type: str
    created_micros: int
    may_drop: bool


class Broadcast:
    """Events of one turn for one audience."""

    __slots__ = ("audience", "events", "size_bytes")

    def __init__(self, audience: Sequence[Outbox]) -> None:
        self.audience = audience
        self.events: list[EventFrame] = []
        self.size_bytes = 0


class Turn:
    """Gathers a turn's writes. `delivered` is told how many connections an event was handed to, once it was."""

    __slots__ = ("_broadcast", "_call_soon", "_scheduled", "_touched", "delivered", "full")

    def __init__(self, call_soon: Callable[[Callable[[], None]], object], delivered: Callable[[EventFrame, int], None]) -> None:
        self._call_soon, self.delivered = call_soon, delivered
        self._touched: list[Outbox] = []
        self._broadcast: Broadcast | None = None
        self._scheduled = False
        self.full: set[Outbox] = set()
        """Outboxes that made the server drop something because their client does not read."""

    def touch(self, outbox: Outbox) -> None:
        """The outbox has something for the end of the turn. Called before it takes its first frame; what the broadcast holds goes first."""
        if self._broadcast is not None:
            self.let_broadcast_go()
        if not self._scheduled:
            self._schedule()
        self._touched.append(outbox)

    def broadcast(self, audience: Sequence[Outbox], event: EventFrame) -> None:
        """Writes the event to every connection of the audience. The same sequence object means the same audience."""
        current = self._broadcast
        if current is None or current.audience is not audience or len(current.events) >= _MOST_EVENTS or current.size_bytes >= _MOST_BYTES:
            self.flush()
            current = self._broadcast = Broadcast(audience)
            if not self._scheduled:
                self._schedule()
        current.events.append(event)
        current.size_bytes += len(event.frame)

    def flush(self) -> None:
        """Writes what has gathered. One connection's failure is its own."""
        self.let_broadcast_go()
        touched, self._touched = self._touched, []
        for outbox in touched:
            try:
                outbox.flush()
            except Exception as error:  # noqa: BLE001 - the border of one connection
                _break_off(outbox, error)

    def stayed_full(self, now: float) -> list[Outbox]:
        """Outboxes whose buffer has been full for longer than the grace."""
        return [outbox for outbox in self.full if outbox.stayed_full(now)]

    def _schedule(self) -> None:
        self._scheduled = True
        self._call_soon(self._end)

    def _end(self) -> None:
        self._scheduled = False
        self.flush()

    def let_broadcast_go(self) -> None:
        """Writes what has gathered for an audience, so that what is written next comes after it."""
        broadcast, self._broadcast = self._broadcast, None
        if broadcast is None:
            return
        events = broadcast.events
        data = events[0].frame if len(events) == 1 else b"".join([event.frame for event in events])
        slow: list[Outbox] = []
        for outbox in broadcast.audience:
            try:
                if outbox.is_flowing:
                    outbox.put(data)
                    continue
            except Exception as error:  # noqa: BLE001 - the border of one connection
                _break_off(outbox, error)
            slow.append(outbox)
        handed_over = len(broadcast.audience) - len(slow)
        for event in events:
            self.delivered(event, handed_over + sum(outbox.write_event(event) for outbox in slow))


def _break_off(outbox: Outbox, error: Exception) -> None:
    """Ends a connection whose socket cannot be written to."""
    _log.error("a connection's socket failed: %s", type(error).__name__)
    outbox.abort(CloseCode.SERVER_ERROR)
