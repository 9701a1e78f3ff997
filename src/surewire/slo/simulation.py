"""Days of traffic, faults and maintenance in a moment: what budgets, alerts, freezes and the gate would have done.

Theory of operation. Time goes in steps of 15 s after every change of the scenario, then in longer ones, up to an hour. Between two
changes every window's share moves in one direction, so what is the same at both ends of a step was the same within it; where it is
not, the step is made in finer ones, down to a slot. So every time is exact to a slot, and calm days cost nothing.
Counts go through the same evaluation, alerts and gate as in a running server; there is no chance in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import chain
from typing import Final

from msgspec import Struct

from surewire.errors import ClientError, ConfigError
from surewire.slo.alert_rule import AlertRule
from surewire.slo.correction import Plan, excluded
from surewire.slo.gate import CHANGES, ChangeKind, GateResult, GateVerdict, Recorder, judge_gate
from surewire.slo.maintenance import MaintenanceWindow, check_window, occurrences
from surewire.slo.objective import Objective
from surewire.slo.scenario import Deployment, Mend, Scenario
from surewire.slo.simulated_load import Load
from surewire.slo.simulated_track import KINDS, AlertSpan, Happening, Track
from surewire.slo.status import SloStatus
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S, Interval

__all__ = ["Curve", "Point", "Simulation", "simulate"]

_STEPS_S: Final = (HOUR_S, 300, 60, SLOT_S)
_STEPS_PER_SIZE: Final = 4
"""A step is at most a quarter of the time since the last change."""
_ANNOUNCED_BEFORE_S: Final = 30 * DAY_S


class Point(Struct, frozen=True):
    """What was left of a budget: adjusted, and with maintenance counted."""

    at_s: int
    remaining: Decimal | None
    gross: Decimal | None


class Curve(Struct, frozen=True):
    """One objective over the whole time: its budget by the hour, and how it stands at the end."""

    slo: str
    points: tuple[Point, ...]
    status: SloStatus


class Simulation(Struct, frozen=True, kw_only=True):
    """Everything that happened, in the order of time."""

    title: str
    span: Interval
    curves: tuple[Curve, ...]
    alerts: tuple[AlertSpan, ...]
    happenings: tuple[Happening, ...]
    faults: tuple[Interval, ...]
    maintenance: tuple[Interval, ...]


def simulate(scenario: Scenario, objectives: Iterable[Objective], rules: Iterable[AlertRule]) -> Simulation:
    """What would have happened. Raises: ConfigError for a scenario that names what is not there."""
    return _Run(scenario, tuple(objectives), tuple(rules)).result()


class _Run:
    """One simulation while it goes on."""

    def __init__(self, scenario: Scenario, objectives: tuple[Objective, ...], rules: tuple[AlertRule, ...]) -> None:
        _check_times(scenario)
        self._scenario, self._span, self._load = scenario, scenario.span, Load(scenario)
        self._windows = _windows(scenario, frozenset(objective.id for objective in objectives))
        plan, whole = Plan(self._windows), Interval(scenario.history_start_s, self._span.end_s)
        self._tracks = [
            Track(
                one,
                (rule for rule in rules if rule.slo == one.id),
                self._load,
                excluded(one.slo, plan, whole, excludes_maintenance=one.excludes_maintenance),
            )
            for one in _chosen(scenario, objectives)
        ]
        self._points: dict[str, list[Point]] = {track.objective.id: [] for track in self._tracks}
        self._happenings: list[Happening] = []
        self._verdicts: dict[ChangeKind, GateVerdict] = {}
        self._standings: tuple[object, ...] = ()

    def result(self) -> Simulation:
        self._before()
        for start_s, end_s in self._steps():
            self._advance(start_s, end_s)
        mine = chain(self._told(), self._happenings, *(track.happenings for track in self._tracks))
        return Simulation(
            title=self._scenario.title,
            span=self._span,
            curves=tuple(
                Curve(track.objective.id, tuple(self._points[track.objective.id]), track.last.status)
                for track in self._tracks
                if track.last is not None
            ),
            alerts=tuple(sorted((span for track in self._tracks for span in track.alerts), key=lambda span: (span.start_s, span.name))),
            happenings=tuple(
                sorted((one for one in mine if one.at_s <= self._span.end_s), key=lambda one: (one.at_s, KINDS.index(one.kind)))
            ),
            faults=tuple(self._scenario.interval(fault) for fault in self._scenario.faults),
            maintenance=self._maintenance(),
        )

    # ---- time

    def _before(self) -> None:
        """A first look."""
        for track in self._tracks:
            track.accept(track.look(self._span.start_s))
        self._gate(self._span.start_s)

    def _steps(self) -> Iterator[tuple[int, int]]:
        """Steps that end at every change, are short after it and grow longer."""
        at_s = changed_s = self._span.start_s
        for change_s in (*self._changes(), self._span.end_s):
            while at_s < change_s:
                most_s = max(SLOT_S, (at_s - changed_s) // _STEPS_PER_SIZE)
                step_s = next(size for size in _STEPS_S if size <= most_s)
                end_s = min(at_s + step_s - at_s % step_s, change_s)
                yield at_s, end_s
                at_s = end_s
            self._asked(change_s)
            changed_s = change_s

    def _changes(self) -> list[int]:
        told: tuple[Deployment | Mend, ...] = (*self._scenario.deployments, *self._scenario.actions)
        edges = {
            edge
            for one in (*map(self._scenario.interval, self._scenario.faults), *self._maintenance())
            for edge in (one.start_s, one.end_s)
        }
        edges |= {self._scenario.at_s(one.at) for one in told}
        return sorted(edge for edge in edges if self._span.start_s <= edge < self._span.end_s)

    def _advance(self, start_s: int, end_s: int) -> None:
        """One step, in finer ones where anything changes within it."""
        seen = [track.look(end_s) for track in self._tracks]
        is_same = all(
            track.last is not None and track.last.differs_by == one.differs_by for track, one in zip(self._tracks, seen, strict=True)
        )
        finer_s = next((size for size in _STEPS_S if size < end_s - start_s), 0)
        if is_same or not finer_s:
            for track, one in zip(self._tracks, seen, strict=True):
                track.accept(one)
            self._keep(end_s, is_same=is_same)
            return
        for at_s in range(start_s, end_s, finer_s):
            self._advance(at_s, min(at_s + finer_s, end_s))

    # ---- what is kept

    def _keep(self, at_s: int, *, is_same: bool) -> None:
        standings = tuple(track.standing for track in self._tracks)
        if standings != self._standings:
            self._standings = standings
            self._gate(at_s)
        for track in self._tracks:
            points = self._points[track.objective.id]
            if track.last is not None and (not is_same or not points or at_s % HOUR_S == 0):
                status = track.last.status
                points.append(Point(at_s, status.budget_remaining, status.budget_remaining_gross))

    def _gate(self, at_s: int) -> None:
        if not any(track.gated() for track in self._tracks):
            return
        for change in CHANGES:
            result = self._asked_for(change)
            before = self._verdicts.get(change)
            if before is not None and before != result.verdict:
                self._happenings.append(Happening(at_s, "gate", "", result.reason))
            self._verdicts[change] = result.verdict

    def _asked(self, at_s: int) -> None:
        """The gate's answer to every deployment of that time; and what is mended then."""
        for action in self._scenario.actions:
            if self._scenario.at_s(action.at) == at_s:
                for track in self._tracks:
                    if track.objective.id == action.slo:
                        track.mend(at_s, action.what)
                self._happenings.append(Happening(at_s, "action", action.slo, action.what))
        for deployment in self._scenario.deployments:
            if self._scenario.at_s(deployment.at) == at_s:
                result = self._asked_for(deployment.change)
                self._happenings.append(Happening(at_s, "deployment", "", result.reason))

    def _asked_for(self, change: ChangeKind) -> GateResult:
        standing = [one for track in self._tracks if (one := track.gated()) is not None]
        return judge_gate(standing, change, Recorder(0, SLOT_S))

    def _told(self) -> Iterator[Happening]:
        """What the scenario said, where it is read beside what followed."""
        for fault in self._scenario.faults:
            interval = self._scenario.interval(fault)
            yield Happening(interval.start_s, "fault", "", fault.name)
            yield Happening(interval.end_s, "fault", "", f"over: {fault.name}")
        for interval in self._maintenance():
            yield Happening(interval.start_s, "maintenance", "", f"for {interval.length_s // 60} min")

    def _maintenance(self) -> tuple[Interval, ...]:
        return tuple(sorted({one for window in self._windows for one in occurrences(window, self._span)}))


