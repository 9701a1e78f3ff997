"""One panel as Grafana's JSON: where it stands, what it asks, how it is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from surewire.monitoring.export.grafana.model import GREEN, GREY, Panel, Place, Query, Row, Step
from surewire.monitoring.export.grafana.panel_options import LOG_OPTIONS, OPTIONS, TABLE_COLUMNS

__all__ = ["LOKI", "PROMETHEUS", "panel_json"]

Json = dict[str, Any]

PROMETHEUS: Json = {"type": "prometheus", "uid": "${datasource}"}
LOKI: Json = {"type": "loki", "uid": "${logs}"}


def panel_json(place: Place, numbers: Iterator[int]) -> Json:
    """The panel or heading at its place, numbered by the next of `numbers`; a folded row holds its panels."""
    number, item = next(numbers), place.item
    if isinstance(item, Row):
        inside = [panel_json(inner, numbers) for inner in place.inside]
        return {"id": number, "type": "row", "title": item.title, "collapsed": item.is_folded, "gridPos": place.grid, "panels": inside}
    return {"id": number, "type": item.type, "title": item.title, "description": item.description, "gridPos": place.grid, **_body(item)}


def _body(panel: Panel) -> Json:
    if panel.type == "text":
        return {"options": {"mode": "markdown", "content": panel.text}, "targets": []}
    if panel.type == "annolist":
        return {"options": _annotation_list(panel), "targets": []}
    if panel.type == "logs":
        return {"datasource": LOKI, "options": LOG_OPTIONS, "targets": [{"refId": "A", "datasource": LOKI, "expr": panel.text}]}
    return {
        "datasource": PROMETHEUS,
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": OPTIONS[panel.type],
        "targets": [_target(query, index, panel) for index, query in enumerate(panel.queries)],
        **({"transformations": TABLE_COLUMNS} if panel.type == "table" else {}),
    }


def _target(query: Query, index: int, panel: Panel) -> Json:
    is_now = query.is_now or panel.type in {"table", "stat", "bargauge"}
    return {
        "refId": chr(ord("A") + index),
        "datasource": PROMETHEUS,
        "editorMode": "code",
        "expr": query.expression,
        "legendFormat": query.legend,
        "instant": is_now,
        "range": not is_now,
        "format": "table" if panel.type == "table" else "time_series",
    }


def _field(panel: Panel) -> Json:
    return {
        "unit": panel.unit,
        "noValue": "no data",
        "mappings": _mappings(panel),
        "color": {"mode": "palette-classic" if panel.type == "timeseries" else "thresholds"},
        "thresholds": {"mode": "absolute", "steps": [_step(step) for step in panel.steps or (Step(None, GREEN),)]},
        **({"decimals": panel.decimals} if panel.decimals is not None else {}),
        **({"min": panel.least} if panel.least is not None else {}),
        **({"max": panel.most} if panel.most is not None else {}),
        **({"custom": _drawing(panel)} if panel.type == "timeseries" else {}),
    }


def _step(step: Step) -> Json:
    return {"color": step.color, "value": step.value}


def _mappings(panel: Panel) -> list[Json]:
    words = {value: {"text": word, "color": color, "index": index} for index, (value, word, color) in enumerate(panel.words)}
    nothing = {"match": "null+nan", "result": {"text": "no data", "color": GREY, "index": len(words)}}
    return [*([{"type": "value", "options": words}] if words else []), {"type": "special", "options": nothing}]


def _drawing(panel: Panel) -> Json:
    return {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 10,
        "showPoints": "auto",
        "spanNulls": False,
        "stacking": {"mode": "normal" if panel.is_stacked else "none", "group": "A"},
        "thresholdsStyle": {"mode": "dashed" if panel.steps else "off"},
    }


def _annotation_list(panel: Panel) -> Json:
    return {
        "tags": ["surewire", *panel.text.split()],
        "limit": 20,
        "onlyFromThisDashboard": False,
        "onlyInTimeRange": False,
        "showTags": True,
        "showTime": True,
        "showUser": True,
        "navigateAfter": "10m",
        "navigateBefore": "10m",
        "navigateToPanel": True,
    }
