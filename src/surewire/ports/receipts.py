"""Members' watermarks on their way to the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from surewire.ports.message_store import WatermarkUpdate

__all__ = ["Receipts"]


class Receipts(Protocol):
    """Takes watermarks as fast as clients give them; stores the highest of each user and chat at most 1 s later."""

    def acknowledge(self, update: WatermarkUpdate, refused: Callable[[WatermarkUpdate], None] | None = None) -> None:
        """Takes an update; returns at once. `refused` is called on the loop when its user turns out to be no member of the chat."""
        ...

    async def flush(self) -> None:
        """Returns when everything taken before the call is stored."""
        ...
