"""One connection's way out: frames joined per loop turn, bounded when the client does not read.

Theory of operation. The frames of one loop turn are joined and written at its end: a system call costs more than all the rest, and the
end of a turn is microseconds away. The transport's high-water mark is zero, so it tells at once when the kernel's buffer is full.
From then on frames wait in a `Backlog`, which is counted and bounded in messages and bytes (what the transport still holds included),
until the transport is empty again. A socket may fill up before the turn ends (a pong, a broadcast): what the turn has joined then waits
before everything later, so the order of writing is always the order of sending. When a frame does not fit, a low-priority event is
dropped and counted; anything else means that the client is a slow consumer, and it is closed with 4002: chat messages are never
dropped, a client that comes back recovers.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

import picows

from surewire.gateway.frames import MessageListener
from surewire.gateway.incoming import MAX_FRAGMENTS
from surewire.gateway.turn import EventFrame, Turn
from surewire.protocol.codes import CloseCode

__all__ = ["Backlog", "OutboundLimits", "Outbox"]

_JOIN_AT: Final = 256
"""So many frames are joined at most: a burst for one client must reach its socket before it counts as waiting."""
_LARGE_BYTES: Final = 4 * 1024
"""A frame from here on is not kept for the end of the turn: joining would copy it, and many would be much memory."""
_RESUME_BYTES: Final = 64 * 1024
"""What a client that reads again gets at a time."""
_WARN_SHARE: Final = 0.8


class OutboundLimits(NamedTuple):
    """How much may wait for one client, how long it may stay full, and who is told."""

    max_messages: int
    max_bytes: int
    grace_s: float
    now: Callable[[], float]
    dropped: Callable[[str, int], None]
    """Events that were not delivered: the reason and how many."""
    buffered: Callable[[int], None]
    """The bytes that a client made wait, once it reads again or is gone."""
    nearly_full: Callable[[], None]
    """Told once each time that a client stops reading, when what waits for it passes four fifths of a limit."""


class Backlog:
    """Frames that wait for the client to read, oldest first, each with its event when that still counts as in flight."""

    __slots__ = ("ended", "frames", "full_since", "most_bytes", "size_bytes", "warned")

    def __init__(self) -> None:
        self.frames: deque[tuple[bytes, EventFrame | None]] = deque()
        self.size_bytes = self.most_bytes = 0
        self.full_since: float | None = None
        self.ended: Callable[[], None] | None = None
        self.warned = False

    def add(self, frame: bytes, event: EventFrame | None) -> None:
        self.frames.append((frame, event))
        self.size_bytes += len(frame)

    def take(self, max_bytes: int) -> tuple[list[bytes], list[EventFrame]]:
        """The oldest frames, about `max_bytes` of them, and their events."""
        taken: list[bytes] = []
        events: list[EventFrame] = []
        size_bytes = 0
        while self.frames and size_bytes < max_bytes:
            frame, event = self.frames.popleft()
            taken.append(frame)
            size_bytes += len(frame)
            if event is not None:
                events.append(event)
        self.size_bytes -= size_bytes
        return taken, events

    @property
    def events(self) -> int:
        return sum(event is not None for _, event in self.frames)


class Outbox(MessageListener):
    """A message listener that can be written to without limit and without harm."""

    __slots__ = ("_backlog", "_descriptor", "_joined", "_limits", "_turn")

    def __init__(self, max_message_bytes: int, turn: Turn, limits: OutboundLimits, max_fragments: int = MAX_FRAGMENTS) -> None:
        super().__init__(max_message_bytes, max_fragments)
        self._turn = turn
        self._limits = limits
        self._joined: bytes | list[bytes] | None = None
        self._backlog: Backlog | None = None
        self._descriptor = -1

    def on_open(self, transport: picows.WSTransport) -> None:
        # asyncio pauses above the limit, its TLS transport from the limit on: there 0 would mean always.
        transport.underlying_transport.set_write_buffer_limits(1 if transport.is_secure else 0)
        self._descriptor = _plain_socket(transport)

    @property
    def is_flowing(self) -> bool:
        """Whether a write goes to the socket: it is open and its client reads."""
        return self.is_open and self._backlog is None

    def write(self, frame: bytes) -> None:
        """Sends a prebuilt frame that must not be lost: a chat message, an answer."""
        if self._backlog is None and self.is_open and self._join(frame):
            return
        self._wait(frame, None)

    def write_event(self, event: EventFrame) -> bool:
        """Sends an event. True when it was handed to the socket now; else it waits or was dropped, and is counted when that is known."""
        if self._backlog is None and self.is_open and self._join(event.frame):
            return True
        self._wait(event.frame, event)
        return False

    def _join(self, frame: bytes) -> bool:
        """False when what was gathered before the frame has filled the socket, or found it broken."""
        joined = self._joined
        if joined is None:
            self._turn.touch(self)
            if self._backlog is not None or not self.is_open:
                return False
            self._joined = frame
        elif isinstance(joined, bytes):
            self._joined = [joined, frame]
        else:
            joined.append(frame)
            if len(joined) >= _JOIN_AT:
                self.flush()
        if len(frame) >= _LARGE_BYTES:
            self.flush()
        return True

    def flush(self) -> None:
        """Writes what this turn has brought so far."""
        joined, self._joined = self._joined, None
        if joined is None or not self.is_open:
            return
        if self._backlog is not None:
            for frame in [joined] if isinstance(joined, bytes) else joined:
                self._wait(frame, None)
        else:
            self.put(joined if isinstance(joined, bytes) else b"".join(joined))

    def put(self, data: bytes) -> None:
        """Gives bytes to the socket, past everything that gathers. Only while it is flowing: the transport's own buffer is empty then."""
        descriptor = self._descriptor
        if descriptor >= 0:
            try:
                sent = os.write(descriptor, data)
            except OSError:
                # Full or broken: the transport waits for room, or finds out and ends the connection.
                sent = 0
            if sent == len(data):
                return
            data = data[sent:]
        self.transport.underlying_transport.write(data)

    def when_flowing(self, callback: Callable[[], None]) -> None:
        """Calls back once nothing that was written waits for the client to read, or it is gone; at once when that is so now."""
        self.flush()
        if self._backlog is None:
            callback()
        else:
            self._backlog.ended = callback

    def write_everything(self) -> None:
        """Hands over all that waits, whether the socket takes it now or not: for a connection that ends with a word."""
        self.flush()
        if self._backlog is not None and self.is_open:
            while self._backlog.frames:
                self._write_next(self._backlog)
            self._give_up()

    def _wait(self, frame: bytes, event: EventFrame | None) -> None:
        """Keeps the frame until the client reads, behind what an audience that it belongs to was given before."""
        self._turn.let_broadcast_go()
        backlog = self._backlog
        if backlog is None or not self.is_open:
            if event is not None:
                self._limits.dropped("connection_closed", 1)
            return
        limits, unsent = self._limits, self.transport.underlying_transport.get_write_buffer_size()
        size_bytes = unsent + backlog.size_bytes + len(frame)
        if len(backlog.frames) >= limits.max_messages or size_bytes > limits.max_bytes:
            self._does_not_fit(backlog, event)
            return
        backlog.add(frame, event)
        backlog.most_bytes = max(backlog.most_bytes, size_bytes)
        if not backlog.warned and (size_bytes > _WARN_SHARE * limits.max_bytes or len(backlog.frames) > _WARN_SHARE * limits.max_messages):
            backlog.warned = True
            limits.nearly_full()

    def _does_not_fit(self, backlog: Backlog, event: EventFrame | None) -> None:
        if event is not None:
            self._limits.dropped("queue_full", 1)
        if event is None or not event.may_drop:
            self.overflow()
        elif backlog.full_since is None:
            backlog.full_since = self._limits.now()
            self._turn.full.add(self)

    def overflow(self) -> None:
        """The client does not keep up and is closed; what waits is given up."""
        self._give_up()
        self.close(CloseCode.SLOW_CONSUMER, "slow consumer")

    def stayed_full(self, now: float) -> bool:
        """Whether the buffer has been full for longer than the grace."""
        backlog = self._backlog
        return backlog is not None and backlog.full_since is not None and now - backlog.full_since >= self._limits.grace_s

    @property
    def buffered_bytes(self) -> int:
        """What waits for this client, in the transport and before it."""
        backlog = self._backlog
        return 0 if backlog is None else backlog.size_bytes + self.transport.underlying_transport.get_write_buffer_size()

    def pause_writing(self) -> None:
        if self._backlog is None:
            self._backlog = Backlog()
            self._backlog.most_bytes = self.transport.underlying_transport.get_write_buffer_size()
            self.flush()

    def resume_writing(self) -> None:
        backlog = self._backlog
        if backlog is None:
            return
        backlog.full_since = None
        self._turn.full.discard(self)
        if backlog.frames and self.is_open:
            self._write_backlog(backlog)
        else:
            self._give_up()

    def _write_backlog(self, backlog: Backlog) -> None:
        """Writes until the kernel is full again: the transport then calls `pause_writing`, later `resume_writing`."""
        underlying = self.transport.underlying_transport
        while backlog.frames and not underlying.get_write_buffer_size():
            self._write_next(backlog)
        if not backlog.frames and not underlying.get_write_buffer_size():
            self._give_up()

    def _write_next(self, backlog: Backlog) -> None:
        frames, events = backlog.take(_RESUME_BYTES)
        self.transport.underlying_transport.write(b"".join(frames))
        for event in events:
            self._turn.delivered(event, 1)

    def _give_up(self) -> None:
        backlog, self._backlog = self._backlog, None
        self._turn.full.discard(self)
        if backlog is not None:
            self._limits.buffered(backlog.most_bytes)
            if backlog.frames:
                self._limits.dropped("connection_closed", backlog.events)
            if backlog.ended is not None:
                backlog.ended()


def _plain_socket(transport: picows.WSTransport) -> int:
    """The descriptor of a socket that may be written to directly, which halves our own part of a delivery; -1 when there is none.

    It must be plain TCP, on a transport of asyncio's: these have nothing unsent that they do not tell of, and close their socket
    only after the connection is no longer open.
    """
    underlying = transport.underlying_transport
    if transport.is_secure or type(underlying).__module__ != "asyncio.selector_events":
        return -1
    return int(underlying.get_extra_info("socket").fileno())
