from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from surewire.adapters.memory.alert_store import MemoryAlertStore
from surewire.ports.alert_store import AlertStore
from tests.contracts.alert_store import AlertStoreContract


class TestMemoryAlertStore(AlertStoreContract):
    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AlertStore]:
        yield MemoryAlertStore()
