"""Every objective in full: what it promises, what it counted, what remains, how fast that goes. One folded row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from surewire.contract.slos import CapacitySlo
from surewire.monitoring.export.grafana.model import GREEN, ORANGE, RED, YELLOW, Dashboard, Panel, Query, Row, Step
from surewire.monitoring.export.grafana.panels import budgets, objective_stat
from surewire.monitoring.export.grafana.sli_queries import bad_share, budget, budget_steps, burn_rate, capacity, range_of, total
from surewire.slo.objective import Objective

__all__ = ["slo_detail"]

_SEVERITY_COLORS: Final = {"SEV-1": RED, "SEV-2": ORANGE, "SEV-3": YELLOW, "SEV-4": YELLOW}


def slo_detail(objectives: Sequence[Objective]) -> Dashboard:
    """The dashboard of objectives."""
    budgeted = [one for one in objectives if one.tiers]
    overview = Row(title="Budgets", panels=budgets("What remains", budgeted))
    return Dashboard(
        file="slo-detail",
        uid="surewire-slo",
        title="Service levels in detail",
        audience="Owners of objectives",
        purpose="Every objective: what it counted, what remains of its budget, how fast that burns.",
        refresh="1m",
        since="now-7d",
        leads_to=("surewire-executive", "surewire-on-call", "surewire-incident"),
        rows=(overview, *(Row(title=one.id, panels=_panels(one), is_folded=True) for one in objectives)),
    )


def _panels(objective: Objective) -> tuple[Panel, ...]:
    about = Panel(title="About", type="text", text=_about(objective), width=6)
    if isinstance(objective.slo, CapacitySlo):
        return about, Panel(title="Highest so far", queries=(Query(capacity(objective.slo), "highest of a day"),), width=18)
    if objective.counted is None:
        return (about,)
    own = (objective_stat(objective, width=6, title=f"Good over {objective.window}"), _events(objective))
    return (about, *own, _budget(objective), _burn(objective)) if objective.tiers else (about, *own, _bad(objective))


def _about(objective: Objective) -> str:
    slo, owners = objective.slo, objective.owners
    promise = (
        f"Target **{objective.target}** over **{objective.window}**" if objective.target is not None else f"Kind: **{objective.kind}**"
    )
    lines = [promise, f"Owner: {owners.owner}, then {owners.backup}, then {owners.escalation}", f"Runbook: {objective.runbook}", slo.note]
    if objective.counted is None and not isinstance(slo, CapacitySlo):
        lines.append("The server judges it; no series shows it. Ask `surewire slo status`.")
    return "\n\n".join(line for line in lines if line)


def _events(objective: Objective) -> Panel:
    what = "Seconds known" if objective.kind in {"availability", "probe"} else "Events"
    legend = f"{{{{{objective.per}}}}}" if objective.per else "in 5 minutes"
    return Panel(title=what, queries=(Query(total(objective, "5m"), legend),), least=0, width=12)


def _budget(objective: Objective) -> Panel:
    query = Query(budget(objective), "remaining")
    return Panel(title="Budget", queries=(query,), unit="percentunit", most=1, steps=budget_steps(objective), width=12)


def _burn(objective: Objective) -> Panel:
    tiers = [tier for tier in objective.policy.burn_tiers if tier.long]
    queries = tuple(Query(burn_rate(objective, tier.long), f"over {tier.long}") for tier in tiers if tier.long)
    lines = sorted((tier.rate, _SEVERITY_COLORS.get(tier.severity or "", YELLOW)) for tier in tiers)
    steps = (Step(None, GREEN), *(Step(rate, color) for rate, color in lines))
    return Panel(title="Burn rate", queries=queries, unit="none", least=0, steps=steps, width=12)


def _bad(objective: Objective) -> Panel:
    legend = f"{{{{{objective.per}}}}}" if objective.per else "bad"
    allowed = float(1 - (objective.target or 0))
    steps = (Step(None, GREEN), Step(allowed, RED))
    queries = (Query(bad_share(objective, range_of(objective)), legend),)
    return Panel(title="Bad, over its window", queries=queries, unit="percentunit", least=0, steps=steps, width=24)
