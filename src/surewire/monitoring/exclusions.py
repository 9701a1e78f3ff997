"""What was to be taken out of an objective's window, as it is shown: what was, rounded to which slots, and what was not, and why."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from surewire.domain.instant import format_seconds
from surewire.monitoring.service_levels import ServiceLevels
from surewire.slo.correction import exclusions
from surewire.slo.window import DAY_S, Interval

__all__ = ["ExclusionList", "ExclusionView", "exclusions_now"]

_WITHOUT_WINDOW_S = 30 * DAY_S


class ExclusionView(Struct, frozen=True, kw_only=True):
    """One span. `start` to `end` is what was said, `taken_start` to `taken_end` the whole slots that leave both sides of the ratio."""

    id: str
    source: Literal["maintenance", "correction"]
    what: str
    start: str
    end: str
    counts: bool
    """Whether it is taken out."""
    why_not: str
    taken_start: str | None
    taken_end: str | None
    rounding_s: int
    """Seconds that go only because slots are whole."""


class ExclusionList(Struct, frozen=True, kw_only=True):
    """Everything that was announced or corrected for an objective and reaches into its window, by time."""

    slo: str
    since: str
    at: str
    items: tuple[ExclusionView, ...]


def exclusions_now(levels: ServiceLevels, slo: str) -> ExclusionList:
    """Those of the objective's window now. Raises: ClientError `NOT_FOUND` for an objective that does not exist."""
    objective, now_s = levels.objective(slo), levels.decisions.now_s
    window = objective.window.at(now_s) if objective.window else Interval(now_s - _WITHOUT_WINDOW_S, now_s)
    found = exclusions(objective.slo, levels.decisions.plan, window, excludes_maintenance=objective.excludes_maintenance)
    items: list[ExclusionView] = []
    for one in found:
        # Of older times only longer slots are kept.
        taken = levels.timeline.outward(one.interval)
        items.append(
            ExclusionView(
                id=one.id,
                source=one.source,
                what=one.what,
                start=format_seconds(one.asked.start_s),
                end=format_seconds(one.asked.end_s),
                counts=one.counts,
                why_not=one.why_not,
                taken_start=format_seconds(taken.start_s) if one.counts else None,
                taken_end=format_seconds(taken.end_s) if one.counts else None,
                rounding_s=taken.length_s - one.asked.length_s if one.counts else 0,
            )
        )
    return ExclusionList(slo=slo, since=format_seconds(window.start_s), at=format_seconds(now_s), items=tuple(items))
