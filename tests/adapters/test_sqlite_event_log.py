"""The SQLite event log keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from surewire.adapters.sqlite.store import OpenSqliteStore, open_sqlite_store
from surewire.config.model import SqliteStore
from tests.contracts.event_log import EventLogContract
from tests.fakes.clock import SettableClock


class TestSqliteEventLog(EventLogContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @asynccontextmanager
    async def open(self, clock: SettableClock, *, max_members: int = 1_000, lobby: bool = True) -> AsyncGenerator[OpenSqliteStore]:
        async with open_sqlite_store(self.folder, SqliteStore(), clock, max_members=max_members, lobby=lobby) as store:
            yield store
