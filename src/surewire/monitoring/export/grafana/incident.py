"""What an incident's commander asks: what changed, how far it reaches, what the numbers, the logs and the traces say."""

from __future__ import annotations

import re
from typing import Final

import msgspec

from surewire.errors import ConfigError
from surewire.monitoring.export.grafana.model import Dashboard, Panel, Query, Row
from surewire.monitoring.export.grafana.panels import active_alerts, alert_history, percentiles, rates, recent_events
from surewire.monitoring.export.grafana.plane import PLANES
from surewire.monitoring.export.grafana.queries import CHOSEN, RATE

__all__ = ["IncidentScope", "dashboard_of", "incident"]

_AUDIENCE: Final = "Incident commander"
_NO_SLUG: Final = re.compile(r"[^a-z0-9]+")
_LONGEST_SLUG: Final = 22  # what remains of the 40 characters that Grafana allows
_LOGS: Final = '{job="websocket"} | json | level=~"warning|error|critical"'
_CHECKLIST: Final = """\
1. **What changed?** Deployments and maintenance are marked in every panel.
2. **How far does it reach?** Connections, and members whose delivery failed.
3. **What do traces show?** Open Traces above.
4. **What do logs reveal?** Below; `error_code` tells most.
5. **What do the numbers say?** The line `yesterday` is the same time a day before.
"""


class IncidentScope(msgspec.Struct, frozen=True, kw_only=True):
    """Which incident, since when (RFC 3339, or `now-1h`), until when, and the planes that it touches."""

    id: str
    since: str
    until: str = "now"
    planes: tuple[str, ...]


def incident() -> Dashboard:
    """The dashboard for any incident, of the last hour."""
    return Dashboard(
        file="incident-investigation",
        uid="surewire-incident",
        title="Incident investigation",
        audience=_AUDIENCE,
        purpose="Drill-down, trace links and log queries.",
        refresh="10s",
        since="now-1h",
        chooses_instances=True,
        chooses_logs=True,
        leads_to=(*(f"surewire-{plane}" for plane in PLANES), "surewire-slo"),
        rows=_rows(tuple(PLANES)),
    )


def dashboard_of(scope: IncidentScope) -> Dashboard:
    """The dashboard of one incident: its time, the planes that it touches, and everything that was deployed in that time.

    Raises: ConfigError when there is no such plane, or nothing in the id to call the dashboard by.
    """
    slug = _NO_SLUG.sub("-", scope.id.lower()).strip("-")[:_LONGEST_SLUG]
    if not slug or not scope.planes or set(scope.planes) - set(PLANES):
        raise ConfigError(f"incident {scope.id!r} of {', '.join(scope.planes) or 'no plane'}.", mend=f"Planes are {', '.join(PLANES)}.")
    return msgspec.structs.replace(
        incident(),
        file=f"incident-{slug}",
        uid=f"surewire-incident-{slug}",
        title=f"Incident {scope.id}",
        purpose=f"What there is to know of {scope.id}.",
        refresh="10s" if scope.until == "now" else "",
        since=scope.since,
        until=scope.until,
        leads_to=("surewire-incident", *(f"surewire-{plane}" for plane in scope.planes), "surewire-slo"),
        rows=_rows(scope.planes),
    )


def _rows(planes: tuple[str, ...]) -> tuple[Row, ...]:
    panels = {"connection": _connection, "durability": _durability, "fanout": _fanout}
    return (
        Row(title="What is happening", panels=(Panel(title="Ask", type="text", text=_CHECKLIST, width=6), active_alerts(width=18))),
        Row(title="What changed", panels=(recent_events(width=12), alert_history())),
        Row(title="How far it reaches", panels=_reach()),
        *(Row(title=f"{plane.capitalize()} plane", panels=panels[plane]()) for plane in PLANES if plane in planes),
        Row(title="Logs", panels=(Panel(title="Warnings and errors", type="logs", text=_LOGS, width=24, height=12),)),
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
