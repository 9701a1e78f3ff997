"""How full the system is, how it grows, and when it will be full: for those who plan capacity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from surewire.contract.slos import CapacitySlo
from surewire.monitoring.export.grafana.model import GREEN, RED, YELLOW, Dashboard, Panel, Query, Row, Step
from surewire.monitoring.export.grafana.panels import gauges, percentiles, rates
from surewire.monitoring.export.grafana.queries import CHOSEN, ratio
from surewire.monitoring.export.grafana.sli_queries import capacity as highest
from surewire.slo.objective import Objective

__all__ = ["capacity"]

_OPEN: Final = CHOSEN.value("gateway_connections_active")
_LIMIT: Final = CHOSEN.value("gateway_connections_limit")
_PERSISTED: Final = 'durability_persist_total{status="success"}'
_FULLNESS: Final = (Step(None, GREEN), Step(0.7, YELLOW), Step(0.9, RED))
_DAYS_AHEAD: Final = 30


def capacity(objectives: Mapping[str, Objective]) -> Dashboard:
    """The dashboard of capacity."""
    return Dashboard(
        file="capacity-planning",
        uid="surewire-capacity",
        title="Capacity planning",
        audience="Capacity team",
        purpose="How full it is, how it grows, when it will be full.",
        refresh="1h",
        since="now-30d",
        chooses_instances=True,
        leads_to=("surewire-connection", "surewire-durability", "surewire-fanout"),
        rows=(
            Row(title="Utilization", panels=_utilization()),
            Row(title="Growth against a week ago", panels=_growth()),
            Row(title=f"Projection, {_DAYS_AHEAD} days ahead", panels=_projection()),
            Row(title="Targets", panels=tuple(_target(one.slo) for one in objectives.values() if isinstance(one.slo, CapacitySlo))),
        ),
    )


def _utilization() -> tuple[Panel, ...]:
    by = ("instance",)
    used = ratio(CHOSEN.value("gateway_connections_active", by), CHOSEN.value("gateway_connections_limit", by))
    redis = ratio(CHOSEN.value("router_redis_memory_used_bytes"), CHOSEN.value("router_redis_memory_max_bytes"))
    return (
        _share("Connections of the limit, by instance", used, "{{instance}}"),
        percentiles("What waits for a client", CHOSEN, "gateway_buffer_size_bytes", ("50", "99"), unit="bytes"),
        gauges("Messages in flight", CHOSEN, [("messaging_messages_in_flight", "{{plane}}")]),
        gauges("Entries behind", CHOSEN, [("fanout_consumer_lag", "{{partition}}")]),
        _share("Redis memory", redis, "used"),
        rates("Slow clients", CHOSEN, [("gateway_slow_consumer_disconnects_total", "disconnected")]),
    )


def _growth() -> tuple[Panel, ...]:
    counted = (
        ("Messages", _PERSISTED),
        ("Events", "gateway_events_broadcast_total"),
        ("Upgrades", 'gateway_connections_total{status="accepted"}'),
    )
    return tuple(_against_a_week_ago(title, selector) for title, selector in counted)


def _against_a_week_ago(title: str, selector: str) -> Panel:
    before = f"sum(rate({CHOSEN.select(selector)}[1h] offset 7d))"
    queries = (Query(CHOSEN.rate(selector, window="1h"), "now"), Query(before, "a week ago"))
    return Panel(title=f"{title} a second", queries=queries, unit="ops", least=0)


def _projection() -> tuple[Panel, ...]:
    # A straight line through the highest hour of every day of a week.
    peaks = f"predict_linear(max_over_time({_OPEN}[1d:1h])[7d:1h], {_DAYS_AHEAD * 86_400})"
    messages = f"predict_linear({CHOSEN.rate(_PERSISTED, window='1h')}[7d:1h], {_DAYS_AHEAD * 86_400})"
    lines = (Query(_OPEN, "open"), Query(peaks, "projected peak"), Query(_LIMIT, "limit"))
    return (
        Panel(title="Connections", queries=lines, least=0, width=12),
        Panel(title="Messages a second", queries=(Query(messages, "projected"),), unit="ops", least=0, width=12),
    )


def _target(slo: CapacitySlo) -> Panel:
    target = slo.at_least_per_s if slo.at_least_per_s is not None else slo.at_least or 0.0
    unit = "short" if slo.at_least_per_s is None else "ops"
    description = f"The highest of one {slo.per} in 30 days; met once it was reached, never missed for want of traffic."
    steps = (Step(None, YELLOW), Step(target, GREEN))
    query = Query(highest(slo, "30d"), f"of {target:,.0f}")
    return Panel(title=slo.id, type="stat", queries=(query,), unit=unit, description=description, steps=steps, width=12, height=5)


def _share(title: str, expression: str, legend: str) -> Panel:
    return Panel(title=title, queries=(Query(expression, legend),), unit="percentunit", least=0, most=1, steps=_FULLNESS)
