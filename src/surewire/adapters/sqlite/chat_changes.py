"""What changes a chat or its members: functions of the writer's connection, each one transaction's worth."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from surewire.adapters.sqlite.chat_cache import ChatCache
from surewire.adapters.sqlite.chat_rows import no_such_chat, read_chat
from surewire.adapters.sqlite.connection import Connection, one, rows
from surewire.adapters.sqlite.idempotency import refuse_repeated, remember
from surewire.adapters.sqlite.queries import load_queries
from surewire.domain.chat import LOBBY, Chat
from surewire.domain.ids import UlidGenerator
from surewire.errors import ClientError
from surewire.ports.clock import Clock
from surewire.ports.idempotency import Claim

__all__ = ["ChatChanges"]

_SQL = load_queries("chats")
_PREFIX: Final = "chat_"
_encode = msgspec.json.Encoder().encode


class _Target(NamedTuple):
    chat: int
    chat_id: str
    name: str | None
    owner: str | None
    created_micros: int
    latest_sequence: int


class ChatChanges:
    """Everything here runs on the writer thread. A chat that was changed is read again by whoever writes messages to it next."""

    def __init__(self, chats: ChatCache, clock: Clock, max_members: int, *, lobby: bool) -> None:
        self._chats, self._clock, self._max_members, self._lobby = chats, clock, max_members, lobby
        self._ulids = UlidGenerator(secrets.randbits)

    def create(self, connection: Connection, actor: str, members: Sequence[str], name: str | None, claim: Claim | None) -> Chat:
        """Raises: AlreadyAnsweredError; ClientError `LIMIT_EXCEEDED`, `CONFLICT`."""
        now = self._clock.now_micros()
        refuse_repeated(connection, claim, now)
        everyone = list(dict.fromkeys((actor, *members)))
        self._check_size(len(everyone))
        chat_id = _PREFIX + self._ulids.next(now // 1_000)
        self._insert(connection, chat_id, name, actor, everyone, now)
        chat = read_chat(connection, chat_id, actor)
        remember(connection, claim, chat, now)
        return chat

    def rename(self, connection: Connection, chat_id: str, actor: str, name: str | None) -> Chat:
        """Raises: ClientError `NOT_FOUND`, `FORBIDDEN`."""
        target = _owned(connection, chat_id, actor)
        connection.execute(_SQL.rename, (name, target.chat))
        return read_chat(connection, chat_id, actor)

    def delete(self, connection: Connection, chat_id: str, actor: str) -> None:
        """Nobody sees the chat any more; retention removes the rows. Raises: ClientError `NOT_FOUND`, `FORBIDDEN`."""
        target = _owned(connection, chat_id, actor)
        connection.execute(_SQL.mark_deleted, (self._clock.now_micros(), target.chat))
        connection.execute(_SQL.mark_all_removed, (target.chat,))
        connection.execute(_SQL.delete_members, (target.chat,))
        self._chats.forget(chat_id)

    def add_member(self, connection: Connection, chat_id: str, actor: str, user_id: str) -> tuple[Chat, bool]:
        """The chat, and whether it changed. Raises: ClientError `NOT_FOUND`, `FORBIDDEN`, `LIMIT_EXCEEDED`."""
        if chat_id == LOBBY and self._lobby and actor == user_id:
            chat = self._open_lobby(connection)
        else:
            chat = _owned(connection, chat_id, actor).chat
        changed = self._admit(connection, chat, user_id)
        self._chats.forget(chat_id)
        return read_chat(connection, chat_id, actor), changed

    def remove_member(self, connection: Connection, chat_id: str, actor: str, user_id: str) -> None:
        """Raises: ClientError `NOT_FOUND`, `FORBIDDEN`, `CONFLICT`."""
        target = _joined(connection, chat_id, actor)
        if user_id == target.owner:
            # Also for other members: only the owner could remove the owner, and the owner deletes the chat.
            raise ClientError("CONFLICT", "the owner cannot leave; delete the chat instead") if actor == user_id else _not_owner()
        if actor not in (user_id, target.owner):
            raise _not_owner()
        connection.execute(_SQL.delete_member, (target.chat, user_id))
        if not connection.changes():
            raise ClientError("NOT_FOUND", "the chat has no such member", path="user_id")
        self._chats.forget(chat_id)

    def _open_lobby(self, connection: Connection) -> int:
        now = self._clock.now_micros()
        return self._insert(connection, LOBBY, None, None, (), now)

    def _insert(self, connection: Connection, chat_id: str, name: str | None, owner: str | None, members: Sequence[str], now: int) -> int:
        made = rows(connection, _SQL.insert_chat, chat_id, name, owner, now)
        if not made:
            return int(rows(connection, _SQL.chat_number, chat_id)[0][0])
        chat = int(made[0][0])
        connection.execute(_SQL.insert_counter, (chat,))
        connection.execute(_SQL.insert_members, (chat, now, _encode(members).decode()))
        return chat

    def _admit(self, connection: Connection, chat: int, user_id: str) -> bool:
        ((count, is_member),) = rows(connection, _SQL.count_members, user_id, chat)
        if is_member:
            return False
        self._check_size(count + 1)
        connection.execute(_SQL.insert_members, (chat, self._clock.now_micros(), _encode([user_id]).decode()))
        return True

    def _check_size(self, members: int) -> None:
        if members > self._max_members:
            raise ClientError("LIMIT_EXCEEDED", f"a chat has at most {self._max_members:,} members", path="members")


def _joined(connection: Connection, chat_id: str, actor: str) -> _Target:
    found = one(connection, _SQL.chat, actor, chat_id)
    if found is None:
        raise no_such_chat()
    return _Target(*found)


def _owned(connection: Connection, chat_id: str, actor: str) -> _Target:
    target = _joined(connection, chat_id, actor)
    if target.owner != actor:
        raise _not_owner()
    return target


def _not_owner() -> ClientError:
    return ClientError("FORBIDDEN", "only the owner of the chat may do this")
