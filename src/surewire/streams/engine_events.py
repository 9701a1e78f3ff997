"""Events of the engine itself on their way to the stream. What judges never waits for the disk that keeps events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Final

from surewire.domain.event import Event
from surewire.ports.event_stream import EventStream
from surewire.streams.announcement import announce
from surewire.telemetry.logging import logger

__all__ = ["MOST_WAITING", "EngineEvents"]

MOST_WAITING: Final = 1_000
"""How often the engine may tell something while nothing can be published."""

_log = logger(__name__)


class EngineEvents:
    """Takes events and publishes them in the same order. What they tell of is on record already. Loop thread only."""

    __slots__ = ("_stream", "_waiting")

    def __init__(self, stream: EventStream) -> None:
        self._stream = stream
        self._waiting: asyncio.Queue[Sequence[Event]] = asyncio.Queue(MOST_WAITING)

    async def tell(self, events: Sequence[Event]) -> None:
        """Takes the events, without waiting for anything. When too much waits already, they are logged instead."""
        try:
            self._waiting.put_nowait(events)
        except asyncio.QueueFull:
            _log.error("too many events of the engine wait to be published", events=[event.labels for event in events])

    async def run(self, beat: Callable[[], None]) -> None:
        """Publishes what there is and waits for more, until it is cancelled. What cannot be published is logged, and it goes on."""
        beat()
        while True:
            await announce(self._stream, await self._waiting.get())
            beat()