def _check_times(scenario: Scenario) -> None:
    for name in ("faults", "maintenance", "deployments", "actions"):
        for number, told in enumerate(getattr(scenario, name)):
            if scenario.at_s(told.at) >= scenario.span.end_s:
                days = f"{scenario.days} {'day' if scenario.days == 1 else 'days'}"
                raise ConfigError(
                    f"{told.at} is after its {days}.", path=f"{name}[{number}].at", mend="Give it more days, or an earlier time."
                )


def _chosen(scenario: Scenario, objectives: tuple[Objective, ...]) -> list[Objective]:
    known = {objective.id: objective for objective in objectives}
    for slo in (*scenario.slos, *(action.slo for action in scenario.actions)):
        if slo not in known:
            raise ConfigError(f"there is no objective {slo!r}.", path="slos", mend="`surewire slo list` names them.")
    return [known[slo] for slo in scenario.slos]


def _windows(scenario: Scenario, known: frozenset[str]) -> tuple[MaintenanceWindow, ...]:
    return tuple(_window(scenario, number, known) for number in range(len(scenario.maintenance)))


def _window(scenario: Scenario, number: int, known: frozenset[str]) -> MaintenanceWindow:
    told = scenario.maintenance[number]
    interval = scenario.interval(told)
    window = MaintenanceWindow(
        id=f"maintenance-{number + 1}",
        title=told.title,
        start_s=interval.start_s,
        duration_s=interval.length_s,
        recurrence=told.repeat,
        announced_at_s=scenario.history_start_s - _ANNOUNCED_BEFORE_S,
        actor="scenario",
    )
    try:
        check_window(window, known)
    except ClientError as error:
        raise ConfigError(f"{error}.", path=f"maintenance[{number}].{error.path}") from error
    return window
