"""What the gate is asked about: each objective's standing, from its status, its freeze and the alerts that fire."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from surewire.contract.slos import LatencySlo, Slo
from surewire.errors import ClientError
from surewire.slo.freeze import Freeze
from surewire.slo.gate import Gated
from surewire.slo.objective import Objective
from surewire.slo.policy import burn_state
from surewire.slo.status import SloStatus

__all__ = ["can_gate", "gated", "hard_fail_alert", "selected"]


def gated(
    objective: Objective,
    status: SloStatus,
    *,
    is_fed: bool,
    tier_states: Iterable[str] = (),
    freeze: Freeze | None = None,
    firing_alerts: Collection[str] = (),
) -> Gated:
    """The objective's standing. `is_fed`: it ever had data here; `tier_states`: the states that its firing tiers name."""
    alert = hard_fail_alert(objective.slo)
    return Gated(
        slo=objective.id,
        state=status.state,
        burn_state=burn_state(tier_states),
        budget_remaining=status.budget_remaining,
        is_gating=objective.slo.gate,
        has_budget=bool(objective.tiers),
        is_fed=is_fed,
        freeze=freeze.state if freeze else "none",
        hard_fail=alert if alert in firing_alerts else "",
    )


def can_gate(objective: Objective) -> bool:
    """Whether it can ever refuse a change: by its state, by its hard limit, or by a tier that freezes deployments."""
    return objective.slo.gate or bool(hard_fail_alert(objective.slo)) or any(tier.freezes for tier in objective.tiers)


def hard_fail_alert(slo: Slo) -> str:
    """The name of the alert of its hard limit; empty when it has none."""
    is_limited = isinstance(slo, LatencySlo) and slo.hard_fail_s is not None
    return "".join(word.capitalize() for word in slo.id.split("-")) + "HardFail" if is_limited else ""


def selected(found: Sequence[Gated], objectives: Sequence[Objective], ids: Collection[str]) -> tuple[Gated, ...]:
    """What is asked about: all, when no id is given. Raises: ClientError for an id that names nothing, or nothing that can gate."""
    by_id = {objective.id: objective for objective in objectives}
    for slo in ids:
        if slo not in by_id:
            raise ClientError("NOT_FOUND", f"no objective is called {slo}", path="slo")
        if not can_gate(by_id[slo]):
            raise ClientError("INVALID_MESSAGE", f"{slo} refuses nothing; its definition would need gate: true", path="slo")
    return tuple(one for one in found if not ids or one.slo in ids)
