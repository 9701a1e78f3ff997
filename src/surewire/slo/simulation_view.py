"""A simulation as JSON shows it: instants as text, shares as numbers that are null where there are no data."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

from surewire.domain.instant import format_seconds
from surewire.slo.simulation import Curve, Simulation

__all__ = ["AlertView", "CurveView", "HappeningView", "PointView", "SimulationView", "simulation_view"]

_DIGITS = 6


class PointView(Struct, frozen=True):
    """What was left of a budget at one time; `gross` is with maintenance counted."""

    at: str
    budget_remaining: float | None
    budget_remaining_gross: float | None


class CurveView(Struct, frozen=True, kw_only=True):
    """One objective: how it stands at the end, and its budget over the time."""

    slo: str
    state: str
    verdict: str
    good: int | None
    bad: int | None
    sli: float | None
    budget_remaining: float | None
    budget_remaining_gross: float | None
    outage_minutes_left: float | None
    lowest: float | None
    """The least that was ever left of its budget."""
    points: tuple[PointView, ...]


class AlertView(Struct, frozen=True, kw_only=True):
    """An alert that fired; `end` is null while it does."""

    name: str
    slo: str
    severity: str
    start: str
    end: str | None


class HappeningView(Struct, frozen=True):
    """Something that happened, in words."""

    at: str
    kind: str
    slo: str
    what: str


class SimulationView(Struct, frozen=True, kw_only=True):
    """Everything that happened, in the order of time."""

    title: str
    start: str
    end: str
    slos: tuple[CurveView, ...]
    alerts: tuple[AlertView, ...]
    happenings: tuple[HappeningView, ...]


def simulation_view(simulation: Simulation) -> SimulationView:
    """The simulation for programs."""
    return SimulationView(
        title=simulation.title,
        start=format_seconds(simulation.span.start_s),
        end=format_seconds(simulation.span.end_s),
        slos=tuple(map(_curve, simulation.curves)),
        alerts=tuple(
            AlertView(
                name=alert.name,
                slo=alert.slo,
                severity=alert.severity,
                start=format_seconds(alert.start_s),
                end=None if alert.end_s is None else format_seconds(alert.end_s),
            )
            for alert in simulation.alerts
        ),
        happenings=tuple(HappeningView(format_seconds(one.at_s), one.kind, one.slo, one.what) for one in simulation.happenings),
    )


def _curve(curve: Curve) -> CurveView:
    status, left = curve.status, [point.remaining for point in curve.points if point.remaining is not None]
    return CurveView(
        slo=curve.slo,
        state=status.state,
        verdict=status.verdict,
        good=status.good,
        bad=status.bad,
        sli=_number(status.sli),
        budget_remaining=_number(status.budget_remaining),
        budget_remaining_gross=_number(status.budget_remaining_gross),
        outage_minutes_left=_number(status.outage_minutes_left),
        lowest=_number(min(left, default=None)),
        points=tuple(PointView(format_seconds(point.at_s), _number(point.remaining), _number(point.gross)) for point in curve.points),
    )


def _number(exact: Decimal | None) -> float | None:
    return None if exact is None else float(round(exact, _DIGITS))
