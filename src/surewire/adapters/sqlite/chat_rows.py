"""Chats as rows, and rows as chats."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from surewire.adapters.sqlite.connection import Connection, one
from surewire.adapters.sqlite.queries import load_queries
from surewire.domain.chat import Chat, Member, Watermarks
from surewire.domain.instant import format_instant
from surewire.errors import ClientError
from surewire.ports.message_store import ChatPage, Delivery

__all__ = ["no_such_chat", "read_chat", "read_chats_of", "read_delivery", "read_members"]

_SQL = load_queries("chats")
_ChatRow = tuple[str, str | None, str | None, int, int]
_decode_chats: Final = msgspec.json.Decoder(list[_ChatRow]).decode
_decode_members: Final = msgspec.json.Decoder(list[tuple[str, int]]).decode
_decode_user_ids: Final = msgspec.json.Decoder(frozenset[str]).decode
_decode_watermarks: Final = msgspec.json.Decoder(list[tuple[str, int, int]]).decode


def no_such_chat() -> ClientError:
    """The one answer to an outsider, whether the chat exists or not."""
    return ClientError("NOT_FOUND", "there is no such chat, or you are no member of it", path="chat_id")


def read_chat(connection: Connection, chat_id: str, actor: str) -> Chat:
    """The chat with its members. Raises: ClientError `NOT_FOUND`."""
    found = one(connection, _SQL.chat_with_members, actor, chat_id)
    if found is None:
        raise no_such_chat()
    _, *chat, members = found
    return _chat(chat, members)


def read_chats_of(connection: Connection, actor: str, limit: int, cursor: str | None) -> ChatPage:
    """The actor's chats after `cursor`, without their members."""
    found = one(connection, _SQL.chats_of, actor, cursor or "", limit + 1)
    rows = _decode_chats(found[0]) if found else []
    items = tuple(_chat(row, "[]") for row in rows[:limit])
    return ChatPage(items, items[-1].chat_id if len(rows) > limit else None)


def read_members(connection: Connection, chat_id: str) -> frozenset[str] | None:
    """The members' user ids; None when there is no such chat."""
    found = one(connection, _SQL.members, chat_id)
    return _decode_user_ids(found[0]) if found else None


def read_delivery(connection: Connection, chat_id: str, actor: str) -> Delivery:
    """Every member's watermarks. Raises: ClientError `NOT_FOUND`."""
    found = one(connection, _SQL.delivery, actor, chat_id)
    if found is None:
        raise no_such_chat()
    latest, members = found
    return Delivery(latest, tuple(Watermarks(*row) for row in _decode_watermarks(members)))


def _chat(row: Any, members: str) -> Chat:
    chat_id, name, owner, created_micros, latest_sequence = row
    people = tuple(
        Member(user_id, "owner" if user_id == owner else "member", format_instant(joined)) for user_id, joined in _decode_members(members)
    )
    return Chat(chat_id, name, owner, format_instant(created_micros), latest_sequence, people)
