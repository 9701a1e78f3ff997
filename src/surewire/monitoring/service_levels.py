"""The server's own service levels: what it knows of every objective, and what follows from it.

Theory of operation. At every tick the recorder hands over the slots that changed; they enter the timeline, and everything is judged anew
in a thread, from the counts, the decisions and the time alone. Then, on the loop: gauges show what is left, changes of state are told
and put on record, freezes open and end, and the alerts' judgements go to whoever sends them. Between two ticks all questions are
answered from the last assessment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import Final

import msgspec

from surewire.contract.series import labels_of
from surewire.errors import ClientError
from surewire.monitoring.assessment import Asked, Assessed, Assessment, assess
from surewire.monitoring.corrective_actions import CorrectiveActions, FreezeView, freeze_view
from surewire.monitoring.decisions import Decisions
from surewire.monitoring.planning import Planning
from surewire.ports.alert_desk import AlertDesk
from surewire.ports.idempotency import Claim
from surewire.ports.ledger import Entry
from surewire.ports.sli_store import Slot
from surewire.slo.alert_rule import AlertRule
from surewire.slo.freeze import Freeze, next_step, obstacles
from surewire.slo.gate import OVERRIDE, ChangeKind, GateResult, Override, Recorder, judge_gate
from surewire.slo.gating import Gating
from surewire.slo.objective import Objective
from surewire.slo.policy import UNSEEN, Standing, Transition, transition
from surewire.slo.status import SloStatus
from surewire.slo.timeline import Timeline
from surewire.slo.window import Interval
from surewire.telemetry.instruments import MessagingInstruments

__all__ = ["OnTransition", "ServiceLevels"]

OnTransition = Callable[[Transition, SloStatus], Awaitable[None]]
"""Told of every change of an objective's state, in order."""

_ENGINE: Final = "surewire"


