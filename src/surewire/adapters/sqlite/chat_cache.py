"""What the writer thread remembers of chats, so that a message needs no query to find its sequence and its sender's right to it."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable
from typing import Final

import msgspec

from surewire.adapters.sqlite.connection import Connection, one
from surewire.adapters.sqlite.queries import load_queries
from surewire.domain.instant import format_instant

__all__ = ["CachedChat", "ChatCache"]

_SQL = load_queries("message_writer")
_CAPACITY: Final = 1_000_000
_PRICE_OF_A_CHAT: Final = 10
_encode = msgspec.json.Encoder().encode


class CachedChat:
    """A chat as the open transaction sees it. `problem` says why nothing may be written to it."""

    __slots__ = ("chat", "chat_id", "created_at", "members", "micros", "problem", "sequence")

    def __init__(self, row: _Row) -> None:
        self.chat, self.chat_id, self.members = row.chat, row.chat_id, row.members
        self.sequence = row.latest_sequence or 0
        self.micros = row.micros or 0
        self.created_at = format_instant(self.micros)
        self.problem = _problem(row)

    @property
    def price(self) -> int:
        """Its share of the cache, in members."""
        return _PRICE_OF_A_CHAT + len(self.members)


class _Row(msgspec.Struct, array_like=True, frozen=True):
    chat: int
    chat_id: str
    latest_sequence: int | None
    highest_sequence: int | None
    micros: int | None
    members: frozenset[str]


_decode = msgspec.json.Decoder(list[_Row]).decode


class ChatCache:
    """Chats by id, those used last; bounded by their members. Forgetting is always right: the next use reads the transaction's state."""

    __slots__ = ("_capacity", "_chats", "_price")

    def __init__(self, capacity: int = _CAPACITY) -> None:
        self._chats: OrderedDict[str, CachedChat] = OrderedDict()
        self._capacity, self._price = capacity, 0

    def load(self, connection: Connection, chat_ids: Collection[str]) -> dict[str, CachedChat]:
        """The chats with these ids; one that does not exist is left out."""
        cache = self._chats
        found = {chat_id: cache[chat_id] for chat_id in chat_ids if chat_id in cache}
        if len(found) < len(chat_ids):
            found.update(self._read(connection, chat_ids - found.keys()))
        for chat_id in found:
            cache.move_to_end(chat_id)
        self._shrink()
        return found

    def forget(self, chat_id: str) -> None:
        """Reads the chat again at its next use."""
        chat = self._chats.pop(chat_id, None)
        if chat is not None:
            self._price -= chat.price

    def clear(self) -> None:
        """Reads everything again."""
        self._chats.clear()
        self._price = 0

    def _read(self, connection: Connection, chat_ids: Iterable[str]) -> dict[str, CachedChat]:
        found = one(connection, _SQL.chats, _encode(list(chat_ids)).decode())
        chats = {row.chat_id: CachedChat(row) for row in _decode(found[0])} if found else {}
        self._chats.update(chats)
        self._price += sum(chat.price for chat in chats.values())
        return chats

    def _shrink(self) -> None:
        while self._price > self._capacity and len(self._chats) > 1:
            _, chat = self._chats.popitem(last=False)
            self._price -= chat.price


def _problem(row: _Row) -> str | None:
    if row.latest_sequence is None:
        return f"{row.chat_id} has no counter"
    if (row.highest_sequence or 0) > row.latest_sequence:
        return f"the counter of {row.chat_id} is at {row.latest_sequence}, below its sequence {row.highest_sequence}"
    return None
