"""What is taken out of an objective's counts, and why: announced maintenance, and corrections that people make afterwards.

Both are entries of an append-only ledger, from which the plan below is read. Times that are taken out leave both sides of a ratio,
rounded outward to whole slots; whatever does not count says why. Counts themselves are never rewritten: gross values stay.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, Literal, Protocol

import msgspec

from surewire.contract.slos import ProbeSlo, Slo
from surewire.errors import ClientError
from surewire.slo.maintenance import Cancellation, MaintenanceWindow, occurrences
from surewire.slo.spans import overlapping, union
from surewire.slo.timeline import KEPT_S
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S, Interval

__all__ = [
    "KINDS",
    "NEED_EVIDENCE",
    "Category",
    "Correction",
    "Decision",
    "Exclusion",
    "Plan",
    "Withdrawal",
    "check_correction",
    "excluded",
    "exclusions",
    "is_for",
    "needed_notice_s",
    "read_plan",
    "rounded",
]

Category = Literal["scheduled_maintenance", "force_majeure", "client_network", "upstream_auth", "third_party", "other"]

NEED_EVIDENCE: Final = frozenset({"force_majeure", "client_network", "upstream_auth", "third_party"})
"""What others are blamed for is proven."""

KINDS: Final = ("maintenance", "maintenance_cancelled", "correction", "correction_withdrawn")
"""The ledger's kinds of entries that a plan is read from."""


class Correction(msgspec.Struct, frozen=True, kw_only=True):
    """A span of time that does not count, said afterwards. `slos` are the objectives it is for; all when none is named."""

    id: str
    start_s: int
    end_s: int
    category: Category
    reason: str
    actor: str
    evidence: str = ""
    """Where the proof is: an address, a ticket."""
    approver: str = ""
    slos: tuple[str, ...] = ()
    at_s: int
    """When it was made."""


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """A correction taken back, as if it had never been made."""

    id: str
    reason: str


class Plan(msgspec.Struct, frozen=True):
    """Everything that was announced and corrected so far."""

    windows: tuple[MaintenanceWindow, ...] = ()
    cancelled: dict[str, Cancellation] = {}
    corrections: tuple[Correction, ...] = ()


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """One span of time that was to be taken out of one objective. `interval` is what goes, in whole slots; `asked` what was said."""

    id: str
    source: Literal["maintenance", "correction"]
    interval: Interval
    asked: Interval
    what: str
    """The maintenance's title, or the correction's category and reason."""
    counts: bool
    why_not: str = ""

    @property
    def rounding_s(self) -> int:
        """Seconds that go only because slots are whole."""
        return self.interval.length_s - self.asked.length_s


class Decision(Protocol):
    """An entry of the ledger, as much of it as is needed here."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def at_s(self) -> int: ...
    @property
    def actor(self) -> str: ...
    @property
    def body(self) -> dict[str, Any]: ...


def read_plan(entries: Iterable[Decision], before: Plan | None = None) -> Plan:
    """What the ledger's entries add up to, after what was planned before; those of other kinds are passed over.

    When something was announced is the ledger's word.
    """
    windows: list[MaintenanceWindow] = list(before.windows) if before else []
    cancelled: dict[str, Cancellation] = dict(before.cancelled) if before else {}
    corrections: dict[str, Correction] = {one.id: one for one in before.corrections} if before else {}
    for entry in entries:
        if entry.kind == "maintenance":
            stamp = {"announced_at_s": entry.at_s, "actor": entry.actor}
            windows.append(msgspec.convert({**entry.body["window"], **stamp}, MaintenanceWindow))
        elif entry.kind == "maintenance_cancelled":
            cancellation = msgspec.convert({**entry.body, "at_s": entry.at_s, "actor": entry.actor}, Cancellation)
            cancelled.setdefault(cancellation.id, cancellation)
        elif entry.kind == "correction":
            correction = msgspec.convert({**entry.body, "at_s": entry.at_s, "actor": entry.actor}, Correction)
            corrections[correction.id] = correction
        elif entry.kind == "correction_withdrawn":
            corrections.pop(msgspec.convert(entry.body, Withdrawal).id, None)
    return Plan(tuple(windows), cancelled, tuple(corrections.values()))


def check_correction(correction: Correction, known_slos: frozenset[str]) -> None:
    """Raises: ClientError that names the field and the mend, when the correction cannot be made as it is."""
    unknown = [slo for slo in correction.slos if slo not in known_slos]
    problems = {
        "reason": "" if correction.reason.strip() else "say why this time does not count",
        "actor": "" if correction.actor.strip() else "say who corrects",
        "approver": _wrong_approval(correction),
        "start": _wrong_start(correction),
        "end": "" if correction.end_s <= correction.at_s else "it ends in the future; what is to come is maintenance, announced",
        "evidence": "" if _is_proven(correction) else f"{correction.category} needs evidence: say where the proof is",
        "slos": f"no objective is called {unknown[0]}" if unknown else "",
    }
    for path, problem in problems.items():
        if problem:
            raise ClientError("INVALID_MESSAGE", problem, path=path)


def excluded(slo: Slo, plan: Plan, interval: Interval, *, excludes_maintenance: bool = True) -> list[Interval]:
    """The spans that leave this objective's adjusted counts: in whole slots, within the interval, in order, without overlap."""
    windows = tuple(window for window in plan.windows if is_for(slo, window.slos)) if excludes_maintenance else ()
    cancelled = tuple(_cancelled_at_s(plan, window) for window in windows)
    maintained = _maintained(windows, cancelled, needed_notice_s(slo), interval)
    corrected = [one.interval for one in _by_correction(slo, plan, interval, SLOT_S) if one.counts]
    return overlapping(union((*maintained, *corrected)) if corrected else maintained, interval.start_s, interval.end_s)


