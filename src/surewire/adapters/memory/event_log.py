"""The log of committed messages, in a list."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from surewire.ports.event_log import CommittedMessage, LogEntry

__all__ = ["MemoryEventLog"]

_BATCH: Final = 500


class MemoryEventLog:
    """The `EventLog` port. `dead_letters` are what a test may look at."""

    def __init__(self) -> None:
        self._entries: list[LogEntry] = []
        self._cursors: dict[str, int] = {}
        self._notified: asyncio.Future[None] | None = None
        self._head = 0
        self.dead_letters: list[tuple[str, CommittedMessage, str, str]] = []

    @property
    def head(self) -> int:
        return self._head

    async def cursor(self, consumer: str) -> int:
        return self._cursors.setdefault(consumer, self._head)

    async def batches(self, after: int) -> AsyncIterator[Sequence[LogEntry]]:
        begin = 1 + max((i for i, entry in enumerate(self._entries) if 0 < _position(entry) <= after), default=-1)
        while True:
            batch = self._entries[begin : begin + _BATCH]
            begin += len(batch)
            if batch:
                yield batch
            else:
                await self._more()

    def advance(self, consumer: str, position: int) -> None:
        self._cursors[consumer] = max(position, self._cursors.get(consumer, 0))

    async def dead_letter(self, consumer: str, entry: CommittedMessage, reason: str, detail: str) -> None:
        self.dead_letters.append((consumer, entry, reason, detail))

    def append(self, entries: Sequence[LogEntry]) -> None:
        """Takes in what was committed, in order."""
        self._entries.extend(entries)
        self._head = max([self._head, *map(_position, entries)])
        if self._notified is not None and not self._notified.done():
            self._notified.set_result(None)

    async def _more(self) -> None:
        self._notified = asyncio.get_running_loop().create_future()
        await self._notified


def _position(entry: LogEntry) -> int:
    return entry.position if isinstance(entry, CommittedMessage) else 0
