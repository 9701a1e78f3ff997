"""What people and the engine decided, in memory for every evaluation, and appended to the ledger before it holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from operator import itemgetter
from typing import Any

from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.clock import Clock
from surewire.ports.idempotency import Claim
from surewire.ports.ledger import Entry, Ledger
from surewire.slo.correction import KINDS as PLAN_KINDS
from surewire.slo.correction import Plan, read_plan

__all__ = ["Decisions", "load_decisions"]


class Decisions:
    """Every entry of the ledger, and what those of maintenance and corrections add up to. Made by `load_decisions`. Loop thread only."""

    def __init__(self, ledger: Ledger, clock: Clock, new_ulid: Callable[[], str], entries: Iterable[Entry]) -> None:
        self._ledger, self._clock, self._new_ulid = ledger, clock, new_ulid
        self._by_kind: defaultdict[str, list[tuple[int, Entry]]] = defaultdict(list)
        self._count = 0
        for entry in entries:
            self._keep(entry)
        self._plan = read_plan(self.of(*PLAN_KINDS))

    @property
    def plan(self) -> Plan:
        """All that was announced and corrected so far."""
        return self._plan

    @property
    def now_s(self) -> int:
        """The time that an entry would get."""
        return self._clock.now_micros() // MICROS_PER_SECOND

    def entry(self, kind: str, actor: str, body: dict[str, Any]) -> Entry:
        """An entry of now with a new id, for `record`."""
        return Entry(id=self._new_ulid(), kind=kind, at_s=self.now_s, actor=actor, body=body)

    def new_id(self) -> str:
        """A name for something that is decided next."""
        return self._new_ulid()

    def of(self, *kinds: str) -> list[Entry]:
        """The entries of these kinds, oldest first."""
        return [entry for _, entry in sorted((one for kind in kinds for one in self._by_kind[kind]), key=itemgetter(0))]

    async def record(self, entry: Entry, claim: Claim | None = None) -> Entry:
        """The entry, once it is on disk; nothing holds that is not. Raises: as `Ledger.append`."""
        await self._ledger.append(entry, claim)
        self._keep(entry)
        if entry.kind in PLAN_KINDS:
            self._plan = read_plan(self.of(*PLAN_KINDS))
        return entry

    def _keep(self, entry: Entry) -> None:
        self._by_kind[entry.kind].append((self._count, entry))
        self._count += 1


async def load_decisions(ledger: Ledger, clock: Clock, new_ulid: Callable[[], str], kinds: Collection[str] = ()) -> Decisions:
    """Everything that was decided so far, or what is of these kinds."""
    return Decisions(ledger, clock, new_ulid, await ledger.entries(kinds))
