"""The connection plane: upgrades, connections, requests, events on their way to sockets, heartbeats, protocol errors, uptime."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from surewire.contract.slos import ProbeSlo
from surewire.monitoring.export.grafana.model import Dashboard, Panel, Query, Row
from surewire.monitoring.export.grafana.panels import HEALTH, gauges, objective_stat, percentiles, rates, share
from surewire.monitoring.export.grafana.plane import plane_dashboard
from surewire.monitoring.export.grafana.queries import CHOSEN, WHOLE
from surewire.monitoring.export.grafana.sli_queries import good_share, target_steps
from surewire.slo.objective import Objective

__all__ = ["connection"]

_UPGRADES: Final = "gateway_connections_total"
_ENDS: Final = "gateway_disconnections_total"
_PINGS: Final = "gateway_heartbeat"

_GOLDEN: Final = (
    percentiles("Latency: send to ack", CHOSEN, "gateway_send_latency_seconds", threshold=0.5),
    rates("Traffic: messages", CHOSEN, [("gateway_messages_received_total", "received"), ("gateway_messages_sent_total", "sent")]),
    rates(
        "Errors: sent to clients, and failed sends",
        CHOSEN,
        [
            ("gateway_protocol_errors_total", "{{error_code}}"),
            ('gateway_send_total{status="error"}', "send failed"),
        ],
    ),
    gauges("Saturation: connections", CHOSEN, [("gateway_connections_active", "open"), ("gateway_connections_limit", "limit")]),
)
_DEPENDENCIES: Final = (
    ("Durability plane", CHOSEN.value("durability_store_available", how="min")),
    ("Redis", CHOSEN.value("router_redis_available", how="min")),
    ("Circuit breakers", f"1 - {CHOSEN.value('durability_circuit_breaker_state', how='max')}"),
)
_CONNECTIONS: Final = (
    gauges(
        "Connections",
        CHOSEN,
        [
            ("gateway_connections_active", "open"),
            ("gateway_connections_live", "live"),
            ("gateway_connections_subscribed", "subscribed"),
            ("gateway_stale_connections", "stale"),
        ],
    ),
    rates("Upgrades", CHOSEN, [(_UPGRADES, "{{status}}")], is_stacked=True),
    rates("Ends of connections", CHOSEN, [(_ENDS, "{{reason}}")], is_stacked=True),
    percentiles("Upgrade", CHOSEN, "gateway_upgrade_duration_seconds"),
    share("Unstable ends", CHOSEN, f'{_ENDS}{{reason=~"slow_consumer|server_error|task_panic"}}', [_ENDS]),
    rates("Failed authentication", CHOSEN, [("gateway_auth_failures_total", "{{reason}}")]),
)
_LATENCIES: Final = (
    percentiles("HTTP by endpoint", CHOSEN, 'gateway_http_request_duration_seconds{endpoint!="/metrics"}', by="endpoint"),
    percentiles("Events by type, created to socket", CHOSEN, "gateway_message_latency_seconds", ("95", "99"), by="event_type"),
    percentiles("History", CHOSEN, "gateway_history_latency_seconds"),
)
_EVENTS: Final = (
    rates(
        "Events",
        CHOSEN,
        [
            ("gateway_events_broadcast_total", "broadcast"),
            ("gateway_events_matched_total", "matched"),
            ("gateway_events_delivered_total", "delivered"),
        ],
    ),
    rates("Events dropped", CHOSEN, [("gateway_events_dropped_total", "{{reason}}")]),
    gauges("Subscriptions", CHOSEN, [("gateway_subscriptions_active", "subscriptions")]),
    percentiles("What waits for a client", CHOSEN, "gateway_buffer_size_bytes", ("50", "99"), unit="bytes"),
    rates(
        "Slow clients",
        CHOSEN,
        [
            ("gateway_outbound_warnings_total", "buffer at 80 %"),
            ("gateway_slow_consumer_disconnects_total", "disconnected"),
        ],
    ),
    rates("Syncs", CHOSEN, [("gateway_sync_total", "{{status}}")]),
)
_HEARTBEATS: Final = (
    share("Pings answered", CHOSEN, f"{_PINGS}_pongs_received_total", [f"{_PINGS}_pongs_received_total", f"{_PINGS}_timeouts_total"]),
    rates(
        "Pings",
        CHOSEN,
        [
            (f"{_PINGS}_pings_sent_total", "sent"),
            (f"{_PINGS}_pongs_received_total", "answered"),
            (f"{_PINGS}_timeouts_total", "{{cause}}"),
        ],
    ),
    percentiles("Ping to pong", CHOSEN, f"{_PINGS}_latency_seconds", ("50", "99")),
)


def connection(objectives: Sequence[Objective]) -> Dashboard:
    """The dashboard of gateways."""
    purpose = "Gateways: connections, upgrades, latency by endpoint and by event type, protocol errors, heartbeats, uptime."
    detail = (
        Row(title="Connections", panels=_CONNECTIONS),
        Row(title="Uptime and upgrades", panels=_promises(objectives)),
        Row(title="Latency", panels=_LATENCIES),
        Row(title="Events and clients", panels=_EVENTS),
        Row(title="Heartbeats", panels=_HEARTBEATS),
    )
    return plane_dashboard("connection", purpose, objectives, golden=_GOLDEN, dependencies=_DEPENDENCIES, detail=detail)


def _promises(objectives: Sequence[Objective]) -> tuple[Panel, ...]:
    rates_of_success = tuple(_success(one) for one in objectives if one.id == "sla-002-upgrade-success")
    probes = tuple(objective_stat(one, title=f"Uptime: {one.id}", width=4) for one in objectives if isinstance(one.slo, ProbeSlo))
    answers = Panel(
        title="Probes now", type="stat", queries=(Query(WHOLE.value("probe_up", ("probe",), "min"), "{{probe}}"),), words=HEALTH
    )
    return *rates_of_success, *probes, answers


def _success(upgrades: Objective) -> Panel:
    return Panel(
        title="Connection success rate over 5 minutes",
        queries=(Query(good_share(upgrades, "5m"), "success"),),
        unit="percentunit",
        most=1,
        steps=target_steps(upgrades),
    )
