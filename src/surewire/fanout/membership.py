"""Who is in which chat, remembered: a look-up costs a dictionary access for chats that are talked in."""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from surewire.ports.message_store import MessageStore
from surewire.telemetry.instruments import FanoutInstruments

__all__ = ["MembershipCache"]

_MAX_MEMBERS: Final = 500_000


class MembershipCache:
    """The members of chats, least recently used ones forgotten first. The log says when what is known is void (`drop`), in the order
    of commits, so an answer is never older than the message it is asked for."""

    def __init__(self, store: MessageStore, instruments: FanoutInstruments, max_members: int = _MAX_MEMBERS) -> None:
        self._store, self._max_members = store, max_members
        self._chats: OrderedDict[str, frozenset[str]] = OrderedDict()
        self._size = 0
        self._hits, self._misses = instruments.membership_cache_hits, instruments.membership_cache_misses

    def known(self, chat_id: str) -> frozenset[str] | None:
        """The members, when they are remembered."""
        members = self._chats.get(chat_id)
        if members is not None:
            self._hits.n += 1
            self._chats.move_to_end(chat_id)
        return members

    async def load(self, chat_id: str) -> frozenset[str] | None:
        """The members from the store, remembered from now on; None when there is no such chat."""
        self._misses.n += 1
        members = await self._store.members(chat_id)
        if members is not None:
            self.drop(chat_id)
            self._chats[chat_id] = members
            self._size += len(members)
            while self._size > self._max_members and len(self._chats) > 1:
                self.drop(next(iter(self._chats)))
        return members

    def drop(self, chat_id: str) -> None:
        """Forgets a chat."""
        members = self._chats.pop(chat_id, None)
        if members is not None:
            self._size -= len(members)
