"""What people and the engine decided, in memory for every evaluation, and appended to the ledger before it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any, Final

from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.clock import Clock
from surewire.ports.idempotency import Claim
from surewire.ports.ledger import Entry, Ledger
from surewire.slo.correction import KINDS as PLAN_KINDS
from surewire.slo.correction import Plan, read_plan
from surewire.slo.freeze import KINDS as FREEZE_KINDS
from surewire.slo.freeze import Freeze, read_freezes
from surewire.slo.gate import OVERRIDE
from surewire.slo.review import KIND as REVIEW
from surewire.slo.versions import KIND as DEFINITION

__all__ = ["KINDS", "Decisions", "load_decisions"]

KINDS: Final = frozenset(
    {*PLAN_KINDS, *FREEZE_KINDS, DEFINITION, REVIEW, OVERRIDE, "slo_state", "deployment", "annotation", "annotation_drawn"}
)
"""What is read while the server runs, and therefore kept in memory. Everything else, such as who did what, only the ledger keeps."""


class Decisions:
    """The entries of `KINDS`, and what those of maintenance, corrections and freezes add up to. Made by `load_decisions`. Loop thread only.

    What they add up to is worked out on from entry to entry: everybody asks for it, at every tick and every question of a gate.
    """

    def __init__(self, ledger: Ledger, clock: Clock, new_ulid: Callable[[], str], entries: Iterable[Entry]) -> None:
        self._ledger, self._clock, self._new_ulid = ledger, clock, new_ulid
        self._by_kind: dict[str, list[tuple[int, Entry]]] = {kind: [] for kind in KINDS}
        self._count = 0
        for entry in entries:
            self._keep(entry)
        self._plan = read_plan(self.of(*PLAN_KINDS))
        self._freezes = read_freezes(self.of(*FREEZE_KINDS))

    @property
    def plan(self) -> Plan:
        """All that was announced and corrected so far."""
        return self._plan

    @property
    def freezes(self) -> dict[str, Freeze]:
        """The freeze of every objective that has one, open or ended. It is never changed: the next decision makes another."""
        return self._freezes

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
        """The entries of these kinds, oldest first. Raises: KeyError for a kind that is not one of `KINDS`."""
        return [entry for _, entry in sorted((one for kind in kinds for one in self._by_kind[kind]), key=itemgetter(0))]

    async def record(self, entry: Entry, claim: Claim | None = None) -> Entry:
        """The entry, of whichever kind, once it is on disk; nothing holds that is not. Raises: as `Ledger.append`."""
        await self._ledger.append(entry, claim)
        if entry.kind in KINDS:
            self._keep(entry)
        if entry.kind in PLAN_KINDS:
            self._plan = read_plan([entry], self._plan)
        if entry.kind in FREEZE_KINDS:
            self._freezes = read_freezes([entry], self._freezes)
        return entry

    def _keep(self, entry: Entry) -> None:
        self._by_kind[entry.kind].append((self._count, entry))
        self._count += 1


async def load_decisions(ledger: Ledger, clock: Clock, new_ulid: Callable[[], str]) -> Decisions:
    """Everything that was decided so far, as far as it is read again."""
    return Decisions(ledger, clock, new_ulid, await ledger.entries(KINDS))
