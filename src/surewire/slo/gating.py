"""What the gate is asked about: each objective's standing, from its status, its freeze and the alerts that fire."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from decimal import Decimal

from surewire.contract.slos import LatencySlo
from surewire.errors import ClientError
from surewire.slo.alert_rule import AlertRule
from surewire.slo.condition import SlowShare
from surewire.slo.freeze import Freeze
from surewire.slo.gate import Gated
from surewire.slo.objective import Objective
from surewire.slo.policy import burn_state
from surewire.slo.status import SloStatus

__all__ = ["Gating"]


class Gating:
    """Which objectives can refuse a change, and how each stands at the gate."""

    def __init__(self, objectives: Iterable[Objective], rules: Iterable[AlertRule]) -> None:
        self._objectives = {objective.id: objective for objective in objectives}
        known_rules = tuple(rules)
        self._hard_limits = {id_: _hard_limit(objective, known_rules) for id_, objective in self._objectives.items()}

    def asked(self, slos: Sequence[str] = (), frozen: Collection[str] = ()) -> tuple[Objective, ...]:
        """Those that can refuse, in the order of the definitions, or only the named ones, which exist.

        `frozen` are those whose freeze is open: they refuse, whatever their definitions say by now. Raises: ClientError
        `INVALID_MESSAGE` for a named one that refuses nothing.
        """
        for slo in slos:
            if slo not in frozen and not self.can_refuse(slo):
                raise ClientError("INVALID_MESSAGE", f"{slo} refuses nothing; its definition would need gate: true", path="slo")
        wanted = set(slos) or {id_ for id_ in self._objectives if id_ in frozen or self.can_refuse(id_)}
        return tuple(objective for id_, objective in self._objectives.items() if id_ in wanted)

    def can_refuse(self, slo: str) -> bool:
        """Whether it can ever refuse a change by its definition: by its state, by its hard limit, or by a tier that freezes deployments."""
        objective = self._objectives[slo]
        return objective.slo.gate or bool(self._hard_limits[slo]) or any(tier.freezes for tier in objective.tiers)

    def standing(
        self,
        slo: str,
        status: SloStatus | None,
        *,
        is_fed: bool,
        is_named: bool = False,
        firing_rates: Collection[Decimal] = (),
        freeze: Freeze | None = None,
        firing_alerts: Collection[str] = (),
    ) -> Gated:
        """How it stands. `status` is None before anything was judged; `is_fed`: it ever had data here; `is_named`: the question
        names it; `firing_rates` are those of its burn tiers that fire."""
        objective = self._objectives[slo]
        return Gated(
            slo=slo,
            state=status.state if status else "no_data",
            burn_state=burn_state(tier.state for tier in objective.tiers if tier.rate in firing_rates),
            budget_remaining=status.budget_remaining if status else None,
            is_gating=objective.slo.gate,
            is_named=is_named,
            has_budget=bool(objective.policy.remaining_states),
            is_fed=is_fed,
            freeze=freeze.state if freeze else "none",
            hard_fail=next((alert for alert in self._hard_limits[slo] if alert in firing_alerts), ""),
        )


def _hard_limit(objective: Objective, rules: Sequence[AlertRule]) -> tuple[str, ...]:
    """The alerts of the objective's hard limit: those about its histogram above that bound."""
    slo = objective.slo
    if not isinstance(slo, LatencySlo) or slo.hard_fail_s is None:
        return ()
    return tuple(rule.name for rule in rules if _is_about(rule, slo.metric, slo.hard_fail_s))


def _is_about(rule: AlertRule, metric: str, bound_s: float) -> bool:
    condition = rule.condition
    return isinstance(condition, SlowShare) and condition.histogram.metric == metric and float(condition.threshold_s) == bound_s
