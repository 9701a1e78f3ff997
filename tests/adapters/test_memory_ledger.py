from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from surewire.adapters.memory.ledger import MemoryLedger
from surewire.ports.ledger import Ledger
from tests.contracts.ledger import LedgerContract


class TestMemoryLedger(LedgerContract):
    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Ledger]:
        yield MemoryLedger()
