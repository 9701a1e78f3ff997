"""Maintenance that is announced and called off, corrections that are made and withdrawn: checked, recorded, and shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from surewire.contract.slos import Slo
from surewire.domain.instant import format_seconds
from surewire.errors import ClientError
from surewire.monitoring.decisions import Decisions
from surewire.ports.idempotency import Claim
from surewire.ports.ledger import Entry
from surewire.slo.correction import Category, Correction, check_correction
from surewire.slo.maintenance import MaintenanceWindow, check_window, occurrences
from surewire.slo.maintenance_notes import maintenance_notes
from surewire.slo.window import DAY_S, Interval

__all__ = [
    "CorrectionList",
    "CorrectionView",
    "MaintenanceList",
    "MaintenanceView",
    "OccurrenceView",
    "Planning",
    "correction_view",
]

_SHOWN_OCCURRENCES = 5
_LOOKED_AHEAD_S = 366 * DAY_S


class OccurrenceView(Struct, frozen=True):
    """One time that maintenance holds."""

    start: str
    end: str


class MaintenanceView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Announced maintenance. `next` are its next occurrences, at most five.

    `notes` say which objectives they will not be taken out of, and why; and when they take much of all time out.
    """

    id: str
    title: str
    start: str
    duration_s: int
    time_zone: str
    recurrence: str = ""
    expires: str | None = None
    slos: tuple[str, ...] = ()
    announced_at: str
    actor: str
    cancelled_at: str | None = None
    next: tuple[OccurrenceView, ...] = ()
    notes: tuple[str, ...] = ()


class CorrectionView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A span of time that does not count, said afterwards."""

    id: str
    start: str
    end: str
    category: Category
    reason: str
    evidence: str = ""
    slos: tuple[str, ...] = ()
    actor: str
    approver: str = ""
    at: str
    withdrawn_at: str | None = None


class MaintenanceList(Struct, frozen=True):
    """Everything that was announced, newest first."""

    items: tuple[MaintenanceView, ...]


class CorrectionList(Struct, frozen=True):
    """Every correction, newest first, the withdrawn ones too."""

    items: tuple[CorrectionView, ...]


class Planning:
    """What is taken out of counts, over the ledger. `slos` are the objectives that may be named. Loop thread only."""

    def __init__(self, decisions: Decisions, slos: Sequence[Slo]) -> None:
        self._decisions, self._slos = decisions, slos
        self._known_slos = frozenset(slo.id for slo in slos)

    async def announce(self, window: MaintenanceWindow, claim: Claim | None = None) -> Entry:
        """The maintenance, announced from now on. Raises: ClientError that names the field, as `check_window`; as `Ledger.append`."""
        check_window(window, self._known_slos)
        fields = msgspec.to_builtins(window)
        body = {"window": {name: fields[name] for name in fields if name not in {"announced_at_s", "actor"}}}
        entry = Entry(id=window.id, kind="maintenance", at_s=window.announced_at_s, actor=window.actor, body=body)
        return await self._decisions.record(entry, claim)

    async def call_off(self, window_id: str, actor: str, reason: str) -> None:
        """Nothing of it holds from now on; what was stays. Repeating it changes nothing. Raises: ClientError `NOT_FOUND`."""
        plan = self._decisions.plan
        if not any(window.id == window_id for window in plan.windows):
            raise ClientError("NOT_FOUND", "there is no such maintenance")
        if window_id not in plan.cancelled:
            entry = self._decisions.entry("maintenance_cancelled", actor, {"id": window_id, "reason": reason})
            await self._decisions.record(entry)

    async def correct(self, correction: Correction, claim: Claim | None = None) -> Entry:
        """The correction, which every number is judged by from now on. Raises: ClientError, as `check_correction`; as `Ledger.append`."""
        check_correction(correction, self._known_slos)
        fields: dict[str, Any] = msgspec.to_builtins(correction)
        body = {name: value for name, value in fields.items() if name not in {"at_s", "actor"}}
        entry = Entry(id=correction.id, kind="correction", at_s=correction.at_s, actor=correction.actor, body=body)
        return await self._decisions.record(entry, claim)

    async def withdraw(self, correction_id: str, actor: str, reason: str) -> None:
        """As if it had never been made. Repeating it changes nothing. Raises: ClientError `NOT_FOUND`."""
        if not any(entry.id == correction_id for entry in self._decisions.of("correction")):
            raise ClientError("NOT_FOUND", "there is no such correction")
        if correction_id not in self._withdrawn():
            entry = self._decisions.entry("correction_withdrawn", actor, {"id": correction_id, "reason": reason})
            await self._decisions.record(entry)

    def maintenance(self) -> tuple[MaintenanceView, ...]:
        """Everything that was announced, newest first, also what was called off or is over."""
        plan, now_s = self._decisions.plan, self._decisions.now_s
        cancelled = {window_id: cancellation.at_s for window_id, cancellation in plan.cancelled.items()}
        return tuple(self.maintenance_view(window, now_s, cancelled.get(window.id)) for window in reversed(plan.windows))

    def maintenance_view(self, window: MaintenanceWindow, now_s: int, cancelled_at_s: int | None = None) -> MaintenanceView:
        """The maintenance as it is shown at that time."""
        coming = occurrences(window, Interval(now_s, now_s + _LOOKED_AHEAD_S), cancelled_at_s)[:_SHOWN_OCCURRENCES]
        return _maintenance_view(window, coming, maintenance_notes(window, coming, self._slos), cancelled_at_s)

    def corrections(self) -> tuple[CorrectionView, ...]:
        """Every correction, newest first, also those that were withdrawn."""
        withdrawn = self._withdrawn()
        return tuple(correction_view(entry, withdrawn.get(entry.id)) for entry in reversed(self._decisions.of("correction")))

    def _withdrawn(self) -> dict[str, int]:
        return {entry.body["id"]: entry.at_s for entry in self._decisions.of("correction_withdrawn")}


def _maintenance_view(
    window: MaintenanceWindow, coming: Iterable[Interval], notes: tuple[str, ...], cancelled_at_s: int | None
) -> MaintenanceView:
    return MaintenanceView(
        id=window.id,
        title=window.title,
        start=format_seconds(window.start_s),
        duration_s=window.duration_s,
        time_zone=window.time_zone,
        recurrence=window.recurrence,
        expires=None if window.expires_s is None else format_seconds(window.expires_s),
        slos=window.slos,
        announced_at=format_seconds(window.announced_at_s),
        actor=window.actor,
        cancelled_at=None if cancelled_at_s is None else format_seconds(cancelled_at_s),
        next=tuple(OccurrenceView(format_seconds(one.start_s), format_seconds(one.end_s)) for one in coming),
        notes=notes,
    )


def correction_view(entry: Entry, withdrawn_at_s: int | None = None) -> CorrectionView:
    """The correction that the entry of the ledger holds, as it is shown."""
    correction = msgspec.convert({**entry.body, "at_s": entry.at_s, "actor": entry.actor}, Correction)
    return CorrectionView(
        id=correction.id,
        start=format_seconds(correction.start_s),
        end=format_seconds(correction.end_s),
        category=correction.category,
        reason=correction.reason,
        evidence=correction.evidence,
        slos=correction.slos,
        actor=correction.actor,
        approver=correction.approver,
        at=format_seconds(correction.at_s),
        withdrawn_at=None if withdrawn_at_s is None else format_seconds(withdrawn_at_s),
    )
