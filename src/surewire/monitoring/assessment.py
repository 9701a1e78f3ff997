"""All objectives and alerts judged at one moment: pure, and run off the event loop."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal

from msgspec import Struct

from surewire.slo.alert_evaluation import judge_all
from surewire.slo.alert_rule import AlertRule
from surewire.slo.burn_rate import burn_rate
from surewire.slo.correction import Plan, excluded
from surewire.slo.evaluation import evaluate, firing_tiers, tally_of
from surewire.slo.judgement import Judgement, LatchMark
from surewire.slo.objective import Objective
from surewire.slo.scene import Scene
from surewire.slo.status import SloStatus
from surewire.slo.timeline import Timeline
from surewire.slo.window import DAY_S, Interval

__all__ = ["Asked", "Assessed", "Assessment", "assess"]

_LONGEST_S = 92 * DAY_S


class Asked(Struct, frozen=True, kw_only=True):
    """What an assessment is made from."""

    objectives: Sequence[Objective]
    rules: Sequence[AlertRule]
    timeline: Timeline
    plan: Plan
    now_s: int
    gaps: Sequence[Interval] = ()
    marks: Mapping[str, LatchMark] = {}
    backends: Collection[str] = ()


class Assessed(Struct, frozen=True, kw_only=True):
    """One objective: its status and what its policy goes by beside that."""

    status: SloStatus
    firing_rates: tuple[Decimal, ...]
    """Of its burn tiers that fire."""
    burn_of_a_day: Decimal | None
    """Over the last 24 h, by which a freeze may end."""
    in_maintenance: bool


class Assessment(Struct, frozen=True, kw_only=True):
    """Everything at `now_s`, in the order of the definitions."""

    now_s: int
    objectives: dict[str, Assessed]
    judgements: tuple[Judgement, ...]


def assess(asked: Asked) -> Assessment:
    """Every objective, then every alert, which may ask for the objectives' statuses."""
    out = {objective.id: _taken_out(objective, asked) for objective in asked.objectives}
    assessed = {objective.id: _assessed(objective, asked, out[objective.id]) for objective in asked.objectives}
    scene = Scene(
        timeline=asked.timeline,
        objectives={objective.id: objective for objective in asked.objectives},
        statuses={id_: one.status for id_, one in assessed.items()},
        now_s=asked.now_s,
        excluded=out,
        gaps=asked.gaps,
        marks=asked.marks,
        backends=asked.backends,
    )
    return Assessment(now_s=asked.now_s, objectives=assessed, judgements=tuple(judge_all(asked.rules, scene)))


def _taken_out(objective: Objective, asked: Asked) -> list[Interval]:
    span = Interval(asked.now_s - _LONGEST_S, asked.now_s)
    return excluded(objective.slo, asked.plan, span, excludes_maintenance=objective.excludes_maintenance)


def _assessed(objective: Objective, asked: Asked, out: Sequence[Interval]) -> Assessed:
    timeline, now_s, gaps = asked.timeline, asked.now_s, asked.gaps
    firing = firing_tiers(objective, timeline, out, now_s, gaps)
    day = tally_of(objective, timeline, Interval(now_s - DAY_S, now_s), out, gaps) if objective.tiers else None
    return Assessed(
        status=evaluate(objective, timeline, out, now_s, gaps),
        firing_rates=tuple(tier.rate for tier in firing),
        burn_of_a_day=None if day is None or objective.target is None else burn_rate(day, objective.target),
        in_maintenance=_is_maintained(objective, asked),
    )


def _is_maintained(objective: Objective, asked: Asked) -> bool:
    now = Interval(asked.now_s, asked.now_s + 1)
    announced = Plan(asked.plan.windows, asked.plan.cancelled)
    return bool(excluded(objective.slo, announced, now, excludes_maintenance=objective.excludes_maintenance))
