"""The memory message audit keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from surewire.adapters.memory.store import MemoryStore, memory_store
from tests.contracts.message_audit import MessageAuditContract
from tests.fakes.clock import SettableClock


class TestMemoryMessageAudit(MessageAuditContract):
    @asynccontextmanager
    async def open(self, clock: SettableClock, *, max_members: int = 1_000, lobby: bool = True) -> AsyncGenerator[MemoryStore]:
        yield memory_store(clock, max_members=max_members, lobby=lobby)
