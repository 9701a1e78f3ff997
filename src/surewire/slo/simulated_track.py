"""One objective on its way through a simulation: its counts, its alerts, its freeze.

Everything is judged as in a running server, but for hard limits: a scenario says how many events are bad, and not how bad they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Final, Literal, NamedTuple, get_args

from msgspec import Struct
from msgspec.structs import replace

from surewire.slo.alert_evaluation import judge_all
from surewire.slo.alert_rule import AlertRule
from surewire.slo.condition import Burn
from surewire.slo.evaluation import evaluate
from surewire.slo.freeze import Action, Freeze, next_step
from surewire.slo.gate import Gated
from surewire.slo.gating import Gating
from surewire.slo.objective import Objective
from surewire.slo.policy import consequence
from surewire.slo.scene import Scene
from surewire.slo.simulated_load import Load, sides
from surewire.slo.simulated_timeline import SimulatedTimeline
from surewire.slo.status import SloStatus
from surewire.slo.window import SLOT_S, Interval, Rolling

__all__ = ["KINDS", "AlertSpan", "Happening", "Moment", "Track"]

Kind = Literal["fault", "maintenance", "action", "alert", "state", "freeze", "gate", "deployment"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
"""In the order in which one follows from another."""


class Happening(Struct, frozen=True):
    """Something that happened in a simulation, in words."""

    at_s: int
    kind: Kind
    slo: str
    what: str


class AlertSpan(Struct, frozen=True, kw_only=True):
    """An alert that fired, until it no longer held; None while it does."""

    name: str
    slo: str
    severity: str
    start_s: int
    end_s: int | None = None


class Moment(NamedTuple):
    """An objective judged at one time, before anything follows from it."""

    at_s: int
    status: SloStatus
    holding: frozenset[str]
    """The alerts whose conditions hold."""
    rates: frozenset[Decimal]
    """The rates of the tiers that fire."""
    freeze: str
    """What the engine would do about its freeze."""

    @property
    def differs_by(self) -> tuple[object, ...]:
        """What a simulation looks at more closely when it changes between two looks."""
        return self.status.state, self.holding, self.freeze


class Track:
    """One objective under a load, and what became of it. `happenings` are in no order."""

    def __init__(self, objective: Objective, rules: Iterable[AlertRule], load: Load, excluded: Sequence[Interval]) -> None:
        self.objective, self.rules, self.excluded = objective, tuple(rules), excluded
        self.happenings: list[Happening] = []
        self.alerts: list[AlertSpan] = []
        self.freeze: Freeze | None = None
        self.last: Moment | None = None
        self._gating = Gating([objective], self.rules)
        self._load, self._timeline = load, SimulatedTimeline(load, sides(objective))
        self._held_since_s: dict[str, int] = {}
        self._firing: dict[str, int] = {}

    # ---- time goes on

    def look(self, now_s: int) -> Moment:
        """The objective now; nothing follows from it yet."""
        gaps = [Interval(stop.start_s, min(stop.end_s, now_s)) for stop in self._load.stops if stop.start_s < now_s]
        status = evaluate(self.objective, self._timeline, self.excluded, now_s, gaps)
        scene = Scene(
            timeline=self._timeline,
            objectives={self.objective.id: self.objective},
            statuses={self.objective.id: status},
            now_s=now_s,
            excluded={self.objective.id: self.excluded},
            gaps=gaps,
        )
        judged = judge_all([rule for rule in self.rules if _may_hold(rule, status)], scene)
        holding = frozenset(one.name for one in judged if one.verdict == "firing")
        rates = frozenset(rule.condition.rate for rule in self.rules if rule.name in holding and isinstance(rule.condition, Burn))
        step = next_step(self.objective, self.freeze, status.state, rates, status.burn_rates.get("1d"), now_s)
        return Moment(now_s, status, holding, rates, step.kind if step else "")

    def accept(self, moment: Moment) -> None:
        """Lets everything follow from what was seen: alerts, the state, the freeze."""
        self._alerts(moment)
        self._state(moment)
        self._freeze(moment)
        self.last = moment

    @property
    def standing(self) -> object:
        """What the gate goes by: while it is the same, so is the gate's answer."""
        return self.last and self.last.status.state, self.last and self.last.rates, self.freeze, frozenset(self._firing)

    def gated(self) -> Gated | None:
        """Its standing at the gate; None for one that refuses nothing."""
        slo = self.objective.id
        if self.last is None or not self._gating.can_refuse(slo):
            return None
        return self._gating.standing(
            slo, self.last.status, is_fed=True, firing_rates=self.last.rates, freeze=self.freeze, firing_alerts=self._firing.keys()
        )

    def mend(self, at_s: int, what: str) -> None:
        """A corrective action is recorded and validated, if there is a freeze."""
        if self.freeze is not None:
            number = f"action-{len(self.freeze.actions) + 1}"
            action = Action(
                id=number, slo=self.objective.id, what=what, actor="scenario", at_s=at_s, validated_by="scenario", validated_at_s=at_s
            )
            self.freeze = replace(self.freeze, actions=(*self.freeze.actions, action))

    # ---- what follows

    def _alerts(self, moment: Moment) -> None:
        for rule in self.rules:
            if rule.name not in moment.holding:
                self._end(rule, moment.at_s)
                continue
            since_s = self._held_since_s.setdefault(rule.name, moment.at_s)
            due_s = since_s + -(-rule.hold_s // SLOT_S) * SLOT_S
            if rule.name not in self._firing and due_s <= moment.at_s:
                self._firing[rule.name] = len(self.alerts)
                self.alerts.append(AlertSpan(name=rule.name, slo=self.objective.id, severity=rule.severity, start_s=due_s))
                self._happened(due_s, "alert", f"{rule.name} ({rule.severity}) fires")

    def _end(self, rule: AlertRule, at_s: int) -> None:
        self._held_since_s.pop(rule.name, None)
        if (place := self._firing.pop(rule.name, None)) is not None:
            self.alerts[place] = replace(self.alerts[place], end_s=at_s)
            self._happened(at_s, "alert", f"{rule.name} ({rule.severity}) is over")

    def _state(self, moment: Moment) -> None:
        before = self.last.status.state if self.last else "no_data"
        after = moment.status.state
        if before != after and self.last is not None:
            row = consequence(self.objective.policy, after)
            self._happened(moment.at_s, "state", f"{before} → {after}" + (f": {row.deployments}" if row else ""))

    def _freeze(self, moment: Moment) -> None:
        burn_of_a_day = moment.status.burn_rates.get("1d")
        step = next_step(self.objective, self.freeze, moment.status.state, moment.rates, burn_of_a_day, moment.at_s)
        if step is None:
            return
        if step.kind == "freeze_opened":
            self.freeze = Freeze(slo=self.objective.id, cause=step.cause, opened_at_s=moment.at_s)
            self._happened(moment.at_s, "freeze", f"deployments freeze: {step.cause}")
        elif step.kind == "freeze_ended" and self.freeze is not None:
            self.freeze = replace(self.freeze, ended_at_s=moment.at_s)
            self._happened(moment.at_s, "freeze", "the freeze ends")
        else:
            self.freeze = None

    def _happened(self, at_s: int, kind: Kind, what: str) -> None:
        self.happenings.append(Happening(at_s, kind, self.objective.id, what))


def _may_hold(rule: AlertRule, status: SloStatus) -> bool:
    """False for a tier that the status already says is calm, as nearly all are nearly always: it need not be judged by itself."""
    burn = rule.condition
    if not isinstance(burn, Burn):
        return True
    rates = (status.burn_rates.get(str(Rolling(span_s))) for span_s in (burn.long_s, burn.short_s))
    return all(rate is not None and rate >= burn.rate for rate in rates)
