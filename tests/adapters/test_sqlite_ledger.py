from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.errors import BackendError
from surewire.ports.ledger import Ledger
from tests.contracts.ledger import LedgerContract, decision


class TestSqliteLedger(LedgerContract):
    @pytest.fixture(autouse=True)
    def _in_a_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[Ledger]:
        async with open_slo_file(self.folder, SystemClock()) as file:
            yield file.ledger

    async def test_what_was_decided_is_there_after_a_restart(self) -> None:
        async with self.open() as ledger:
            await ledger.append(decision("id_1"))
        async with self.open() as ledger:
            assert list(await ledger.entries()) == [decision("id_1")]

    @pytest.mark.parametrize("statement", ["UPDATE ledger SET body = '{}'", "DELETE FROM ledger"])
    async def test_the_file_itself_refuses_to_change_or_remove_a_decision(self, statement: str) -> None:
        async with open_slo_file(self.folder, SystemClock()) as file:
            await file.ledger.append(decision("id_1", version="1.0"))
            with pytest.raises(BackendError, match="append-only"):
                await file.writer.run(lambda connection: connection.execute(statement).fetchall())
            assert list(await file.ledger.entries()) == [decision("id_1", version="1.0")]

    async def test_entries_that_are_appended_at_once_are_all_kept(self) -> None:
        async with open_slo_file(self.folder, SystemClock()) as file:
            await file.ledger.append(decision("id_1"))
            with pytest.raises(ValueError, match="id_1"):
                await file.ledger.append(decision("id_1"))
            await file.ledger.append(decision("id_2"))
            assert [entry.id for entry in await file.ledger.entries()] == ["id_1", "id_2"]
