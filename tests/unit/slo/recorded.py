"""Recorded pasts for tests: slots with what a test says, up to a fixed moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from surewire.contract.catalogue import load_alerts, load_slos
from surewire.ports.sli_store import Slot
from surewire.slo.alert_rules import alert_rules
from surewire.slo.evaluation import evaluate
from surewire.slo.objective import objectives
from surewire.slo.scene import Scene
from surewire.slo.timeline import Timeline
from surewire.slo.window import SLOT_S, Interval

__all__ = ["BACKENDS", "NOW_S", "OBJECTIVES", "RULES", "recorded", "scene", "steady"]

NOW_S = 1_801_439_985
"""A quarter of a minute before the end of January 2027, so that a calendar month is almost whole."""
OBJECTIVES = {objective.id: objective for objective in objectives(load_slos())}
RULES = {rule.name: rule for rule in alert_rules(load_slos(), load_alerts())}
BACKENDS = ("dynamodb", "kafka", "redis")


def steady(counts: Mapping[str, int], seconds: int, *, gauges: Mapping[str, float] | None = None, until_s: int = NOW_S) -> list[Slot]:
    """Slots of 15 s, each with the same counts."""
    starts = range(until_s - seconds, until_s, SLOT_S)
    return [Slot(start_s=start_s, length_s=SLOT_S, seen_s=SLOT_S, counts=dict(counts), gauges=dict(gauges or {})) for start_s in starts]


def recorded(slots: Sequence[Slot]) -> Timeline:
    timeline = Timeline()
    timeline.load(slots)
    return timeline


def scene(timeline: Timeline, *, now_s: int = NOW_S, gaps: Sequence[Interval] = (), only: str = "", **fields: Any) -> Scene:
    """What alerts are judged by, with the statuses of all objectives, or of the one that is named."""
    wanted = [OBJECTIVES[only]] if only else OBJECTIVES.values()
    statuses = {one.id: evaluate(one, timeline, (), now_s, gaps) for one in wanted}
    given = {"backends": BACKENDS, **fields}
    return Scene(timeline=timeline, objectives=OBJECTIVES, statuses=statuses, now_s=now_s, gaps=gaps, **given)
