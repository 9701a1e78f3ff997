"""An objective in PromQL: what it counted over a window, the share that was good, and how fast its budget burns."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from surewire.contract.selector import Selector
from surewire.contract.slos import CapacitySlo
from surewire.monitoring.export.grafana.model import GREEN, ORANGE, RED, YELLOW, Step
from surewire.monitoring.export.grafana.queries import WHOLE, ratio
from surewire.monitoring.export.promql import selector
from surewire.slo.counted import GOOD_SECONDS
from surewire.slo.objective import Objective
from surewire.slo.window import Rolling

__all__ = [
    "bad_share",
    "budget",
    "budget_steps",
    "burn_rate",
    "capacity",
    "good_share",
    "range_of",
    "standing",
    "target_steps",
    "total",
]

_STATE_COLORS: Final = ("dark-orange", ORANGE, YELLOW, GREEN)
"""Critical, warning, caution, healthy; red is what is worse than all."""


def range_of(objective: Objective) -> str:
    """The objective's own window as a range; a calendar month has 30 days."""
    return str(Rolling(objective.window.length_s)) if objective.window is not None else ""


def standing(objective: Objective) -> str:
    """The share of good events over the objective's own window.

    With a budget it follows from what the server says remains: bad / total = (1 - remaining) * (1 - target). That is the number people
    are judged by, without maintenance and corrections, and costs one sample instead of a month of them.
    """
    if not objective.tiers:
        return good_share(objective, range_of(objective))
    return f"1 - (1 - {budget(objective)}) * {_allowed(objective)}"


def total(objective: Objective, window: str) -> str:
    """Events of the window; seconds known, for a gauge. Nothing for an objective that is not made of counts."""
    counts = objective.counted
    if counts is None:
        return ""
    if (gauge := _gauge(objective)) is not None:
        return f"sum(count_over_time({gauge}[{window}]))"
    by = _by(objective)
    if counts.total is not None:
        return WHOLE.increase(selector(counts.total), window, by)
    return f"({' + '.join(WHOLE.increase(selector(one), window, by) for one in counts.selectors)})"


def bad_share(objective: Objective, window: str) -> str:
    """The share of bad events in the window; no sample without events."""
    counts = objective.counted
    if counts is None:
        return ""
    if counts.bad is not None:
        return ratio(WHOLE.increase(selector(counts.bad), window, _by(objective)), total(objective, window))
    return f"1 - {_good(objective, window)}"


def good_share(objective: Objective, window: str) -> str:
    """The share of good events in the window: what the target is about."""
    counts = objective.counted
    if counts is None:
        return ""
    return _good(objective, window) if counts.good is not None else f"1 - {bad_share(objective, window)}"


def burn_rate(objective: Objective, window: str) -> str:
    """How many times too fast the budget burns over the window."""
    return f"({bad_share(objective, window)}) / {_allowed(objective)}"


def budget(objective: Objective) -> str:
    """What remains of the budget, as the server says."""
    return f'messaging_slo_error_budget_remaining{{slo_name="{objective.name}"}}'


def capacity(slo: CapacitySlo, window: str = "1d") -> str:
    """The highest value, or rate, that one instance had in the window."""
    if slo.at_least_per_s is not None:
        return f"max(max_over_time(sum by (instance) (rate({slo.metric}[1m]))[{window}:1m]))"
    return f"max(max_over_time({slo.metric}[{window}]))"


def target_steps(objective: Objective) -> tuple[Step, ...]:
    """Red below the target, yellow while less than half of the budget is left, green above."""
    target = objective.target or Decimal(0)
    return Step(None, RED), Step(float(target), YELLOW), Step(float(target + (1 - target) / 2), GREEN)


def budget_steps(objective: Objective) -> tuple[Step, ...]:
    """The colours of the policy's states by what remains of the budget."""
    worst_first = sorted(state.above for state in objective.policy.remaining_states if state.above is not None)
    return Step(None, RED), *(Step(above, color) for above, color in zip(worst_first, _STATE_COLORS, strict=False))


def _allowed(objective: Objective) -> Decimal:
    """The share that may be bad."""
    return 1 - (objective.target or Decimal(0))


def _good(objective: Objective, window: str) -> str:
    gauge, counts = _gauge(objective), objective.counted
    if gauge is not None:
        return f"sum(sum_over_time({gauge}[{window}])) / {total(objective, window)}"
    good = counts.good if counts else None
    return ratio(WHOLE.increase(selector(good), window, _by(objective)), total(objective, window)) if good else ""


def _gauge(objective: Objective) -> str | None:
    """The gauge whose good seconds are counted, if it is one."""
    good = objective.counted.good if objective.counted else None
    if good is None or not good.metric.endswith(GOOD_SECONDS):
        return None
    return selector(Selector(good.metric.removesuffix(GOOD_SECONDS), good.matchers))


def _by(objective: Objective) -> tuple[str, ...]:
    return (objective.per,) if objective.per else ()
