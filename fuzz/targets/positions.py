"""A position as text, and what the stream makes of it.

Holds: it is a position or a `ClientError` `INVALID_MESSAGE`; its text is what was read; it may stand in a message; and a recovery from
it is a page within the stream, or refused with `INVALID_MESSAGE`.
"""

from __future__ import annotations

import asyncio

import msgspec

from fuzz.target import Target
from surewire.adapters.memory.event_history import MemoryEventHistory
from surewire.domain.event import Event
from surewire.domain.filters import Filters
from surewire.domain.stream import Position, StreamEvent, parse_position
from surewire.errors import ClientError
from surewire.ports.event_stream import RecoveredPage
from surewire.streams.events import DurableEventStream, event_stream
from tests.fakes.clock import SettableClock

EVENTS = 20
KEPT = 12


class Nobody:
    """Takes live events."""

    def event_committed(self, event: StreamEvent, epoch: str) -> None: ...


async def filled_stream() -> DurableEventStream:
    history = MemoryEventHistory(SettableClock(0), history_events=KEPT, history_s=3_600, queue_events=1_000)
    async with event_stream(history, Nobody(), history_events=KEPT) as stream:
        for _ in range(EVENTS):
            await stream.publish([Event("deployment")])
        return stream


STREAM = asyncio.run(filled_stream())
EPOCH = STREAM.head.epoch


def check(data: bytes) -> None:
    text = data.decode("latin-1").replace("HERE", EPOCH)
    try:
        position = parse_position(text)
    except ClientError as error:
        assert error.code == "INVALID_MESSAGE"
        return
    assert str(position) == text
    assert msgspec.json.decode(msgspec.json.encode(position), type=Position) == position
    check_page(position)


def check_page(position: Position) -> None:
    try:
        page = STREAM.recover(position, Filters())
    except ClientError as error:
        assert error.code == "INVALID_MESSAGE"
        assert position.offset > EVENTS
        return
    assert isinstance(page, RecoveredPage)
    assert page.end == EVENTS
    assert [event.offset for event in page.events] == [*range(page.start + 1, page.end + 1)]
    assert page.complete == (position.epoch == EPOCH and position.offset >= EVENTS - KEPT)


TARGET = Target(
    check,
    seeds=(b"HERE:0", b"HERE:8", b"HERE:20", b"HERE:21", b"a-Z_9:9223372036854775807", b"HERE:01", b"x:", b":1"),
    max_bytes=200,
)
