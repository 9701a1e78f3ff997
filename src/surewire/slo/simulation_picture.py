"""A simulation as one SVG: a panel for each objective with its budget, the faults and maintenance behind it, its alerts below."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Final

from surewire.slo.simulated_track import AlertSpan
from surewire.slo.simulation import Curve, Simulation
from surewire.slo.window import DAY_S, Interval

__all__ = ["picture"]

_LEFT, _WIDTH, _TOP, _PANEL, _HEIGHT, _LANE, _LANES = 64, 880, 56, 236, 150, 9, 4
_LOWEST: Final = Decimal(-1)
"""A budget that is overspent by more is drawn at this depth; the numbers are in the table."""
_SEVERITIES: Final = ("SEV-1", "SEV-2", "SEV-3", "SEV-4")
_MOST_TICKS: Final = 10

_STYLE: Final = """
  text { font: 12px system-ui, sans-serif; fill: #333 } .title { font-size: 16px; font-weight: 600 } .name { font-weight: 600 }
  .grid { stroke: #ddd } .zero { stroke: #888 } .left { fill: none; stroke: #1660a8; stroke-width: 2 }
  .gross { fill: none; stroke: #1660a8; stroke-dasharray: 3 3 }
  .fault { fill: #d33; opacity: .18 } .maintenance { fill: #888; opacity: .22 }
  .SEV-1 { fill: #b00020 } .SEV-2 { fill: #e06c00 } .SEV-3 { fill: #d9a400 } .SEV-4 { fill: #4a90d9 }
  @media (prefers-color-scheme: dark) { svg { background: #16181c } text { fill: #ddd } .grid { stroke: #333 } .zero { stroke: #999 }
    .left, .gross { stroke: #6cb2ff } }
"""


def picture(simulation: Simulation) -> str:
    """The whole picture; it stands alone and needs nothing from anywhere. The same simulation gives the same bytes."""
    height = _TOP + _PANEL * len(simulation.curves) + 30
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_LEFT + _WIDTH + 16} {height}" role="img">',
        f"<title>{escape(simulation.title or 'simulation')}</title><style>{_STYLE}</style>",
        f'<text class="title" x="{_LEFT}" y="24">{escape(simulation.title or "Simulation")}</text>',
        f'<text x="{_LEFT}" y="42">{" · ".join(_legend())}</text>',
        *(line for number, curve in enumerate(simulation.curves) for line in _panel(simulation, curve, _TOP + number * _PANEL)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _legend() -> tuple[str, ...]:
    return "budget left (dashed: gross)", "red: fault", "grey: maintenance", "bars: alerts by severity"


def _panel(simulation: Simulation, curve: Curve, top: int) -> Iterator[str]:
    span, lowest = simulation.span, _lowest(curve)
    yield f'<text class="name" x="{_LEFT}" y="{top + 12}">{escape(curve.slo)}</text>'
    for name, intervals in (("maintenance", simulation.maintenance), ("fault", simulation.faults)):
        for interval in intervals:
            yield _band(name, interval, span, top + 18)
    yield from _grid(lowest, top + 18)
    yield from _days(span, top + 18 + _HEIGHT)
    for name, values in (
        ("gross", [(point.at_s, point.gross) for point in curve.points]),
        ("left", [(point.at_s, point.remaining) for point in curve.points]),
    ):
        points = " ".join(f"{_x(at_s, span)},{_y(value, lowest, top + 18)}" for at_s, value in values if value is not None)
        yield f'<polyline class="{name}" points="{points}"/>'
    for alert in simulation.alerts:
        if alert.slo == curve.slo:
            yield _bar(alert, span, top + 18 + _HEIGHT + 18)


def _grid(lowest: Decimal, top: int) -> Iterator[str]:
    for share in (Decimal(1), Decimal("0.5"), Decimal(0), *([lowest] if lowest else [])):
        y = _y(share, lowest, top)
        yield f'<line class="{"zero" if share == 0 else "grid"}" x1="{_LEFT}" x2="{_LEFT + _WIDTH}" y1="{y}" y2="{y}"/>'
        yield f'<text x="{_LEFT - 8}" y="{y}" text-anchor="end" dominant-baseline="middle">{share:.0%}</text>'


def _days(span: Interval, y: int) -> Iterator[str]:
    every_s = max(1, -(-span.length_s // (DAY_S * _MOST_TICKS))) * DAY_S
    for at_s in range(span.start_s, span.end_s, every_s):
        yield f'<text x="{_x(at_s, span)}" y="{y + 13}">{datetime.fromtimestamp(at_s, UTC):%d %b}</text>'


def _band(name: str, interval: Interval, span: Interval, top: int) -> str:
    x, end = _x(max(interval.start_s, span.start_s), span), _x(min(interval.end_s, span.end_s), span)
    return f'<rect class="{name}" x="{x}" y="{top}" width="{max(1.0, round(end - x, 1))}" height="{_HEIGHT}"/>'


def _bar(alert: AlertSpan, span: Interval, top: int) -> str:
    lane = _SEVERITIES.index(alert.severity) if alert.severity in _SEVERITIES else _LANES - 1
    x, end = _x(alert.start_s, span), _x(span.end_s if alert.end_s is None else alert.end_s, span)
    shape = f'x="{x}" y="{top + lane * _LANE}" width="{max(2.0, round(end - x, 1))}" height="{_LANE - 2}"'
    return f'<rect class="{escape(alert.severity)}" {shape}><title>{escape(alert.name)}</title></rect>'


def _lowest(curve: Curve) -> Decimal:
    """How deep the panel goes: to zero, or to the depth that was reached in steps of a half."""
    least = min((value for point in curve.points for value in (point.remaining, point.gross) if value is not None), default=Decimal(0))
    return Decimal(0) if least >= 0 else Decimal("-0.5") if least >= Decimal("-0.5") else _LOWEST


def _x(at_s: int, span: Interval) -> float:
    return round(_LEFT + _WIDTH * (at_s - span.start_s) / span.length_s, 1)


def _y(share: Decimal, lowest: Decimal, top: int) -> float:
    shown = min(Decimal(1), max(lowest, share))
    return round(top + float((1 - shown) / (1 - lowest)) * _HEIGHT, 1)
