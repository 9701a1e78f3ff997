"""Dashboards as values: what a panel asks, how it is shown, and how panels fill the page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, Literal

import msgspec

__all__ = ["GREEN", "GREY", "ORANGE", "RED", "YELLOW", "Dashboard", "Panel", "Place", "Query", "Row", "Step", "lay_out"]

PanelType = Literal["annolist", "bargauge", "logs", "stat", "state-timeline", "table", "text", "timeseries"]

_COLUMNS: Final = 24

GREEN, YELLOW, ORANGE, RED, GREY = "green", "yellow", "orange", "red", "#808080"


class Query(msgspec.Struct, frozen=True):
    """One expression. `legend` names its lines, by labels in double braces; `is_now` asks for the last value only."""

    expression: str
    legend: str = "__auto"
    is_now: bool = False


class Step(msgspec.Struct, frozen=True):
    """From `value` on (from the bottom, when None) a value has this colour."""

    value: float | None
    color: str


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One panel. `width` is of 24 columns, `height` in Grafana's rows of 30 pixels; `unit` is one of Grafana's."""

    title: str
    type: PanelType = "timeseries"
    queries: tuple[Query, ...] = ()
    description: str = ""
    unit: str = "short"
    decimals: int | None = None
    least: float | None = None
    most: float | None = None
    steps: tuple[Step, ...] = ()
    words: tuple[tuple[str, str, str], ...] = ()
    """Values shown as words: value, word, colour."""
    is_stacked: bool = False
    text: str = ""
    """Markdown of a `text` panel, the query of a `logs` panel, the tags of an `annolist`."""
    width: int = 8
    height: int = 8


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """Panels under a heading. A folded one asks nothing until it is opened."""

    title: str
    panels: tuple[Panel, ...]
    is_folded: bool = False


class Dashboard(msgspec.Struct, frozen=True, kw_only=True):
    """A page for one audience, asked again every `refresh` (never, when that is empty), showing the time from `since` to `until`."""

    file: str
    uid: str
    title: str
    audience: str
    purpose: str
    refresh: str
    since: str
    rows: tuple[Row, ...]
    until: str = "now"
    chooses_instances: bool = False
    chooses_logs: bool = False
    """Whether it leads to logs and traces, whose data sources are then chosen above it."""
    leads_to: tuple[str, ...] = ()
    """The `uid`s of dashboards that say more."""


class Place(msgspec.Struct, frozen=True):
    """Where a panel or a heading stands on the page."""

    item: Panel | Row
    x: int
    y: int
    width: int
    height: int
    inside: tuple[Place, ...] = ()
    """The panels of a folded row."""

    @property
    def grid(self) -> dict[str, Any]:
        """As Grafana writes it."""
        return {"h": self.height, "w": self.width, "x": self.x, "y": self.y}


def lay_out(rows: tuple[Row, ...]) -> Iterator[Place]:
    """Every heading and panel from the top, left to right in lines of 24 columns; none covers another."""
    y = 0
    for row in rows:
        placed = tuple(_lines(row.panels, y + 1))
        yield Place(row, 0, y, _COLUMNS, 1, placed if row.is_folded else ())
        if row.is_folded:
            y += 1
        else:
            yield from placed
            y = max((place.y + place.height for place in placed), default=y + 1)


def _lines(panels: tuple[Panel, ...], y: int) -> Iterator[Place]:
    x = below = 0
    for panel in panels:
        if x + panel.width > _COLUMNS:
            x, y = 0, below
        yield Place(panel, x, y, panel.width, panel.height)
        x, below = x + panel.width, max(below, y + panel.height)
