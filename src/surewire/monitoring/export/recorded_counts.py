"""The recording rules of one objective: its events by slot, over every window that something reads, and its budgets.

Theory of operation. Like the built-in recorder, each evaluation turns counters into what they grew by within one slot of 15 s
(`slo:events_bad:increase15s`), and every window is a sum of such slots. `irate` of the last two scrapes is that growth exactly: slots
meet each other, nothing falls between them, nothing is extrapolated, and a restart counts from zero. So maintenance can leave out its
slots from both sides, and an hour is the sum of what is left. Slots in which nothing happened have no sample. All of this needs scrapes
and evaluations every 15 s, which the generated configuration asks for. An objective's own window is summed in steps of 5 minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

from msgspec import Struct

from surewire.contract.selector import Selector
from surewire.contract.slos import AvailabilitySlo, ProbeSlo
from surewire.monitoring.export.catalogues import Catalogues
from surewire.monitoring.export.promql import number, range_of, recorded, selector
from surewire.slo.condition import Burn, WindowBelow
from surewire.slo.counted import KNOWN_SECONDS, Counted
from surewire.slo.objective import Objective
from surewire.slo.window import SLOT_S, CalendarMonth, Rolling, Window

__all__ = ["MAINTENANCE", "PROBE_DOWN", "SERVICE", "Record", "budget_records", "slot_records"]

MAINTENANCE: Final = "messaging_slo_maintenance_active"
PROBE_DOWN: Final = "slo:probe_down:bool"

SERVICE: Final = "surewire"
_COUNTS: Final[tuple[Literal["bad", "total"], ...]] = ("bad", "total")
# Two scrapes are within it although one came late or failed.
_LAST_SCRAPES: Final = "45s"
_STEP: Final = Rolling(300)
_THIS_MONTH: Final = 'count_values("month", month())'
# A step belongs to the month in which it began.
_MONTH_OF_STEP: Final = f'count_values("month", month(vector(time() - {_STEP.seconds})))'


class Record(Struct, frozen=True):
    """One recording rule."""

    name: str
    expression: str
    labels: dict[str, str]


def slot_records(objective: Objective, catalogues: Catalogues) -> Iterator[Record]:
    """What is evaluated every 15 s, in this order: the slot's events with and without maintenance, then every window of an alert."""
    if objective.counted is None:
        return
    labels = {"service": SERVICE, "slo": objective.id}
    slot = str(Rolling(SLOT_S))
    yield from _probe_records(objective, labels)
    for what, expression in _slot(objective, objective.counted).items():
        yield Record(f"slo:events_{what}_gross:increase{slot}", expression, labels)
    for what in _COUNTS:
        gross = recorded(what, slot, objective.id, gross=True)
        yield Record(f"slo:events_{what}:increase{slot}", f"{gross}{_unless_maintained(objective)}", labels)
    for window_s, is_gross in _windows(objective, catalogues):
        for what in _COUNTS:
            name = f"slo:events_{what}{'_gross' if is_gross else ''}:increase{Rolling(window_s)}"
            slots = recorded(what, slot, objective.id, gross=is_gross)
            yield Record(name, f"sum_over_time({slots}[{range_of(window_s)}])", labels)


def budget_records(objective: Objective) -> Iterator[Record]:
    """What is evaluated every minute: the events of the objective's own window and what is left of its budget, both with and without
    maintenance."""
    if objective.counted is None or objective.target is None or objective.window is None or not objective.window.has_tiers:
        return
    name = _window_name(objective.window)
    labels = {"service": SERVICE, "slo": objective.id, "window": str(objective.window)}
    share = number(1 - objective.target)
    yield from _months(objective, labels)
    for gross in (False, True):
        ending = "_gross" if gross else ""
        bad, total = (recorded(what, name, objective.id, gross=gross) for what in _COUNTS)
        for what in _COUNTS:
            yield Record(f"slo:events_{what}{ending}:increase{name}", _own_window(objective, what, gross=gross), labels)
        yield Record(f"slo:error_budget_remaining{ending}:ratio", f"1 - {bad} / ({share} * {total})", labels)


def _windows(objective: Objective, catalogues: Catalogues) -> list[tuple[int, bool]]:
    """The windows to record, shortest first, without and with maintenance: those of the alerts, and the step that budgets are summed in."""
    windows: set[tuple[int, bool]] = set()
    for rule in catalogues.rules:
        match rule.condition:
            case Burn(slo=objective.id, long_s=long_s, short_s=short_s):
                windows |= {(long_s, False), (short_s, False)}
            case WindowBelow(slo=objective.id, window_s=window_s):
                windows.add((window_s, False))
            case _:
                pass
    if objective.window is not None and objective.window.has_tiers:
        windows |= {(_STEP.seconds, False), (_STEP.seconds, True)}
    return sorted(windows)


