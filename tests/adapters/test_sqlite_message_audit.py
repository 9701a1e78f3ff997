"""The SQLite message audit keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import apsw
import pytest

from surewire.adapters.sqlite import audit as audit_module
from surewire.adapters.sqlite.audit import SqliteMessageAudit
from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.file import DatabaseFile
from surewire.adapters.sqlite.readers import Readers
from surewire.adapters.sqlite.store import OpenSqliteStore, open_sqlite_store
from surewire.config.model import SqliteStore
from surewire.ports.message_audit import Finding
from surewire.telemetry.readiness import LoopPulse
from tests.contracts.message_audit import MessageAuditContract
from tests.contracts.open_store import Sender
from tests.fakes.clock import SettableClock

Result = TypeVar("Result")
NEXT_MESSAGE = """
    INSERT INTO messages
    SELECT position + 1, chat, sequence + 1, message_id || 'x', sender, client_message_id || 'x', content, content_type, created_micros
    FROM messages ORDER BY position DESC LIMIT 1
"""


class SlowReaders(Readers):
    """Each read takes 2 s of the clock, and looks whether a loop that is expected every second counts as stalled when it is over."""

    def __init__(self, file: DatabaseFile, clock: SettableClock) -> None:
        super().__init__(file, 1)
        self._clock = clock
        self.pulse = LoopPulse(clock, 1.0)
        self.stalled: list[bool] = []

    async def read(self, function: Callable[[Connection], Result]) -> Result:
        result = await super().read(function)
        self._clock.advance(2.0)
        self.stalled.append(self.pulse.state().stalled)
        return result


class TestSqliteMessageAudit(MessageAuditContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @asynccontextmanager
    async def open(self, clock: SettableClock, *, max_members: int = 1_000, lobby: bool = True) -> AsyncGenerator[OpenSqliteStore]:
        async with open_sqlite_store(self.folder, SqliteStore(), clock, max_members=max_members, lobby=lobby) as store:
            yield store

    async def test_a_large_chat_is_examined_in_pieces_with_a_beat_after_each(
        self, opened: OpenSqliteStore, sender: Sender, clock: SettableClock, chat_id: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit_module, "_ROWS_AT_ONCE", 3)
        await sender.send_all([sender.request(chat_id, "alice", f"more {number}") for number in range(25)])
        async with SlowReaders(opened.file, clock) as readers:
            assert list(await SqliteMessageAudit(readers).examine({chat_id: 30}, readers.pulse.beat)) == []
            assert readers.stalled == [False] * 10

    async def test_holes_are_found_wherever_the_pieces_end(
        self, opened: OpenSqliteStore, sender: Sender, chat_id: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await sender.send_all([sender.request(chat_id, "alice", f"more {number}") for number in range(15)])
        damaging = apsw.Connection(str(opened.file.path))
        damaging.execute("DELETE FROM messages WHERE sequence IN (1, 4, 5, 9, 20)")
        damaging.close()
        holes = [Finding("lost", chat_id, first, last) for first, last in ((1, 1), (4, 5), (9, 9), (20, 21))]
        for rows in range(1, 20):
            monkeypatch.setattr(audit_module, "_ROWS_AT_ONCE", rows)
            assert list(await opened.audit.examine({chat_id: 21}, lambda: None)) == holes

    async def test_a_chat_that_is_written_to_all_the_time_is_examined_up_to_its_newest_of_the_start(
        self, opened: OpenSqliteStore, sender: Sender, chat_id: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(audit_module, "_ROWS_AT_ONCE", 1)
        beats: list[int] = []

        def beat_and_write() -> None:
            beats.append(len(beats))
            other.execute(NEXT_MESSAGE)

        other = apsw.Connection(str(opened.file.path))
        assert list(await opened.audit.examine({chat_id: 5}, beat_and_write)) == []
        other.close()
        assert len(beats) == 5
