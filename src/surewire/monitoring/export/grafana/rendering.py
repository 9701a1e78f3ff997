"""Dashboards as the JSON that Grafana reads (schema version 39, Grafana 11 and later). Equal dashboards give equal bytes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

from surewire.monitoring.export.grafana.model import Dashboard, lay_out
from surewire.monitoring.export.grafana.panel_json import PROMETHEUS, panel_json

__all__ = ["SCHEMA_VERSION", "TAGS", "render"]

Json = dict[str, Any]

SCHEMA_VERSION: Final = 39
TAGS: Final = ("deployment", "maintenance", "incident", "freeze", "spike")
"""What annotations are about; each is drawn over every dashboard."""

_GRAFANA: Final = {"type": "grafana", "uid": "-- Grafana --"}
_COLORS: Final[dict[str, str]] = dict(zip(TAGS, ("blue", "purple", "red", "orange", "yellow"), strict=True))
_INTERVALS: Final = ("10s", "30s", "1m", "5m", "15m", "1h")
_LOGS: Final = '{job="websocket"} | json | level=~"warning|error|critical"'
_TRACES: Final = '{resource.service.name="surewire" && status=error}'


def render(dashboard: Dashboard, digest: str) -> str:
    """The file's text; its first field has the hash of the definitions."""
    return json.dumps(_dashboard(dashboard, digest), indent=2, ensure_ascii=False) + "\n"


def _dashboard(dashboard: Dashboard, digest: str) -> Json:
    numbers = iter(range(1, 10_000))
    return {
        "description": f"surewire definitions sha256:{digest}. {dashboard.purpose} For: {dashboard.audience}.",
        "id": None,
        "uid": dashboard.uid,
        "title": dashboard.title,
        "tags": ["surewire"],
        "schemaVersion": SCHEMA_VERSION,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "timezone": "utc",
        "refresh": dashboard.refresh,
        "time": {"from": dashboard.since, "to": dashboard.until},
        "timepicker": {"refresh_intervals": list(_INTERVALS)},
        "annotations": {"list": [_annotation(tag) for tag in TAGS]},
        "templating": {"list": list(_variables(dashboard))},
        "links": list(_links(dashboard)),
        "panels": [panel_json(place, numbers) for place in lay_out(dashboard.rows)],
    }


def _annotation(tag: str) -> Json:
    return {
        "name": tag,
        "datasource": _GRAFANA,
        "enable": True,
        "hide": False,
        "iconColor": _COLORS[tag],
        "target": {"type": "tags", "tags": ["surewire", tag], "matchAny": False, "limit": 100},
    }


def _variables(dashboard: Dashboard) -> Iterator[Json]:
    yield _source("datasource", "Metrics", "prometheus")
    if dashboard.chooses_instances:
        yield _instances()
    if dashboard.chooses_logs:
        yield _source("logs", "Logs", "loki")
        yield _source("traces", "Traces", "tempo")


def _source(name: str, label: str, kind: str) -> Json:
    return {
        "name": name,
        "label": label,
        "type": "datasource",
        "query": kind,
        "regex": "",
        "refresh": 1,
        "hide": 0,
        "includeAll": False,
        "multi": False,
        "current": {},
        "options": [],
    }


def _instances() -> Json:
    query = "label_values(gateway_connections_active, instance)"
    return {
        "name": "instance",
        "label": "Instance",
        "type": "query",
        "datasource": PROMETHEUS,
        "definition": query,
        "query": {"query": query, "refId": "instance"},
        "regex": "",
        "refresh": 2,
        "sort": 1,
        "hide": 0,
        "includeAll": True,
        "allValue": ".*",
        "multi": True,
        "current": {"text": ["All"], "value": ["$__all"]},
        "options": [],
    }


def _links(dashboard: Dashboard) -> Iterator[Json]:
    for uid in dashboard.leads_to:
        yield _link(uid, f"/d/{uid}", "dashboard", keep_time=True)
    if dashboard.chooses_logs:
        yield _link("Logs", _explore("logs", {"expr": _LOGS}), "doc")
        yield _link("Traces", _explore("traces", {"query": _TRACES, "queryType": "traceql"}), "external link")


def _link(title: str, url: str, icon: str, *, keep_time: bool = False) -> Json:
    return {
        "title": title,
        "type": "link",
        "url": url,
        "icon": icon,
        "tooltip": "",
        "tags": [],
        "asDropdown": False,
        "includeVars": keep_time,
        "keepTime": keep_time,
        "targetBlank": not keep_time,
    }


def _explore(variable: str, query: Json) -> str:
    """Explore with a query in it and the time of the dashboard. Variables stay readable, so that Grafana finds them in the address."""
    asked = {"refId": "A", "datasource": {"uid": f"${{{variable}}}"}, **query}
    pane = {"a": {"datasource": f"${{{variable}}}", "queries": [asked], "range": {"from": "${__from}", "to": "${__to}"}}}
    return "/explore?schemaVersion=1&panes=" + quote(json.dumps(pane), safe="${}")
