"""Removing messages: what is old, and what belonged to deleted chats."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from surewire.adapters.sqlite.connection import Connection, one
from surewire.adapters.sqlite.idempotency import forget_expired
from surewire.adapters.sqlite.queries import load_queries

__all__ = ["find_removable", "remove_old"]

_SQL = load_queries("upkeep")
_CHATS_AT_ONCE: Final = 100
_FAR_FUTURE: Final = 2**62
_decode: Final = msgspec.json.Decoder(list[int]).decode


def find_removable(connection: Connection, older_than_micros: int) -> list[tuple[int, int]]:
    """Some chats that have something to remove, each with the instant before which; empty when there is nothing. For a reader."""
    found = one(connection, _SQL.deleted_chats, _CHATS_AT_ONCE)
    deleted = [(chat, _FAR_FUTURE) for chat in _decode(found[0])] if found else []
    found = one(connection, _SQL.old_chats, older_than_micros, _CHATS_AT_ONCE)
    return deleted + ([(chat, older_than_micros) for chat in _decode(found[0])] if found else [])


def remove_old(connection: Connection, chats: Sequence[tuple[int, int]], limit: int, now_micros: int) -> int:
    """Removes at most `limit` messages of these chats, the oldest first in each, and returns how many. For the writer."""
    forget_expired(connection, now_micros)
    removed = 0
    for chat, older_than_micros in chats:
        if removed < limit:
            removed += _remove_from(connection, chat, older_than_micros, limit - removed)
    return removed


def _remove_from(connection: Connection, chat: int, older_than_micros: int, limit: int) -> int:
    found = one(connection, _SQL.last_to_remove, chat, limit, older_than_micros)
    last, count = found or (None, 0)
    if last is not None:
        connection.execute(_SQL.remove, (chat, last))
        connection.execute(_SQL.mark_removed, (last, chat))
    return int(count)