def exclusions(
    slo: Slo, plan: Plan, interval: Interval, *, excludes_maintenance: bool = True, slot_s: int = SLOT_S
) -> tuple[Exclusion, ...]:
    """Everything that was announced or corrected for this objective and reaches into the interval, also what does not count; by time.

    `slot_s` is the length of the finest slots that are still kept of that time.
    """
    found = [*_by_maintenance(slo, plan, interval, slot_s, excludes_maintenance), *_by_correction(slo, plan, interval, slot_s)]
    return tuple(sorted(found, key=lambda one: (one.asked, one.id)))


def rounded(interval: Interval, slot_s: int = SLOT_S) -> Interval:
    """The whole slots that the interval touches."""
    return Interval(interval.start_s // slot_s * slot_s, -(-interval.end_s // slot_s) * slot_s)


@lru_cache(maxsize=64)
def _maintained(
    windows: tuple[MaintenanceWindow, ...], cancelled: tuple[int | None, ...], needed_s: int, interval: Interval
) -> tuple[Interval, ...]:
    """The whole slots of all maintenance that was announced early enough. Every objective asks at every tick, and most ask the same."""
    return union(
        rounded(asked)
        for window, cancelled_at_s in zip(windows, cancelled, strict=True)
        for asked in occurrences(window, interval, cancelled_at_s)
        if asked.start_s - window.announced_at_s >= needed_s
    )


def _by_maintenance(slo: Slo, plan: Plan, interval: Interval, slot_s: int, is_wanted: bool) -> Iterator[Exclusion]:
    for window in plan.windows:
        if not is_for(slo, window.slos):
            continue
        for asked in occurrences(window, interval, _cancelled_at_s(plan, window)):
            why_not = _too_late(slo, asked.start_s - window.announced_at_s) if is_wanted else "maintenance counts for this objective"
            yield Exclusion(
                id=window.id,
                source="maintenance",
                interval=rounded(asked, slot_s),
                asked=asked,
                what=window.title,
                counts=not why_not,
                why_not=why_not,
            )


def _by_correction(slo: Slo, plan: Plan, interval: Interval, slot_s: int) -> Iterator[Exclusion]:
    for one in plan.corrections:
        asked = Interval(one.start_s, one.end_s)
        if not is_for(slo, one.slos) or one.start_s >= interval.end_s or one.end_s <= interval.start_s:
            continue
        is_unproven = isinstance(slo, ProbeSlo) and not one.evidence
        yield Exclusion(
            id=one.id,
            source="correction",
            interval=rounded(asked, slot_s),
            asked=asked,
            what=f"{one.category}: {one.reason}",
            counts=not is_unproven,
            why_not="down time is only taken out with evidence" if is_unproven else "",
        )


def _too_late(slo: Slo, notice_s: int) -> str:
    """Why an announcement that long before the start does not count; empty when it does."""
    needed_s = needed_notice_s(slo)
    if notice_s < 0:
        return "announced after it started; a correction can take it out"
    if notice_s >= needed_s:
        return ""
    said = f"{notice_s // HOUR_S} h {notice_s % HOUR_S // 60} min"
    return f"announced {said} before it started; {slo.id} asks for {needed_s // HOUR_S} h"


def needed_notice_s(slo: Slo) -> int:
    """How long before its start maintenance must be announced. Nothing that was announced after it started counts anywhere."""
    return (slo.maintenance_notice_h or 0) * HOUR_S if isinstance(slo, ProbeSlo) else 0


def _cancelled_at_s(plan: Plan, window: MaintenanceWindow) -> int | None:
    cancellation = plan.cancelled.get(window.id)
    return cancellation.at_s if cancellation else None


def is_for(slo: Slo, slos: Sequence[str]) -> bool:
    """Whether what names these objectives is for this one; it is for all when it names none."""
    return not slos or slo.id in slos


def _wrong_approval(correction: Correction) -> str:
    """Nobody gives a budget back to themselves."""
    approver, actor = (name.strip().casefold() for name in (correction.approver, correction.actor))
    if not approver:
        return "say who approved it; nobody corrects alone"
    return "somebody else than the actor approves" if approver == actor else ""


def _wrong_start(correction: Correction) -> str:
    if correction.start_s >= correction.end_s:
        return "it starts after it ends"
    is_forgotten = correction.start_s < correction.at_s - KEPT_S
    return f"counts are kept for {KEPT_S // DAY_S} days; start later than that" if is_forgotten else ""


def _is_proven(correction: Correction) -> bool:
    return bool(correction.evidence.strip()) or correction.category not in NEED_EVIDENCE