class ServiceLevels:
    """Objectives, their statuses and the gate. Loop thread only."""

    def __init__(
        self,
        objectives: Sequence[Objective],
        rules: Sequence[AlertRule],
        *,
        timeline: Timeline,
        decisions: Decisions,
        desk: AlertDesk | None,
        instruments: MessagingInstruments,
        tick_s: float,
        backends: Collection[str],
        on_transition: OnTransition,
    ) -> None:
        self.objectives = {objective.id: objective for objective in objectives}
        self.decisions = decisions
        self.planning = Planning(decisions, [objective.slo for objective in objectives])
        self.actions = CorrectiveActions(decisions, frozenset(self.objectives))
        self._rules, self._desk, self._timeline = rules, desk, timeline
        self._instruments, self._tick_s, self._backends = instruments, tick_s, backends
        self._on_transition = on_transition
        self._gating = Gating(objectives, rules)
        self._standings = _last_standings(decisions)
        self._assessment: Assessment | None = None
        self._gaps: Sequence[Interval] = ()

    def begin(self, gaps: Sequence[Interval]) -> None:
        """To be called before the first tick with the times in which the process did not run, known from the records of its lives."""
        self._gaps = gaps

    # ---- questions

    @property
    def at_s(self) -> int | None:
        """When everything was last judged; None before the first tick."""
        return self._assessment.now_s if self._assessment else None

    @property
    def statuses(self) -> tuple[SloStatus, ...]:
        """Every objective as it was then, in the order of the definitions; empty before the first tick."""
        return tuple(one.status for one in self._assessment.objectives.values()) if self._assessment else ()

    def status(self, slo: str) -> SloStatus:
        """One objective. Raises: ClientError `NOT_FOUND`, or `UNAVAILABLE` before the first tick."""
        return self._assessed(slo).status

    def objective(self, slo: str) -> Objective:
        """Its definition. Raises: ClientError `NOT_FOUND`."""
        if slo not in self.objectives:
            raise ClientError("NOT_FOUND", f"there is no objective {slo!r}; `surewire slo list` names them")
        return self.objectives[slo]

    @property
    def timeline(self) -> Timeline:
        """What was counted, for questions about the past."""
        return self._timeline

    @property
    def firing(self) -> Collection[str]:
        """The names of the alerts that fire now."""
        return self._desk.firing if self._desk else ()

    @property
    def freezes(self) -> dict[str, Freeze]:
        """The freeze of every objective that has one, open or ended."""
        return self.actions.freezes

    def freeze_views(self) -> tuple[FreezeView, ...]:
        """Every freeze, with what still keeps it from ending."""
        assessed = self._assessment.objectives if self._assessment else {}
        burns = {slo: assessed[slo].burn_of_a_day if slo in assessed else None for slo in self.freezes}
        now_s = self.decisions.now_s
        return tuple(
            freeze_view(freeze, obstacles(freeze, burns[slo], now_s) if freeze.state == "open" else ())
            for slo, freeze in self.freezes.items()
        )

    def gate(self, change: ChangeKind, slos: Sequence[str] = (), override: Override | None = None) -> GateResult:
        """Whether the change may be deployed now, by all objectives that can refuse or by those of them that are named.

        Raises: ClientError `NOT_FOUND` for an objective that does not exist, `INVALID_MESSAGE` for one that refuses nothing.
        """
        for slo in slos:
            self.objective(slo)
        freezes, assessed = self.freezes, self._assessment.objectives if self._assessment else {}
        frozen = [slo for slo, freeze in freezes.items() if freeze.state == "open"]
        gated = [
            self._gating.standing(
                objective.id,
                one.status if (one := assessed.get(objective.id)) else None,
                is_fed=self._is_fed(objective),
                is_named=bool(slos),
                firing_rates=one.firing_rates if one else (),
                freeze=freezes.get(objective.id),
                firing_alerts=self.firing,
            )
            for objective in self._gating.asked(slos, frozen)
        ]
        age_s = None if self.at_s is None else max(0, self.decisions.now_s - self.at_s)
        return judge_gate(gated, change, Recorder(age_s, self._tick_s), override)

    async def let_through(self, change: ChangeKind, slos: Sequence[str], override: Override, claim: Claim | None = None) -> Entry:
        """The gate's answer with an override, as the entry that is on record before it holds; its body is a `GateResult`."""
        result = self.gate(change, slos, override)
        return await self.decisions.record(self.decisions.entry(OVERRIDE, override.actor, msgspec.to_builtins(result)), claim)

    # ---- the tick

    async def tick(self, slots: Sequence[Slot]) -> None:
        """Takes what was recorded and judges everything anew. Raises: BackendUnavailableError when a decision cannot be put on record."""
        if slots:
            self._timeline.forget_from(slots[0].start_s)
        for slot in slots:
            self._timeline.add(slot)
        self._assessment = assessment = await asyncio.to_thread(assess, self._asked())
        self._show(assessment)
        # First of all, for alerts go out though nothing can be put on record: a full disk is one of the things that they tell of.
        if self._desk is not None:
            await self._desk.advance(assessment.judgements, assessment.now_s)
        await self._tell(assessment)
        await self._freeze(assessment)

    def _asked(self) -> Asked:
        return Asked(
            objectives=tuple(self.objectives.values()),
            rules=self._rules,
            timeline=self._timeline,
            plan=self.decisions.plan,
            now_s=self.decisions.now_s,
            gaps=self._gaps,
            marks=self._desk.marks if self._desk else {},
            backends=self._backends,
        )

    def _show(self, assessment: Assessment) -> None:
        for slo, one in assessment.objectives.items():
            name, left = self.objectives[slo].name, one.status.budget_remaining
            if self.objectives[slo].policy.remaining_states:
                gauge = self._instruments.slo_error_budget_remaining[name]
                gauge.is_known, gauge.value = left is not None, float(left or 0)
            self._instruments.slo_maintenance_active[name].value = one.in_maintenance

    async def _tell(self, assessment: Assessment) -> None:
        for slo, one in assessment.objectives.items():
            policy = self.objectives[slo].policy
            if policy.alerts == "none":
                continue
            before = self._standings.get(slo, UNSEEN)
            change = transition(slo, policy, before, one.status.state, assessment.now_s)
            if change is None:
                continue
            # Idle hours come and go without end; only a change of what is known is news.
            is_news = change.standing.known != before.known
            if is_news:
                await self.decisions.record(self.decisions.entry("slo_state", _ENGINE, _recorded(change)))
            # Not before it is on record: what could not be recorded is news again at the next tick.
            self._standings[slo] = change.standing
            if is_news:
                await self._on_transition(change, one.status)

    async def _freeze(self, assessment: Assessment) -> None:
        freezes = self.freezes
        for slo, one in assessment.objectives.items():
            step = next_step(
                self.objectives[slo], freezes.get(slo), one.status.state, one.firing_rates, one.burn_of_a_day, assessment.now_s
            )
            if step is not None:
                await self.decisions.record(self.decisions.entry(step.kind, _ENGINE, {"slo": step.slo, "cause": step.cause}))

    # ---- within

    def _assessed(self, slo: str) -> Assessed:
        self.objective(slo)
        if self._assessment is None:
            raise ClientError("UNAVAILABLE", "nothing was judged yet", temporary=True, retry_after_s=1.0)
        return self._assessment.objectives[slo]

    def _is_fed(self, objective: Objective) -> bool:
        """Whether it ever had data here, as far as memory goes."""
        counted = objective.counted
        return counted is not None and any(
            selector.accepts(labels_of(series)) for selector in counted.selectors for series in self._timeline.series(selector.metric)
        )


def _recorded(change: Transition) -> dict[str, object]:
    return {
        "slo": change.slo,
        "before": change.before,
        "after": change.after,
        "known": change.standing.known,
        "level": change.level,
        "opens_postmortem": change.opens_postmortem,
    }


def _last_standings(decisions: Decisions) -> dict[str, Standing]:
    """Where every objective stood before the restart."""
    return {entry.body["slo"]: Standing(entry.body["after"], entry.body["known"]) for entry in decisions.of("slo_state")}
