"""Chats, members, messages and watermarks in SQLite: changes through the writer, reads beside it."""

from __future__ import annotations

from collections.abc import Sequence

from surewire.adapters.sqlite import chat_rows, pages, store_check
from surewire.adapters.sqlite.chat_changes import ChatChanges
from surewire.adapters.sqlite.event_log import SqliteEventLog
from surewire.adapters.sqlite.file import DatabaseFile
from surewire.adapters.sqlite.readers import Readers
from surewire.adapters.sqlite.retention import find_removable, remove_old
from surewire.adapters.sqlite.watermarks import raise_watermarks
from surewire.adapters.sqlite.writer import GroupCommitWriter
from surewire.domain.chat import Chat
from surewire.domain.message import MessagePage
from surewire.ports.clock import Clock
from surewire.ports.idempotency import Claim
from surewire.ports.message_store import ChatPage, Delivery, StoreCheck, StoreStats, SyncRequest, WatermarkUpdate

__all__ = ["SqliteMessageStore"]


class SqliteMessageStore:
    """The `MessageStore` port. `slow_readers` run what takes long, so that pages need not wait for it."""

    def __init__(
        self,
        file: DatabaseFile,
        writer: GroupCommitWriter,
        readers: Readers,
        slow_readers: Readers,
        changes: ChatChanges,
        log: SqliteEventLog,
        clock: Clock,
    ) -> None:
        self._file, self._writer, self._changes, self._log, self._clock = file, writer, changes, log, clock
        self._readers, self._slow_readers = readers, slow_readers

    async def create_chat(self, actor: str, members: Sequence[str], name: str | None, claim: Claim | None = None) -> Chat:
        return await self._writer.run(
            lambda connection: self._changes.create(connection, actor, members, name, claim),
            lambda chat: self._log.membership_changed(chat.chat_id),
        )

    async def chat(self, chat_id: str, actor: str) -> Chat:
        return await self._readers.read(lambda connection: chat_rows.read_chat(connection, chat_id, actor))

    async def chats_of(self, actor: str, limit: int, cursor: str | None) -> ChatPage:
        return await self._readers.read(lambda connection: chat_rows.read_chats_of(connection, actor, limit, cursor))

    async def rename_chat(self, chat_id: str, actor: str, name: str | None) -> Chat:
        return await self._writer.run(lambda connection: self._changes.rename(connection, chat_id, actor, name))

    async def delete_chat(self, chat_id: str, actor: str) -> None:
        await self._writer.run(
            lambda connection: self._changes.delete(connection, chat_id, actor), lambda _: self._log.membership_changed(chat_id)
        )

    async def add_member(self, chat_id: str, actor: str, user_id: str) -> Chat:
        def announce(result: tuple[Chat, bool]) -> None:
            if result[1]:
                self._log.membership_changed(chat_id)

        chat, _ = await self._writer.run(lambda connection: self._changes.add_member(connection, chat_id, actor, user_id), announce)
        return chat

    async def remove_member(self, chat_id: str, actor: str, user_id: str) -> None:
        await self._writer.run(
            lambda connection: self._changes.remove_member(connection, chat_id, actor, user_id),
            lambda _: self._log.membership_changed(chat_id),
        )

    async def members(self, chat_id: str) -> frozenset[str] | None:
        return await self._readers.read(lambda connection: chat_rows.read_members(connection, chat_id))

    async def history(self, chat_id: str, actor: str, *, before: int | None, after: int | None, limit: int) -> MessagePage:
        return await self._readers.read(lambda connection: pages.read_history(connection, chat_id, actor, before, after, limit))

    async def sync(self, actor: str, chats: Sequence[SyncRequest], limit: int) -> tuple[list[MessagePage], list[str]]:
        return await self._readers.read(lambda connection: pages.read_sync(connection, actor, chats, limit))

    async def delivery(self, chat_id: str, actor: str) -> Delivery:
        return await self._readers.read(lambda connection: chat_rows.read_delivery(connection, chat_id, actor))

    async def acknowledge(self, updates: Sequence[WatermarkUpdate]) -> list[WatermarkUpdate]:
        return await self._writer.run(lambda connection: raise_watermarks(connection, updates)) if updates else []

    async def prune(self, older_than_micros: int, limit: int) -> int:
        # Looking for something to remove may take long, so it is not done on the writer.
        found = await self._slow_readers.read(lambda connection: find_removable(connection, older_than_micros))
        if not found:
            return 0
        return await self._writer.run(lambda connection: remove_old(connection, found, limit, self._clock.now_micros()))

    async def stats(self) -> StoreStats:
        return await self._slow_readers.read(lambda connection: store_check.stats(connection, self._file.size_bytes))

    async def check(self) -> StoreCheck:
        return await self._slow_readers.read(store_check.check)
