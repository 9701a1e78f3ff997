"""Pages of messages out of the file, each read in one step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from surewire.adapters.sqlite.chat_rows import no_such_chat
from surewire.adapters.sqlite.connection import Connection, one
from surewire.adapters.sqlite.queries import load_queries
from surewire.domain.instant import format_instant
from surewire.domain.message import Gap, Message, MessagePage
from surewire.ports.message_store import PAGE_BYTES, SyncRequest

__all__ = ["read_history", "read_sync"]

_SQL = load_queries("pages")
_NEWEST: Final = 2**62


class _Row(msgspec.Struct, array_like=True, frozen=True, gc=False):
    sequence: int
    message_id: str
    sender: str
    content: str
    content_type: str
    created_micros: int


_decode = msgspec.json.Decoder(list[_Row]).decode
_encoder = msgspec.json.Encoder()


def read_history(connection: Connection, chat_id: str, actor: str, before: int | None, after: int | None, limit: int) -> MessagePage:
    """Messages above `after`, else below `before`, else the newest. Raises: ClientError `NOT_FOUND`."""
    if after is not None:
        page = _page_after(connection, chat_id, actor, after, limit, PAGE_BYTES, free_first=True)
    else:
        page = _page_before(connection, chat_id, actor, _NEWEST if before is None else before, limit)
    if page is None:
        raise no_such_chat()
    return page


def read_sync(connection: Connection, actor: str, chats: Sequence[SyncRequest], limit: int) -> tuple[list[MessagePage], list[str]]:
    """A page per chat within one budget of bytes, and the ids of chats that are not the actor's."""
    pages: list[MessagePage] = []
    outside: list[str] = []
    left = PAGE_BYTES
    for chat in chats:
        free_first = left == PAGE_BYTES
        page = _page_after(connection, chat.chat_id, actor, chat.after_sequence, limit if left > 0 else 0, left, free_first=free_first)
        if page is None:
            outside.append(chat.chat_id)
        else:
            pages.append(page)
            left -= sum(len(_encoder.encode(message)) for message in page.messages)
    return pages, outside


def _page_after(
    connection: Connection, chat_id: str, actor: str, after: int, limit: int, size_bytes: int, *, free_first: bool
) -> MessagePage | None:
    found = one(connection, _SQL.page_after, after, limit, size_bytes, int(free_first), actor, chat_id)
    if found is None:
        return None
    latest, removed_up_to, page, delivered = found
    messages = _messages(chat_id, page)
    reached = messages[-1].sequence if messages else max(after, removed_up_to)
    gap = Gap(after + 1, removed_up_to) if after < removed_up_to else None
    return MessagePage(chat_id, messages, reached < latest, latest, gap, delivered)


def _page_before(connection: Connection, chat_id: str, actor: str, before: int, limit: int) -> MessagePage | None:
    found = one(connection, _SQL.page_before, before, limit, PAGE_BYTES, 1, actor, chat_id)
    if found is None:
        return None
    latest, removed_up_to, page = found
    messages = _messages(chat_id, page)
    return MessagePage(chat_id, messages, bool(messages) and messages[0].sequence > removed_up_to + 1, latest)


def _messages(chat_id: str, page: str) -> tuple[Message, ...]:
    return tuple(
        Message(row.message_id, chat_id, row.sequence, row.sender, row.content, row.content_type, format_instant(row.created_micros))
        for row in _decode(page)
    )
