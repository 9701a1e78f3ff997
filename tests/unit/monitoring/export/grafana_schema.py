"""JSON Schema of what a dashboard may hold: the parts of Grafana's model (schema version 39) that are written here, and nothing else.

Names and types are those of Grafana's own model of dashboards; a field that Grafana does not know would be dropped without a word.
"""

from __future__ import annotations

from typing import Any

__all__ = ["DASHBOARD"]

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
WORD: Schema = {"type": "string", "minLength": 1}
FLAG: Schema = {"type": "boolean"}
NUMBER: Schema = {"type": "number"}
COUNT: Schema = {"type": "integer", "minimum": 0}
REFRESH: Schema = {"type": "string", "pattern": "^[1-9][0-9]*[smhd]$"}
INSTANT: Schema = {"type": "string", "pattern": r"^(now(-[1-9][0-9]*[smhd])?|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z)$"}
COLOR: Schema = {
    "type": "string",
    "pattern": "^((dark-|light-)?(green|yellow|orange|red|blue|purple)|#[0-9a-f]{6})$",
}


def record(optional: tuple[str, ...] = (), /, **fields: Any) -> Schema:
    """An object with these fields and no other; all but `optional` are required."""
    return {"type": "object", "properties": fields, "required": [*(fields.keys() - set(optional))], "additionalProperties": False}


def each(shape: Schema, **more: Any) -> Schema:
    return {"type": "array", "items": shape, **more}


def one_of(*values: Any) -> Schema:
    return {"enum": list(values)}


SOURCE = {"anyOf": [record(type=one_of("prometheus"), uid=one_of("${datasource}")), record(type=one_of("loki"), uid=one_of("${logs}"))]}
GRAFANA = record(type=one_of("grafana"), uid=one_of("-- Grafana --"))
GRID = record(h={**COUNT, "minimum": 1}, w={**COUNT, "minimum": 1, "maximum": 24}, x={**COUNT, "maximum": 23}, y=COUNT)
CALCULATION = record(calcs=each(TEXT, minItems=1), fields=TEXT, values=FLAG)
LEGEND = record(("calcs",), calcs=each(TEXT), displayMode=one_of("list", "table"), placement=one_of("bottom", "right"), showLegend=FLAG)
TOOLTIP = record(mode=one_of("single", "multi", "none"), sort=one_of("none", "asc", "desc"))
MAPPING = {
    "anyOf": [
        record(type=one_of("value"), options={"type": "object", "additionalProperties": record(text=WORD, color=COLOR, index=COUNT)}),
        record(type=one_of("special"), options=record(match=one_of("null+nan"), result=record(text=WORD, color=COLOR, index=COUNT))),
    ]
}
THRESHOLDS = record(
    mode=one_of("absolute"),
    steps={
        **each(record(color=COLOR, value=NUMBER)),
        "prefixItems": [record(color=COLOR, value={"type": "null"})],
        "minItems": 1,
        "items": record(color=COLOR, value=NUMBER),
    },
)
DRAWING = record(
    drawStyle=one_of("line", "bars", "points"),
    lineWidth=COUNT,
    fillOpacity={**COUNT, "maximum": 100},
    showPoints=one_of("auto", "never", "always"),
    spanNulls=one_of(False),
    stacking=record(mode=one_of("none", "normal", "percent"), group=TEXT),
    thresholdsStyle=record(mode=one_of("off", "line", "dashed", "area")),
)
UNIT = one_of("bytes", "ms", "none", "ops", "percentunit", "s", "short")
FIELD = record(
    ("decimals", "min", "max", "custom"),
    unit=UNIT,
    noValue=one_of("no data"),
    mappings=each(MAPPING, minItems=1),
    color=record(mode=one_of("palette-classic", "thresholds")),
    thresholds=THRESHOLDS,
    decimals=COUNT,
    min=NUMBER,
    max=NUMBER,
    custom=DRAWING,
)
TARGET = record(
    refId={"type": "string", "pattern": "^[A-Z]$"},
    datasource=SOURCE,
    editorMode=one_of("code"),
    expr=WORD,
    legendFormat=WORD,
    instant=FLAG,
    range=FLAG,
    format=one_of("table", "time_series"),
)
OPTIONS: dict[str, Schema] = {
    "timeseries": record(legend=LEGEND, tooltip=TOOLTIP),
    "stat": record(
        colorMode=one_of("background", "value", "none"),
        graphMode=one_of("none", "area"),
        justifyMode=one_of("auto", "center"),
        orientation=one_of("auto", "horizontal", "vertical"),
        textMode=one_of("auto", "value", "name", "value_and_name", "none"),
        wideLayout=FLAG,
        reduceOptions=CALCULATION,
    ),
    "bargauge": record(
        displayMode=one_of("basic", "lcd", "gradient"),
        orientation=one_of("auto", "horizontal", "vertical"),
        showUnfilled=FLAG,
        valueMode=one_of("color", "text", "hidden"),
        minVizHeight=COUNT,
        minVizWidth=COUNT,
        namePlacement=one_of("auto", "top", "left"),
        sizing=one_of("auto", "manual"),
        reduceOptions=CALCULATION,
    ),
    "table": record(
        sortBy=each(record(displayName=WORD, desc=FLAG)),
        cellHeight=one_of("sm", "md", "lg"),
        showHeader=FLAG,
        footer=record(show=FLAG, reducer=each(TEXT), countRows=FLAG, fields=TEXT),
    ),
    "state-timeline": record(
        alignValue=one_of("left", "center", "right"),
        mergeValues=FLAG,
        rowHeight=NUMBER,
        showValue=one_of("auto", "always", "never"),
        tooltip=TOOLTIP,
        legend=LEGEND,
    ),
}
PLACED: dict[str, Schema] = {"id": {**COUNT, "minimum": 1}, "title": WORD, "description": TEXT, "gridPos": GRID}
HIDDEN = record(Time=one_of(True), __name__=one_of(True), Value=one_of(True))
TRANSFORMATION = record(id=one_of("organize"), options=record(excludeByName=HIDDEN))


