"""A whole SQLite store, opened and closed in the right order."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from surewire.adapters.sqlite.acknowledged import SqliteAcknowledgedMarks, acknowledged_beside
from surewire.adapters.sqlite.audit import SqliteMessageAudit
from surewire.adapters.sqlite.chat_cache import ChatCache
from surewire.adapters.sqlite.chat_changes import ChatChanges
from surewire.adapters.sqlite.event_log import SqliteEventLog
from surewire.adapters.sqlite.file import DatabaseFile, locked_file
from surewire.adapters.sqlite.message_store import SqliteMessageStore
from surewire.adapters.sqlite.message_writer import SqliteMessageWriter
from surewire.adapters.sqlite.readers import Readers
from surewire.adapters.sqlite.writer import GroupCommitWriter, OnHealth
from surewire.config.model import SqliteStore
from surewire.ports.clock import Clock

__all__ = ["OpenSqliteStore", "open_sqlite_store"]


@dataclass(frozen=True, slots=True)
class OpenSqliteStore:
    """What an open store offers: each port by its name, and the file and its writer for who wants to know their state."""

    messages: SqliteMessageStore
    message_writer: SqliteMessageWriter
    event_log: SqliteEventLog
    audit: SqliteMessageAudit
    marks: SqliteAcknowledgedMarks
    file: DatabaseFile
    writer: GroupCommitWriter

    @property
    def problem(self) -> str | None:
        """Why the store takes no writes now; None when it does."""
        return self.writer.problem

    @property
    def reopenings(self) -> int:
        """How often the file was opened again after an error."""
        return self.writer.reopenings


@asynccontextmanager
async def open_sqlite_store(
    directory: Path,
    config: SqliteStore,
    clock: Clock,
    *,
    max_members: int = 1_000,
    lobby: bool = True,
    queue: int = 20_000,
    on_health: OnHealth | None = None,
    vfs: str | None = None,
) -> AsyncGenerator[OpenSqliteStore, None]:
    """The store in `directory / config.path`, made when it is not there, with this process as its only user until the block ends.

        async with open_sqlite_store(Path(config.data_dir), config.store, clock, max_members=config.limits.max_members,
                                     lobby=isinstance(config.auth, OpenAuth)) as store:
            async with durability_plane(store, config, clock, DurabilityInstruments(registry), readiness) as plane:
                ...

    `lobby`: whether users may join `chat_lobby`. `queue`: how many writes may wait. `on_health` is called on the loop with the reason when
    the file stops to take writes and with None when it takes them again. Leaving the block commits everything that was given.

    Raises: BackendUnavailableError when another process has the file, or it cannot be opened or written; BackendError when its settings
    do not hold or it comes from a newer surewire.
    """
    path = directory / config.path
    async with AsyncExitStack() as stack:
        file = stack.enter_context(locked_file(path, "messages", vfs))
        promised = stack.enter_context(locked_file(acknowledged_beside(path), "acknowledged", vfs))
        readers = await stack.enter_async_context(Readers(file))
        slow_readers = await stack.enter_async_context(Readers(file, 1, "slow reader"))
        auditors = await stack.enter_async_context(Readers(file, 1, "auditor"))
        marks_writer = await stack.enter_async_context(GroupCommitWriter(promised, clock))
        writer = GroupCommitWriter(file, clock, limit=queue, on_health=on_health)
        log = SqliteEventLog(writer, readers, clock)
        chats = ChatCache()
        message_writer = SqliteMessageWriter(writer, chats, log, clock)
        changes = ChatChanges(chats, clock, max_members, lobby=lobby)
        await stack.enter_async_context(writer)
        stack.callback(log.store_cursors)
        messages = SqliteMessageStore(file, writer, readers, slow_readers, changes, log, clock)
        audit, marks = SqliteMessageAudit(auditors), SqliteAcknowledgedMarks(marks_writer, clock)
        yield OpenSqliteStore(messages, message_writer, log, audit, marks, file, writer)
