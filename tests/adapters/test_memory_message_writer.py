"""The memory message writer keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from surewire.adapters.memory.store import MemoryStore, memory_store
from tests.contracts.message_writer import MessageWriterContract
from tests.fakes.clock import SettableClock


class TestMemoryMessageWriter(MessageWriterContract):
    @asynccontextmanager
    async def open(self, clock: SettableClock, *, max_members: int = 1_000, lobby: bool = True) -> AsyncGenerator[MemoryStore]:
        yield memory_store(clock, max_members=max_members, lobby=lobby)
