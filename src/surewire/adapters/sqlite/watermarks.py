"""How far members have got, raised many at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from surewire.adapters.sqlite.connection import Connection, one
from surewire.adapters.sqlite.queries import load_queries
from surewire.ports.message_store import WatermarkUpdate

__all__ = ["raise_watermarks"]

_SQL = load_queries("chats")
_encode = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(list[int]).decode


def raise_watermarks(connection: Connection, updates: Sequence[WatermarkUpdate]) -> list[WatermarkUpdate]:
    """Raises what is higher, and returns the updates of users that are no members of the chat they name."""
    given = _encode([(i, u.user_id, u.state == "read", u.chat_id, u.sequence, u.message_id) for i, u in enumerate(updates)]).decode()
    connection.execute(_SQL.raise_watermarks, (given,))
    found = one(connection, _SQL.outsiders, given)
    return [updates[index] for index in _decode(found[0])] if found else []
