from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from surewire.adapters.memory.sli_store import MemorySliStore
from surewire.ports.sli_store import SliStore
from tests.contracts.sli_store import SliStoreContract


class TestMemorySliStore(SliStoreContract):
    @asynccontextmanager
    async def open(self) -> AsyncGenerator[SliStore]:
        yield MemorySliStore()
