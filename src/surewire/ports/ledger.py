"""What people and the engine decided, for ever: maintenance, corrections, overrides, deployments, definitions, and who did what."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, Protocol

import msgspec

from surewire.ports.idempotency import Claim

__all__ = ["Entry", "Ledger"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One decision. `kind` says what `body`, a JSON object, holds: `correction`, `maintenance`, `override`, `deployment` …"""

    id: str
    kind: str
    at_s: int
    actor: str
    body: dict[str, Any]


class Ledger(Protocol):
    """Append-only: nothing is ever changed or removed; taking something back is an entry of its own."""

    async def append(self, entry: Entry, claim: Claim | None = None) -> None:
        """Keeps the entry; on disk when it returns. `claim` renders the entry.

        Raises: ValueError when its id is taken; what a claim asks for; BackendUnavailableError, and then nobody knows whether it is kept:
        `entries` tells once it answers after the back end has recovered. Appending the same entry again is safe: it is kept once, and the
        ValueError says that it was.
        """
        ...

    async def entries(self, kinds: Collection[str] = (), since_s: int = 0) -> Sequence[Entry]:
        """The entries of these kinds (of all, when none is named) from `since_s` on, in the order in which they were appended."""
        ...
