"""What an incident's commander asks: what changed, how far it reaches, what the numbers, the logs and the traces say."""

from __future__ import annotations

from typing import Final

from surewire.monitoring.export.grafana.model import Dashboard, Panel, Query, Row
from surewire.monitoring.export.grafana.panels import active_alerts, alert_history, percentiles, rates, recent_events
from surewire.monitoring.export.grafana.queries import CHOSEN, RATE

__all__ = ["incident"]

_LOGS: Final = '{job="websocket"} | json | level=~"warning|error|critical"'
_CHECKLIST: Final = """\
1. **What changed?** Deployments and maintenance are marked in every panel.
2. **How far does it reach?** Connections, and members whose delivery failed.
3. **What do traces show?** Open Traces above.
4. **What do logs reveal?** Below; `error_code` tells most.
5. **What do the numbers say?** The dashed line is the same time yesterday.
"""


def incident() -> Dashboard:
    """The dashboard of an incident."""
    return Dashboard(
        file="incident-investigation",
        uid="surewire-incident",
        title="Incident investigation",
        audience="Incident commander",
        purpose="Drill-down, trace links and log queries.",
        refresh="10s",
        since="now-1h",
        chooses_instances=True,
        chooses_logs=True,
        leads_to=("surewire-connection", "surewire-durability", "surewire-fanout", "surewire-slo"),
        rows=(
            Row(title="What is happening", panels=(Panel(title="Ask", type="text", text=_CHECKLIST, width=6), active_alerts(width=18))),
            Row(title="What changed", panels=(recent_events(width=12), alert_history())),
            Row(title="How far it reaches", panels=_reach()),
            Row(title="Connection plane", panels=_connection()),
            Row(title="Durability plane", panels=_durability()),
            Row(title="Fanout plane", panels=_fanout()),
            Row(title="Logs", panels=(Panel(title="Warnings and errors", type="logs", text=_LOGS, width=24, height=12),)),
        ),
    )


def _reach() -> tuple[Panel, ...]:
    return (
        _compared("Connections", CHOSEN.value("gateway_connections_active"), "sum({} offset 1d)", "gateway_connections_active", "short"),
        _compared("Sends", CHOSEN.rate("gateway_send_total"), f"sum(rate({{}}[{RATE}] offset 1d))", "gateway_send_total", "ops"),
        rates("Deliveries that failed", CHOSEN, [('fanout_delivery_total{status="error"}', "members")]),
    )


def _compared(title: str, now: str, before: str, selector: str, unit: str) -> Panel:
    queries = (Query(now, "now"), Query(before.format(CHOSEN.select(selector)), "yesterday"))
    return Panel(title=title, queries=queries, unit=unit, least=0)


def _connection() -> tuple[Panel, ...]:
    return (
        rates("Upgrades", CHOSEN, [("gateway_connections_total", "{{status}}")], is_stacked=True),
        rates("Ends of connections", CHOSEN, [("gateway_disconnections_total", "{{reason}}")], is_stacked=True),
        rates("Errors sent to clients", CHOSEN, [("gateway_protocol_errors_total", "{{error_code}}")]),
        percentiles("Send to ack", CHOSEN, "gateway_send_latency_seconds", ("50", "99")),
        rates("HTTP answers", CHOSEN, [("gateway_http_request_duration_seconds_count", "{{status}}")]),
        rates("Events dropped", CHOSEN, [("gateway_events_dropped_total", "{{reason}}")]),
    )


def _durability() -> tuple[Panel, ...]:
    return (
        rates("Messages", CHOSEN, [("durability_persist_total", "{{status}}")], is_stacked=True),
        percentiles("Persist", CHOSEN, "durability_persist_duration_seconds", ("50", "99")),
        rates(
            "Lost, doubled, miscounted",
            CHOSEN,
            [
                ('durability_ack_sent_total{persisted="false"}', "messages lost"),
                ("durability_duplicate_sequence_total", "duplicate sequences"),
                ("durability_counter_missing_total", "counters missing"),
            ],
        ),
    )


def _fanout() -> tuple[Panel, ...]:
    return (
        rates("Deliveries to members", CHOSEN, [("fanout_delivery_total", "{{status}}")], is_stacked=True),
        percentiles("Persisted to socket", CHOSEN, 'fanout_delivery_latency_seconds{recipient_online="true"}', ("50", "99")),
        rates("Dead letters", CHOSEN, [("fanout_dlq_events_total", "{{reason}}")]),
    )