def _slot(objective: Objective, counted: Counted) -> dict[str, str]:
    """All events of the last slot, none when there were none; and the bad ones among them."""
    total = recorded("total", str(Rolling(SLOT_S)), objective.id, gross=True)
    good, bad, everything = (one and _grown(objective, one) for one in (counted.good, counted.bad, counted.total))
    if isinstance(objective.slo, ProbeSlo):
        everything, bad = f"{SLOT_S} * count by (target) ({_probe_down(objective)})", _down_seconds(objective, objective.slo)
    elif bad and counted.bad and counted.total and counted.bad.metric != counted.total.metric:
        # Two metrics: a bad event may be none that the total has.
        everything = f"({everything} + clamp_min({bad} - {everything}, 0))"
    return {
        "total": f"{everything or f'({good} + {bad})'} > 0",
        "bad": f"({bad or f'{everything} - {good}'}) and on ({_kept_apart(objective)}) {total}",
    }


def _kept_apart(objective: Objective) -> str:
    """The label whose values are judged apart; empty when all are judged together."""
    return "target" if isinstance(objective.slo, ProbeSlo) else objective.per


def _grown(objective: Objective, selected: Selector) -> str:
    """What the selected counters grew by since the last slot; of a gauge, the seconds in which it was there or was 1."""
    if isinstance(objective.slo, AvailabilitySlo | ProbeSlo):
        gauge = Selector(selected.metric.partition(":")[0], selected.matchers)
        known = selected.metric.endswith(KNOWN_SECONDS)
        return f"{SLOT_S} * count({selector(gauge)})" if known else f"{SLOT_S} * sum({selector(gauge)} == bool 1)"
    by, series = f" by ({objective.per}) " if objective.per else "", selector(selected)
    # `and`: a process that is gone counts nothing more, though its last scrapes are still within the range.
    return f"round({SLOT_S} * sum{by}(irate({series}[{_LAST_SCRAPES}]) and {series}))"


def _unless_maintained(objective: Objective) -> str:
    if not objective.excludes_maintenance:
        return ""
    return f' unless on () (max({MAINTENANCE}{{slo_name="{objective.name}"}}) == 1)'


# ---- probes: down from the first of so many failures in a row


def _probe_records(objective: Objective, labels: dict[str, str]) -> Iterator[Record]:
    """1 for each probe that has failed as often in a row as means down, else 0."""
    if isinstance(objective.slo, ProbeSlo):
        seen_s = _down_after_s(objective.slo)
        probe, enough = f"{objective.slo.metric}[{range_of(seen_s)}]", seen_s // SLOT_S
        yield Record(PROBE_DOWN, f"(max_over_time({probe}) == bool 0) * (count_over_time({probe}) >= bool {enough})", labels)


def _down_seconds(objective: Objective, slo: ProbeSlo) -> str:
    """The seconds of the slot, and once the failures have become enough, those since the first of them."""
    down = _probe_down(objective)
    seconds, before_s = f"{SLOT_S} * sum by (target) ({down})", _down_after_s(slo) - SLOT_S
    return f"{seconds} + {before_s} * (sum by (target) ({down} > bool {down} offset {SLOT_S}s) or 0 * {seconds})"


def _probe_down(objective: Objective) -> str:
    return f'{PROBE_DOWN}{{slo="{objective.id}"}}'


def _down_after_s(slo: ProbeSlo) -> int:
    """How long failures follow one another that are down time: halfway between one too few and just enough, as the engine has it."""
    return slo.interval_s * (2 * slo.down_after_failures - 1) // 2 // SLOT_S * SLOT_S


# ---- an objective's own window


def _window_name(window: Window) -> str:
    return "_month" if isinstance(window, CalendarMonth) else str(window)


def _own_window(objective: Objective, what: Literal["bad", "total"], *, gross: bool) -> str:
    if not isinstance(objective.window, CalendarMonth):
        return f"sum_over_time({recorded(what, str(_STEP), objective.id, gross=gross)}[{objective.window}:{_STEP}])"
    steps = recorded(what, f"{_STEP}_of_month", objective.id, gross=gross)
    return f"sum without (month) (sum_over_time({steps}[31d:{_STEP}]) and on (month) {_THIS_MONTH})"


def _months(objective: Objective, labels: dict[str, str]) -> Iterator[Record]:
    """Each step under the month that it was in, so that those of this month can be told from the last one's."""
    if not isinstance(objective.window, CalendarMonth):
        return
    for gross in (False, True):
        for what in _COUNTS:
            steps = recorded(what, str(_STEP), objective.id, gross=gross)
            name = f"slo:events_{what}{'_gross' if gross else ''}:increase{_STEP}_of_month"
            yield Record(name, f"{steps} * on () group_left (month) {_MONTH_OF_STEP}", labels)
