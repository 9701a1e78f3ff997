"""How far a user has got in its chats: told to the server a few times a second at most, and again after a reconnect."""

from __future__ import annotations

import asyncio
from typing import Literal

from surewire.client.subscription import Say
from surewire.protocol.client_messages import Ack

__all__ = ["Watermarks"]

_PAUSE_S = 0.2


class Watermarks:
    """The highest sequence per chat and state. Nothing answers an `ack`, so what was told on a connection that ended is told again."""

    def __init__(self, say: Say) -> None:
        self._say = say
        self._untold: dict[tuple[str, Literal["delivered", "read"]], int] = {}
        self._told: dict[tuple[str, Literal["delivered", "read"]], int] = {}
        self._changed = asyncio.Event()

    def raise_to(self, chat_id: str, sequence: int, state: Literal["delivered", "read"]) -> None:
        """Everything of the chat up to the sequence has this state. A lower one than before changes nothing."""
        key = chat_id, state
        if sequence > max(self._told.get(key, 0), self._untold.get(key, 0)):
            self._untold[key] = sequence
            self._changed.set()

    def disconnected(self) -> None:
        """Nobody knows what of the last connection arrived."""
        self._untold = self._told | self._untold
        self._told = {}

    def tell(self) -> None:
        """Says what was not said yet."""
        for (chat_id, state), sequence in self._untold.items():
            self._say(Ack(chat_id=chat_id, sequence=sequence, state=state))
        self._told |= self._untold
        self._untold = {}
        self._changed.clear()

    async def run(self) -> None:
        """Says it whenever something changed, until cancelled."""
        while True:
            if not self._untold:
                await self._changed.wait()
            self.tell()
            await asyncio.sleep(_PAUSE_S)
