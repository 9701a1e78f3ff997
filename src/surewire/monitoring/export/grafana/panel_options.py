"""How each type of panel is drawn, as Grafana's JSON; the same for every panel of its type."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["LOG_OPTIONS", "OPTIONS", "TABLE_COLUMNS"]

_CALCULATION: Final = {"calcs": ["lastNotNull"], "fields": "", "values": False}
LOG_OPTIONS: Final[dict[str, Any]] = {
    "dedupStrategy": "none",
    "enableLogDetails": True,
    "prettifyLogMessage": False,
    "showCommonLabels": False,
    "showLabels": False,
    "showTime": True,
    "sortOrder": "Descending",
    "wrapLogMessage": True,
}
OPTIONS: Final[dict[str, dict[str, Any]]] = {
    "timeseries": {
        "legend": {"calcs": ["lastNotNull", "max"], "displayMode": "table", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "stat": {
        "colorMode": "background",
        "graphMode": "none",
        "justifyMode": "auto",
        "orientation": "auto",
        "textMode": "auto",
        "wideLayout": True,
        "reduceOptions": _CALCULATION,
    },
    "bargauge": {
        "displayMode": "basic",
        "orientation": "horizontal",
        "showUnfilled": True,
        "valueMode": "color",
        "minVizHeight": 16,
        "minVizWidth": 8,
        "namePlacement": "auto",
        "sizing": "auto",
        "reduceOptions": _CALCULATION,
    },
    "table": {
        "sortBy": [{"displayName": "severity", "desc": False}],
        "cellHeight": "sm",
        "showHeader": True,
        "footer": {"show": False, "reducer": ["sum"], "countRows": False, "fields": ""},
    },
    "state-timeline": {
        "alignValue": "left",
        "mergeValues": True,
        "rowHeight": 0.9,
        "showValue": "auto",
        "tooltip": {"mode": "single", "sort": "none"},
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False},
    },
}
# The time of asking and the names of families say nothing to a reader of a table.
TABLE_COLUMNS: Final[list[dict[str, Any]]] = [
    {"id": "organize", "options": {"excludeByName": {"Time": True, "__name__": True, "Value": True}}}
]
