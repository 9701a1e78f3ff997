from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from surewire.adapters.memory.event_history import MemoryEventHistory
from surewire.ports.event_history import EventHistory
from tests.contracts.event_history import EventHistoryContract
from tests.fakes.clock import SettableClock


class TestMemoryEventHistory(EventHistoryContract):
    @asynccontextmanager
    async def open(
        self, clock: SettableClock, *, history_events: int = 1_000, history_s: float = 3_600.0, queue_events: int = 10_000
    ) -> AsyncGenerator[EventHistory]:
        yield MemoryEventHistory(clock, history_events=history_events, history_s=history_s, queue_events=queue_events)

    async def trim(self, history: EventHistory) -> None:
        assert isinstance(history, MemoryEventHistory)
        history.trim()
