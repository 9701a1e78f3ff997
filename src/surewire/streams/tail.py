"""The newest events of the stream in memory, so that a client that was away for a moment costs no disk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from surewire.domain.event import Event
from surewire.domain.stream import StreamEvent
from surewire.ports.event_history import EventHistory

__all__ = ["Tail", "json_size", "load_tail", "memory_size"]

_WINDOW_EVENTS: Final = 500
# Measured with tracemalloc, for events of few and of very many attributes; a little too high rather than too low.
_EVENT_BYTES: Final = 768
_LABEL_BYTES: Final = 160
_RESOURCE_BYTES: Final = 60

_encode = msgspec.json.Encoder().encode


def json_size(event: Event) -> int:
    """How many bytes the event's JSON has."""
    return len(_encode(event))


def memory_size(event: Event) -> int:
    """How many bytes of memory the event takes, about: what a bound of memory counts."""
    return json_size(event) + _EVENT_BYTES + _LABEL_BYTES * len(event.labels) + _RESOURCE_BYTES * len(event.affected_resources)


class Tail:
    """Events with neighbouring offsets up to the head, bounded by their number and their memory.

    It may hold events that retention has removed from the history; whoever reads begins at what the history keeps.
    """

    __slots__ = ("_entries", "_max_bytes", "_max_events", "first", "head", "size_bytes")

    def __init__(self, head: int, *, max_events: int, max_bytes: int) -> None:
        self._entries: dict[int, tuple[StreamEvent, int]] = {}
        self._max_events, self._max_bytes = max_events, max_bytes
        self.head = head
        self.first = head + 1
        """The oldest offset held; head + 1 when none is."""
        self.size_bytes = 0

    def __getitem__(self, offset: int) -> StreamEvent:
        """The event at an offset from `first` to `head`."""
        return self._entries[offset][0]

    def append(self, event: StreamEvent) -> None:
        """Takes the event that follows the head. The oldest go when there are too many; the newest always stays."""
        size_bytes = memory_size(event.event)
        self.head = event.offset
        self._entries[event.offset] = event, size_bytes
        self.size_bytes += size_bytes
        while len(self._entries) > self._max_events or (self.size_bytes > self._max_bytes and self.first < self.head):
            self.size_bytes -= self._entries.pop(self.first)[1]
            self.first += 1


async def load_tail(history: EventHistory, *, max_events: int, max_bytes: int) -> Tail:
    """The newest events of a history that nobody appends to meanwhile, read backwards so that little more is read than is held."""
    windows: list[Sequence[StreamEvent]] = []
    first, size_bytes = history.head + 1, 0
    floor = max(history.oldest, first - max_events)
    while first > floor and size_bytes < max_bytes:
        window = await _window(history, max(floor, first - _WINDOW_EVENTS) - 1, first - 1)
        if not window:
            break
        windows.append(window)
        first = window[0].offset
        size_bytes += sum(memory_size(event.event) for event in window)
    tail = Tail(first - 1, max_events=max_events, max_bytes=max_bytes)
    for window in reversed(windows):
        for event in window:
            tail.append(event)
    return tail


async def _window(history: EventHistory, after: int, last: int) -> Sequence[StreamEvent]:
    """The events in (after, last]; none when retention removed the start of them meanwhile."""
    events: list[StreamEvent] = []
    while after < last:
        chunk = await history.read(after, last - after)
        if not chunk or chunk[0].offset != after + 1:
            return ()
        events.extend(chunk)
        after = chunk[-1].offset
    return events
