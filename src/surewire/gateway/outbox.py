"""One connection's way out: frames joined per loop turn, bounded when the client does not read.

Theory of operation. The frames of one loop turn are joined and written at its end: a system call costs more than all the rest, and the
end of a turn is microseconds away. The transport's high-water mark is zero, so it tells at once when the kernel's buffer is full.
From then on frames wait in a `Backlog`, which is counted and bounded in messages and bytes (what the transport still holds included),
until the transport is empty again. When a frame does not fit, a low-priority event is dropped and counted; anything else means that
the client is a slow consumer, and it is closed with 4002: chat messages are never dropped, a client that comes back recovers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final, NamedTuple

from surewire.gateway.frames import MessageListener
from surewire.gateway.turn import Turn
from surewire.protocol.codes import CloseCode

__all__ = ["Backlog", "OutboundLimits", "Outbox"]

_JOIN_AT: Final = 256
"""So many frames are joined at most: a burst for one client must reach its socket before it counts as waiting."""
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
    delivered: Callable[[int], None]
    """Events that waited and were handed to the socket."""
    buffered: Callable[[int], None]
    """The bytes that a client made wait, once it reads again or is gone."""
    nearly_full: Callable[[], None]


class Backlog:
    """Frames that wait for the client to read, oldest first, with whether each is an event that still counts as in flight."""

    __slots__ = ("frames", "full_since", "most_bytes", "size_bytes", "warned")

    def __init__(self) -> None:
        self.frames: deque[tuple[bytes, bool]] = deque()
        self.size_bytes = self.most_bytes = 0
        self.full_since: float | None = None
        self.warned = False

    def add(self, frame: bytes, is_event: bool) -> None:
        self.frames.append((frame, is_event))
        self.size_bytes += len(frame)

    def take(self, max_bytes: int) -> tuple[list[bytes], int]:
        """The oldest frames, about `max_bytes` of them, and how many are events."""
        taken: list[bytes] = []
        size_bytes = events = 0
        while self.frames and size_bytes < max_bytes:
            frame, is_event = self.frames.popleft()
            taken.append(frame)
            size_bytes += len(frame)
            events += is_event
        self.size_bytes -= size_bytes
        return taken, events

    @property
    def events(self) -> int:
        return sum(is_event for _, is_event in self.frames)


class Outbox(MessageListener):
    """A message listener that can be written to without limit and without harm."""

    __slots__ = ("_backlog", "_joined", "_limits", "_turn")

    def __init__(self, max_message_bytes: int, turn: Turn, limits: OutboundLimits) -> None:
        super().__init__(max_message_bytes)
        self._turn = turn
        self._limits = limits
        self._joined: bytes | list[bytes] | None = None
        self._backlog: Backlog | None = None

    @property
    def is_flowing(self) -> bool:
        """Whether a write goes to the socket: it is open and its client reads."""
        return self.is_open and self._backlog is None

    def write(self, frame: bytes) -> None:
        """Sends a prebuilt frame that must not be lost: a chat message, an answer."""
        if self._backlog is not None:
            self._wait(frame, self._backlog, is_event=False, may_drop=False)
        else:
            self._hand_over(frame)

    def write_event(self, frame: bytes, may_drop: bool) -> bool:
        """Sends an event's frame. True when it was handed to the socket now; else it waits or was dropped, and is counted here."""
        if self._backlog is not None:
            self._wait(frame, self._backlog, is_event=True, may_drop=may_drop)
            return False
        if self.is_open:
            self._hand_over(frame)
            return True
        self._limits.dropped("connection_closed", 1)
        return False

    def _hand_over(self, frame: bytes) -> None:
        joined = self._joined
        if joined is None:
            self._turn.touch(self)
            self._joined = frame
        elif isinstance(joined, bytes):
            self._joined = [joined, frame]
        else:
            joined.append(frame)
            if len(joined) >= _JOIN_AT:
                self.flush()

    def flush(self) -> None:
        """Writes what this turn has brought so far."""
        joined, self._joined = self._joined, None
        if joined is None or not self.is_open:
            return
        if self._backlog is not None:
            self._postpone([joined] if isinstance(joined, bytes) else joined, self._backlog)
        elif isinstance(joined, bytes):
            self.transport.underlying_transport.write(joined)
        else:
            self.transport.underlying_transport.write(b"".join(joined))

    def _postpone(self, frames: list[bytes], backlog: Backlog) -> None:
        for frame in frames:
            self._wait(frame, backlog, is_event=False, may_drop=False)

    def _wait(self, frame: bytes, backlog: Backlog, *, is_event: bool, may_drop: bool) -> None:
        if not self.is_open:
            if is_event:
                self._limits.dropped("connection_closed", 1)
            return
        limits, unsent = self._limits, self.transport.underlying_transport.get_write_buffer_size()
        size_bytes = unsent + backlog.size_bytes + len(frame)
        if len(backlog.frames) >= limits.max_messages or size_bytes > limits.max_bytes:
            self._does_not_fit(backlog, is_event, may_drop)
            return
        backlog.add(frame, is_event)
        backlog.most_bytes = max(backlog.most_bytes, size_bytes)
        if not backlog.warned and (size_bytes > _WARN_SHARE * limits.max_bytes or len(backlog.frames) > _WARN_SHARE * limits.max_messages):
            backlog.warned = True
            limits.nearly_full()

    def _does_not_fit(self, backlog: Backlog, is_event: bool, may_drop: bool) -> None:
        if is_event:
            self._limits.dropped("queue_full", 1)
        if not may_drop:
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
            frames, events = backlog.take(_RESUME_BYTES)
            underlying.write(b"".join(frames))
            self._limits.delivered(events)
        if not backlog.frames and not underlying.get_write_buffer_size():
            self._give_up()

    def _give_up(self) -> None:
        backlog, self._backlog = self._backlog, None
        self._turn.full.discard(self)
        if backlog is not None:
            self._limits.buffered(backlog.most_bytes)
            if backlog.frames:
                self._limits.dropped("connection_closed", backlog.events)
