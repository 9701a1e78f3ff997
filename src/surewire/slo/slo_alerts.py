"""The alerts that objectives give rise to: one for each burn tier, each state of the budget, and the breach of a short window."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import pairwise
from typing import Final, NamedTuple

from surewire.contract.slos import RemainingState, Severity
from surewire.slo.alert_rule import AlertRule
from surewire.slo.condition import Budget, Burn, Condition, WindowBelow
from surewire.slo.objective import Objective, Tier, exact
from surewire.slo.window import DAY_S, Rolling, parse_duration

__all__ = ["slo_alerts"]


class _Level(NamedTuple):
    """How urgent a level of a policy is, and whom it goes to beyond its severity's own targets."""

    severity: Severity
    targets: tuple[str, ...] = ()


_LEVELS: Final = {
    "slack": _Level("SEV-3"),
    "pagerduty-low": _Level("SEV-2"),
    "pagerduty-high": _Level("SEV-1"),
    "executive": _Level("SEV-1", ("executive",)),
}


def slo_alerts(objective: Objective) -> tuple[AlertRule, ...]:
    """The objective's own alerts, fastest burn first. One that is only reported has none."""
    return (*_burns(objective), *_states(objective), *_breach(objective))


def _burns(objective: Objective) -> Iterator[AlertRule]:
    for tier in objective.tiers:
        if tier.severity is not None:
            rate, window = _plain(tier.rate), str(Rolling(tier.long_s))
            burn = Burn(objective.id, tier.rate, tier.long_s, tier.short_s, tier.min_bad)
            yield _rule(objective, f"Burn{rate}x{window}", tier.severity, burn, window, _of_burn(objective, tier))


def _states(objective: Objective) -> Iterator[AlertRule]:
    if objective.window is None or not objective.window.has_tiers:
        return
    for better, row in pairwise(objective.policy.remaining_states):
        if (level := _LEVELS.get(row.alert)) and better.above is not None:
            budget = Budget(objective.id, row.state, exact(better.above), None if row.above is None else exact(row.above))
            sentence = _of_state(objective, row, budget.at_most)
            ending, window = f"Budget{row.state.capitalize()}", str(objective.window)
            yield _rule(objective, ending, level.severity, budget, window, sentence, targets=level.targets)


def _breach(objective: Objective) -> Iterator[AlertRule]:
    policy = objective.policy
    if policy.breach_for and policy.severity and isinstance(objective.window, Rolling):
        below = WindowBelow(objective.id, objective.window.seconds, objective.min_events)
        sentence = f"{objective.id} is below its objective of {_percent(objective.target or Decimal())} over {objective.window}."
        yield _rule(objective, "", policy.severity, below, str(objective.window), sentence, hold_s=parse_duration(policy.breach_for))


def _rule(
    objective: Objective,
    ending: str,
    severity: Severity,
    condition: Condition,
    window: str,
    summary: str,
    *,
    hold_s: int = 0,
    targets: tuple[str, ...] = (),
) -> AlertRule:
    name = "".join(word.capitalize() for word in objective.id.split("-"))
    return AlertRule(
        name=f"{name}{ending}" if ending else f"SLOBreach{name}",
        severity=severity,
        runbook=objective.runbook,
        condition=condition,
        summary=summary,
        hold_s=hold_s,
        slo=objective.id,
        window=window,
        owner=objective.owners.owner,
        backup=objective.owners.backup,
        targets=targets,
    )


def _of_burn(objective: Objective, tier: Tier) -> str:
    window = objective.window
    days = Decimal(window.length_s if window else 0) / tier.rate / DAY_S
    return (
        f"{objective.id} burns its error budget at more than {_plain(tier.rate)}x over {Rolling(tier.long_s)}; "
        f"at that rate a whole budget ({window}) lasts {_plain(round(days, 1))} days."
    )


def _of_state(objective: Objective, row: RemainingState, at_most: Decimal) -> str:
    left = f"at most {_percent(at_most)} of its error budget left" if at_most else "no error budget left"
    return f"{objective.id} has {left} ({row.state}): {row.deployments}."


def _percent(share: Decimal) -> str:
    return f"{_plain(share * 100)} %"


def _plain(number: Decimal) -> str:
    """Without an exponent and without zeros at its end."""
    return f"{number.normalize():f}"
