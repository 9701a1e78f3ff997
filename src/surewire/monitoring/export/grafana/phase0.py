"""The first phase's dashboard, with the names that its objectives use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from surewire.contract.slos import LatencySlo, RatioSlo
from surewire.monitoring.export.grafana.model import GREEN, RED, YELLOW, Dashboard, Panel, Query, Row, Step
from surewire.monitoring.export.grafana.panels import budgets, gauges, objective_stat, rates, recent_events
from surewire.monitoring.export.grafana.queries import CHOSEN, RATE, ratio
from surewire.monitoring.export.grafana.sli_queries import bad_share, burn_rate
from surewire.slo.objective import Objective

__all__ = ["PHASE_0", "phase0"]

PHASE_0: Final = "phase0-"
"""How the ids of its objectives begin."""


def phase0(objectives: Mapping[str, Objective]) -> Dashboard:
    """The dashboard of the first phase."""
    own = [one for one in objectives.values() if one.id.startswith(PHASE_0)]
    budgeted = [one for one in own if one.tiers]
    latencies = tuple(_latency(event, objectives.get(f"{PHASE_0}{event}-latency")) for event in ("send", "history"))
    return Dashboard(
        file="phase-0",
        uid="chat-phase-0",
        title="Phase 0",
        audience="Reliability Engineering",
        purpose="The first phase's objectives, their budgets and what they are made of.",
        refresh="30s",
        since="now-6h",
        chooses_instances=True,
        leads_to=("surewire-slo", "surewire-on-call"),
        rows=(
            Row(title="Objectives", panels=tuple(objective_stat(one) for one in own)),
            Row(title="Budget", panels=(*budgets("What remains", budgeted, width=12), *map(_burn, budgeted))),
            Row(title="Traffic", panels=_traffic()),
            Row(title="Latency", panels=latencies),
            Row(title="Errors", panels=_errors(objectives.get(f"{PHASE_0}message-errors"))),
            Row(title="Maintenance, deployments, notable spikes", panels=(recent_events(),)),
        ),
    )


def _burn(objective: Objective) -> Panel:
    """Burn rates of the windows in which a state is decided, with lines at the states' rates."""
    tiers = [tier for tier in objective.policy.burn_tiers if tier.state and tier.long]
    queries = tuple(Query(burn_rate(objective, tier.long), f"over {tier.long}") for tier in tiers if tier.long)
    colors = {"warning": YELLOW, "critical": RED}
    lines = sorted((tier.rate, colors.get(tier.state, YELLOW)) for tier in tiers)
    steps = (Step(None, GREEN), *(Step(rate, color) for rate, color in lines))
    return Panel(title=f"Burn rate: {objective.id}", queries=queries, unit="none", least=0, steps=steps, width=12)


def _traffic() -> tuple[Panel, ...]:
    return (
        gauges("Connections", CHOSEN, [("websocket_active_connections", "all"), ("websocket_active_connections", "{{instance}}")]),
        rates("Throughput", CHOSEN, [("message_throughput_total", "{{type}}")]),
        rates("Handshakes", CHOSEN, [("handshake_total", "{{event}}")], is_stacked=True),
    )


def _latency(event: str, objective: Objective | None) -> Panel:
    slo = objective.slo if objective else None
    steps: tuple[Step, ...] = ()
    if isinstance(slo, LatencySlo) and slo.hard_fail_s is not None:
        steps = (Step(None, GREEN), Step(round(slo.threshold_s * 1000), YELLOW), Step(round(slo.hard_fail_s * 1000), RED))
    queries = tuple(
        Query(CHOSEN.percentile(f"0.{percent}", f'delivery_latency_ms{{event="{event}"}}', (), "5m"), f"p{percent}")
        for percent in ("50", "95", "99")
    )
    description = "Yellow: the objective, for p95. Red: its hard fail."
    return Panel(title=f"{event.capitalize()} latency", queries=queries, unit="ms", least=0, steps=steps, description=description, width=12)


def _errors(objective: Objective | None) -> tuple[Panel, ...]:
    steps = _error_steps(objective) if objective else ()
    rejected = ratio(
        CHOSEN.increase('handshake_total{event="handshake.rejected"}', "5m"),
        CHOSEN.increase("handshake_total", "5m"),
    )
    queries = (Query(bad_share(objective, "5m"), "over 5m"),) if objective else ()
    return (
        *((Panel(title="Error rate", queries=queries, unit="percentunit", least=0, steps=steps),) if queries else ()),
        Panel(title="Handshakes rejected", queries=(Query(rejected, "over 5m"),), unit="percentunit", least=0, steps=steps),
        rates("Errors by class", CHOSEN, [("error_total", "{{event}}")]),
        _ends(),
    )


def _error_steps(objective: Objective) -> tuple[Step, ...]:
    """Yellow where the objective warns, red where its budget would not last."""
    warn = objective.slo.warn_at if isinstance(objective.slo, RatioSlo) else None
    steps = (Step(warn, YELLOW),) if warn else ()
    return Step(None, GREEN), *steps, Step(float(1 - (objective.target or 0)), RED)


def _ends() -> Panel:
    query = Query(f"sum by (reason) (rate({CHOSEN.select('gateway_disconnections_total')}[{RATE}]))", "{{reason}}")
    return Panel(title="Ends of connections", queries=(query,), unit="ops", least=0, is_stacked=True)