def asking(kind: str) -> Schema:
    return record(
        ("transformations",),
        **PLACED,
        type=one_of(kind),
        datasource=SOURCE,
        fieldConfig=record(defaults=FIELD, overrides=each({}, maxItems=0)),
        options=OPTIONS[kind],
        targets=each(TARGET, minItems=1),
        transformations=each(TRANSFORMATION),
    )


NOTES = record(
    tags=each(TEXT),
    limit=COUNT,
    **dict.fromkeys(("onlyFromThisDashboard", "onlyInTimeRange", "showTags", "showTime", "showUser", "navigateToPanel"), FLAG),
    navigateAfter=REFRESH,
    navigateBefore=REFRESH,
)
LOG_OPTIONS = record(
    dedupStrategy=one_of("none", "exact", "numbers", "signature"),
    sortOrder=one_of("Ascending", "Descending"),
    **dict.fromkeys(("enableLogDetails", "prettifyLogMessage", "showCommonLabels", "showLabels", "showTime", "wrapLogMessage"), FLAG),
)
NOTHING = each({}, maxItems=0)
PANEL: Schema = {
    "anyOf": [
        *map(asking, OPTIONS),
        record(**PLACED, type=one_of("text"), options=record(mode=one_of("markdown"), content=WORD), targets=NOTHING),
        record(**PLACED, type=one_of("annolist"), options=NOTES, targets=NOTHING),
        record(
            **PLACED,
            type=one_of("logs"),
            datasource=SOURCE,
            options=LOG_OPTIONS,
            targets=each(record(refId=TEXT, datasource=SOURCE, expr=WORD)),
        ),
    ]
}
ROW = record(id=PLACED["id"], type=one_of("row"), title=WORD, collapsed=FLAG, gridPos=GRID, panels=each(PANEL))
VARIABLE_FIELDS = {"name": WORD, "label": WORD, "regex": TEXT, "hide": COUNT, "includeAll": FLAG, "multi": FLAG, "options": NOTHING}
VARIABLE = {
    "anyOf": [
        record(
            **VARIABLE_FIELDS, type=one_of("datasource"), query=one_of("prometheus", "loki", "tempo"), refresh=one_of(1), current=record()
        ),
        record(
            **VARIABLE_FIELDS,
            type=one_of("query"),
            datasource=SOURCE,
            definition=WORD,
            query=record(query=WORD, refId=WORD),
            refresh=one_of(1, 2),
            sort=COUNT,
            allValue=TEXT,
            current=record(text=each(TEXT), value=each(TEXT)),
        ),
    ]
}
ANNOTATION = record(
    name=WORD,
    datasource=GRAFANA,
    enable=FLAG,
    hide=FLAG,
    iconColor=COLOR,
    target=record(type=one_of("tags"), tags=each(WORD, minItems=1), matchAny=FLAG, limit=COUNT),
)
LINK = record(
    title=WORD,
    type=one_of("link"),
    url={"type": "string", "pattern": "^/"},
    icon=one_of("dashboard", "doc", "external link"),
    tooltip=TEXT,
    tags=NOTHING,
    **dict.fromkeys(("asDropdown", "includeVars", "keepTime", "targetBlank"), FLAG),
)
DASHBOARD = record(
    description=WORD,
    id={"type": "null"},
    uid={"type": "string", "pattern": "^[a-z0-9-]{1,40}$"},
    title=WORD,
    tags=each(WORD),
    schemaVersion={"type": "integer", "minimum": 39},
    version=COUNT,
    editable=FLAG,
    graphTooltip=one_of(0, 1, 2),
    timezone=one_of("utc", "browser"),
    refresh={"anyOf": [REFRESH, one_of("")]},
    time=record(**{"from": INSTANT, "to": INSTANT}),
    timepicker=record(refresh_intervals=each(REFRESH)),
    annotations=record(list=each(ANNOTATION)),
    templating=record(list=each(VARIABLE, minItems=1)),
    links=each(LINK),
    panels=each({"anyOf": [PANEL, ROW]}, minItems=1),
)
