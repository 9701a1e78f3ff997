"""The SQLite event log keeps the contract."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from surewire.adapters.sqlite import event_log as event_log_module
from surewire.adapters.sqlite import readers
from surewire.adapters.sqlite.store import OpenSqliteStore, open_sqlite_store
from surewire.config.model import SqliteStore
from surewire.errors import BackendUnavailableError
from surewire.ports.event_log import CommittedMessage, LogEntry, MembershipChanged
from tests.contracts.event_log import EventLogContract, sequences, take
from tests.contracts.open_store import Sender
from tests.fakes.clock import SettableClock


class TestSqliteEventLog(EventLogContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @asynccontextmanager
    async def open(self, clock: SettableClock, *, max_members: int = 1_000, lobby: bool = True) -> AsyncGenerator[OpenSqliteStore]:
        async with open_sqlite_store(self.folder, SqliteStore(), clock, max_members=max_members, lobby=lobby) as store:
            yield store

    async def test_a_consumer_whose_read_failed_begins_again_behind_what_it_has_done(
        self, opened: OpenSqliteStore, sender: Sender, chat_id: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(event_log_module, "_PAGE", 2)
        log = opened.event_log
        for number in range(5):
            await sender.send(chat_id, "alice", str(number))
        batches = log.batches(0)
        seen = await take(batches, 2)
        with monkeypatch.context() as crowded:
            crowded.setattr(readers, "_MAX_WAITING", 0)
            await opened.messages.add_member(chat_id, "alice", "carol")
            seen += await anext(batches)
            with pytest.raises(BackendUnavailableError, match="too many reads wait"):
                await anext(batches)
            await opened.messages.add_member(chat_id, "alice", "dave")
            await sender.send(chat_id, "alice", "5")
        seen += await take(log.batches(last_position(seen)), 4)
        assert sequences(seen) == [1, 2, 3, 4, 5, 6]
        assert sum(isinstance(entry, MembershipChanged) for entry in seen) == 3

    async def test_a_new_consumer_begins_where_it_first_asked_however_often_it_had_to(
        self, opened: OpenSqliteStore, sender: Sender, chat_id: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await sender.send(chat_id, "alice", "before")
        begin = opened.event_log.head
        with monkeypatch.context() as crowded:
            crowded.setattr(opened.writer, "_limit", 0)
            with pytest.raises(BackendUnavailableError, match="too many writes wait"):
                await opened.event_log.cursor("fanout")
        await sender.send(chat_id, "alice", "after")
        assert await opened.event_log.cursor("fanout") == begin


def last_position(entries: Sequence[LogEntry]) -> int:
    return max(entry.position for entry in entries if isinstance(entry, CommittedMessage))
