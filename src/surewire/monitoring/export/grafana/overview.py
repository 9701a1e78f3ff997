"""The two pages that are looked at first: for those who lead, and for whoever is on call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from surewire.contract.slos import LatencySlo
from surewire.monitoring.export.grafana.model import GREEN, RED, YELLOW, Dashboard, Panel, Query, Row, Step
from surewire.monitoring.export.grafana.panels import active_alerts, alert_history, budgets, health, objective_stat, recent_events
from surewire.monitoring.export.grafana.queries import WHOLE, ratio
from surewire.monitoring.export.grafana.sli_queries import range_of
from surewire.slo.objective import Objective

__all__ = ["executive", "on_call"]

_PERSISTED: Final = 'durability_persist_total{status="success"}'
_CHECKS: Final = (
    ("Connection plane", 'min(up{job="websocket"})'),
    ("Durability plane", WHOLE.value("durability_store_available", how="min")),
    ("Fanout plane", "sum(fanout_consumer_lag) <= bool 10000"),
    ("DynamoDB", WHOLE.value("durability_dynamodb_available", how="min")),
    ("Kafka", WHOLE.value("durability_kafka_available", how="min")),
    ("Redis", WHOLE.value("router_redis_available", how="min")),
)
_PLANES: Final = ("surewire-connection", "surewire-durability", "surewire-fanout")


def executive(objectives: Mapping[str, Objective]) -> Dashboard:
    """Service levels, budgets, traffic, incidents: whether what was promised is kept."""
    shares = (("message-durability", "Durability"), ("availability", "Availability"))
    latencies = (("send-latency", "Send p99"), ("delivery-latency", "Delivery p99"))
    headlines = (
        *(objective_stat(objectives[slo], title=title, width=6) for slo, title in shares if slo in objectives),
        *(_p99(title, objectives[slo]) for slo, title in latencies if slo in objectives),
    )
    incidents = recent_events(title="Incidents", tags="incident", width=12)
    budgeted = [one for one in objectives.values() if one.slo.user_facing and one.tiers]
    return Dashboard(
        file="executive-summary",
        uid="surewire-executive",
        title="Executive summary",
        audience="Leadership",
        purpose="Service levels, error budgets, traffic and incidents.",
        refresh="5m",
        since="now-24h",
        leads_to=("surewire-slo", "surewire-on-call", "surewire-capacity"),
        rows=(
            Row(title="Service levels", panels=headlines),
            Row(title="Error budgets", panels=budgets("What remains", budgeted)),
            Row(
                title="Traffic over 24 hours, and incidents",
                panels=(*_traffic(), incidents),
            ),
        ),
    )


def on_call(objectives: Mapping[str, Objective]) -> Dashboard:
    """What fires, what is healthy, what changed, and the four numbers that tell most."""
    paging = [one for one in objectives.values() if one.slo.gate and one.tiers]
    return Dashboard(
        file="on-call-overview",
        uid="surewire-on-call",
        title="On-call overview",
        audience="On-call engineer",
        purpose="Active alerts, system health, recent changes.",
        refresh="30s",
        since="now-24h",
        chooses_logs=True,
        leads_to=("surewire-incident", *_PLANES, "surewire-slo"),
        rows=(
            Row(title="Alerts", panels=(active_alerts(), _latched(), alert_history(width=24))),
            Row(title="System health", panels=(health(_CHECKS),)),
            Row(title="Key metrics", panels=_key_metrics()),
            Row(title="Recent changes", panels=(recent_events(title="Deployments", tags="deployment", width=12), recent_events(width=12))),
            Row(title="Error budgets that hold up deployments", panels=budgets("What remains", paging)),
        ),
    )


def _p99(title: str, objective: Objective) -> Panel:
    slo = objective.slo
    threshold = slo.threshold_s if isinstance(slo, LatencySlo) else 0.0
    metric = slo.metric if isinstance(slo, LatencySlo) else ""
    query = Query(WHOLE.percentile("0.99", metric, (), range_of(objective)), "p99")
    description = f"Promised: at most {threshold:g} s, over {objective.window}. An estimate, interpolated within a bucket."
    steps = (Step(None, GREEN), Step(threshold, RED))
    return Panel(title=title, type="stat", queries=(query,), unit="s", steps=steps, description=description, width=6, height=4)


def _traffic() -> tuple[Panel, ...]:
    numbers = (
        ("Messages", WHOLE.increase(_PERSISTED, "24h"), "short"),
        ("Peak per second", f"max_over_time({WHOLE.rate(_PERSISTED, window='1m')}[24h:1m])", "ops"),
        ("Connections", WHOLE.value("gateway_connections_active"), "short"),
    )
    return tuple(_number(title, expression, unit, width=4, height=8) for title, expression, unit in numbers)


def _key_metrics() -> tuple[Panel, ...]:
    errors = ratio(WHOLE.increase('gateway_send_total{status="error"}', "5m"), WHOLE.increase("gateway_send_total", "5m"))
    persist = WHOLE.percentile("0.99", "durability_persist_duration_seconds", (), "5m")
    return (
        _number("Persist p99", persist, "s", steps=(Step(None, GREEN), Step(0.5, RED))),
        _number("Consumer lag", WHOLE.value("fanout_consumer_lag"), "short", steps=(Step(None, GREEN), Step(10_000, RED))),
        _number("Error rate", errors, "percentunit", steps=(Step(None, GREEN), Step(0.0005, YELLOW), Step(0.001, RED))),
        _number("Connections", WHOLE.value("gateway_connections_active"), "short"),
    )


def _number(title: str, expression: str, unit: str, *, steps: tuple[Step, ...] = (), width: int = 6, height: int = 4) -> Panel:
    panel = Panel(title=title, type="stat", queries=(Query(expression, title),), unit=unit, steps=steps, width=width, height=height)
    return panel if unit == "short" else msgspec.structs.replace(panel, decimals=2)


def _latched() -> Panel:
    query = Query("max by (alertname) (messaging_alert_latched)", "{{alertname}}")
    return Panel(
        title="Correctness alerts that wait for a person",
        type="stat",
        queries=(query,),
        description="Each of them stands until somebody acknowledges it with a reason.",
        words=(("0", "quiet", GREEN), ("1", "latched", RED)),
        width=12,
    )
