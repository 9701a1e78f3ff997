"""Reviews as they are shown: the tasks of a period with what the server knows of them, and the ticks that people set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from msgspec import Struct

from surewire.domain.instant import format_seconds
from surewire.monitoring.service_levels import ServiceLevels
from surewire.ports.idempotency import Claim
from surewire.ports.ledger import Entry
from surewire.slo.gate import OVERRIDE
from surewire.slo.review import KIND, Cadence, Review, ReviewItem, Tick, make_review, task_of
from surewire.slo.review_evidence import LOOK_BACK_S, Known, evidence
from surewire.slo.window import Interval

__all__ = ["ReviewItemView", "ReviewView", "Reviews", "TickView", "empty_review", "looked_back", "tick_view"]

_NO_EVIDENCE: Final[dict[str, tuple[str, ...]]] = {}


class TickView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """That a task was done."""

    item: str
    actor: str
    at: str
    note: str = ""


class ReviewItemView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One task, or one point of the agenda. Without evidence a person looks by hand."""

    id: str
    text: str
    evidence: tuple[str, ...] = ()
    tick: TickView | None = None


class ReviewView(Struct, frozen=True, kw_only=True):
    """A review of its period. `attendees` and `agenda` are empty where nobody meets."""

    cadence: Cadence
    start: str
    end: str
    tasks: tuple[ReviewItemView, ...]
    attendees: str = ""
    agenda: tuple[ReviewItemView, ...] = ()


class Reviews:
    """The reviews of a server's service levels. Loop thread only."""

    def __init__(self, levels: ServiceLevels) -> None:
        self._levels = levels

    def at_present(self, cadence: Cadence, fired: Mapping[str, int] | None) -> ReviewView:
        """The review now. `fired` counts how often each alert fired in the time that is looked back on; None when nobody knows."""
        levels = self._levels
        known = Known(
            objectives=levels.objectives,
            statuses=levels.statuses,
            timeline=levels.timeline,
            freezes=levels.freezes,
            overrides=levels.decisions.of(OVERRIDE),
            fired=fired,
            firing=sorted(levels.firing),
            now_s=levels.decisions.now_s,
            look_back_s=LOOK_BACK_S[cadence],
        )
        return _view(make_review(cadence, levels.decisions.of(KIND), evidence(known), known.now_s))

    async def tick(self, cadence: Cadence, item: str, actor: str, note: str, claim: Claim | None = None) -> Entry:
        """The task is done for this period. Raises: ClientError `NOT_FOUND` for a task that this review has not; as `Ledger.append`."""
        body = {"cadence": cadence, "item": task_of(cadence, item).id, "note": note}
        return await self._levels.decisions.record(self._levels.decisions.entry(KIND, actor, body), claim)


def looked_back(cadence: Cadence, now_s: int) -> Interval:
    """The time that a review at `now_s` looks back on."""
    return Interval(now_s - LOOK_BACK_S[cadence], now_s)


def empty_review(cadence: Cadence, at_s: int) -> ReviewView:
    """The review without anything that a server knows: every task is by hand."""
    return _view(make_review(cadence, (), _NO_EVIDENCE, at_s))


def tick_view(tick: Tick) -> TickView:
    """The tick as it is shown."""
    return TickView(item=tick.item, actor=tick.actor, at=format_seconds(tick.at_s), note=tick.note)


def _view(review: Review) -> ReviewView:
    return ReviewView(
        cadence=review.cadence,
        start=format_seconds(review.period.start_s),
        end=format_seconds(review.period.end_s),
        tasks=tuple(map(_item, review.tasks)),
        attendees=review.attendees,
        agenda=tuple(map(_item, review.agenda)),
    )


def _item(item: ReviewItem) -> ReviewItemView:
    return ReviewItemView(id=item.id, text=item.text, evidence=item.evidence, tick=tick_view(item.tick) if item.tick else None)
