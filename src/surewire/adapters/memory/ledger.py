"""Decisions in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from surewire.ports.ledger import Entry

__all__ = ["MemoryLedger"]


class MemoryLedger:
    """A `Ledger` that lives as long as the process."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}

    async def append(self, entry: Entry) -> None:
        if entry.id in self._entries:
            raise ValueError(f"the ledger has an entry {entry.id} already")
        self._entries[entry.id] = entry

    async def entries(self, kinds: Collection[str] = (), since_s: int = 0) -> Sequence[Entry]:
        return [entry for entry in self._entries.values() if entry.at_s >= since_s and (not kinds or entry.kind in kinds)]
