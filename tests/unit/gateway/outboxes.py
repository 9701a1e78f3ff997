"""Outboxes with a client each, on one turn, with everything they counted."""

from __future__ import annotations

from collections import Counter

from surewire.gateway.frames import BINARY, Ending, frame
from surewire.gateway.outbox import OutboundLimits, Outbox
from surewire.gateway.turn import EventFrame, Turn
from tests.fakes.turn_of_loop import TurnOfLoop
from tests.fakes.web_socket import FakeWebSocket

__all__ = ["Box", "Outboxes", "event", "numbered"]


def numbered(number: int, size: int = 8) -> bytes:
    """A frame that says its number."""
    return frame(BINARY, number.to_bytes(size, "big"))


def event(number: int, *, may_drop: bool = False, size: int = 8) -> EventFrame:
    return EventFrame(numbered(number, size), "deployment", 0, may_drop)


class Box(Outbox):
    """An outbox that is told of its end as a connection is."""

    __slots__ = ("ending",)

    def on_closed(self, ending: Ending) -> None:
        self.ending = ending
        self.resume_writing()


class Outboxes:
    """Makes outboxes and the sockets they write to; `now_s` is the time."""

    def __init__(self, *, max_messages: int = 1_000, max_bytes: int = 1 << 20, grace_s: float = 5.0) -> None:
        self.loop = TurnOfLoop()
        self.now_s = 0.0
        self.dropped: Counter[str] = Counter()
        self.delivered = self.warnings = 0
        self.most_buffered: list[int] = []
        self.turn = Turn(self.loop.call_soon, self._delivered)
        self._limits = OutboundLimits(
            max_messages=max_messages,
            max_bytes=max_bytes,
            grace_s=grace_s,
            now=lambda: self.now_s,
            dropped=self._dropped,
            buffered=self.most_buffered.append,
            nearly_full=self._warned,
        )

    def open(self, kernel_bytes: int = 1 << 24) -> tuple[Box, FakeWebSocket]:
        box = Box(1 << 16, self.turn, self._limits)
        socket = FakeWebSocket(box, kernel_bytes=kernel_bytes)
        socket.underlying_transport.set_write_buffer_limits(0)
        return box, socket

    def _dropped(self, reason: str, count: int) -> None:
        self.dropped[reason] += count

    def _delivered(self, event: EventFrame, count: int) -> None:
        self.delivered += count

    def _warned(self) -> None:
        self.warnings += 1
