"""Decisions in memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from surewire.adapters.memory.answers import Answers
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.idempotency import Claim
from surewire.ports.ledger import Entry

__all__ = ["MemoryLedger"]


class MemoryLedger:
    """A `Ledger` that lives as long as the process."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._answers = Answers()

    async def append(self, entry: Entry, claim: Claim | None = None) -> None:
        now_micros = entry.at_s * MICROS_PER_SECOND
        self._answers.refuse_repeated(claim, now_micros)
        if entry.id in self._entries:
            raise ValueError(f"the ledger has an entry {entry.id} already")
        self._entries[entry.id] = entry
        self._answers.remember(claim, entry, now_micros)

    async def entries(self, kinds: Collection[str] = (), since_s: int = 0) -> Sequence[Entry]:
        return [entry for entry in self._entries.values() if entry.at_s >= since_s and (not kinds or entry.kind in kinds)]
