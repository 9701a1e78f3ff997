"""How many events a scenario's traffic gives in any span, and which series of an objective they count in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import product
from math import cos, floor, pi, prod
from operator import sub
from typing import Final, NamedTuple

from surewire.contract.selector import Selector
from surewire.contract.series import series_id
from surewire.contract.slos import AvailabilitySlo, ProbeSlo
from surewire.errors import ConfigError
from surewire.slo.counted import Counted
from surewire.slo.objective import Objective
from surewire.slo.scenario import Scenario
from surewire.slo.spans import union
from surewire.slo.window import HOUR_S, SLOT_S, Interval

__all__ = ["Amounts", "Load", "Sides", "sides"]

_SATURDAY: Final = 5
_QUIETEST_HOUR: Final = 3
_DOWN_FROM: Final = 0.5
_OTHER: Final = "simulated"


class Amounts(NamedTuple):
    """What there was in a span: events, and seconds in which a probe found the server up or down; none while it was stopped."""

    good: int
    bad: int
    up_s: int
    down_s: int


class _Segment(NamedTuple):
    """From `start_s` on, until the next: events a second, the share of bad ones, and what there was before."""

    start_s: int
    per_s: float
    bad: float
    is_stopped: bool
    all_before: float
    bad_before: float
    up_before_s: int
    down_before_s: int

    @property
    def is_down(self) -> bool:
        """Whether a probe finds it down; nothing does while it is stopped."""
        return self.bad >= _DOWN_FROM and not self.is_stopped

    def until(self, at_s: int) -> Amounts:
        """Everything up to a time in this segment."""
        length_s = at_s - self.start_s
        every, bad = floor(self.all_before + self.per_s * length_s), floor(self.bad_before + self.per_s * self.bad * length_s)
        up_s, down_s = (0, 0) if self.is_stopped else (0, length_s) if self.is_down else (length_s, 0)
        return Amounts(every - bad, bad, self.up_before_s + up_s, self.down_before_s + down_s)


class Load:
    """The traffic of a scenario. Spans that touch add up exactly: there is no chance in it.

    `stops` are when the server does not run, `downs` when a probe would find it down.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        self._faults = [(scenario.interval(fault), fault) for fault in scenario.faults]
        self.first_s = scenario.history_start_s
        self.stops = union(interval for interval, fault in self._faults if fault.stopped)
        self._segments = self._made()
        self._starts = [segment.start_s for segment in self._segments]
        ends = (*self._starts[1:], scenario.span.end_s)
        self.downs = union(Interval(one.start_s, end_s) for one, end_s in zip(self._segments, ends, strict=True) if one.is_down)
        self._known: dict[int, Amounts] = {}

    def between(self, start_s: int, end_s: int) -> Amounts:
        """What there was in the slots that start in the span."""
        before, after = self._until(start_s), self._until(end_s)
        return Amounts(*map(sub, after, before))

    def _until(self, at_s: int) -> Amounts:
        slot_s = max(self.first_s, -(-at_s // SLOT_S) * SLOT_S)
        amounts = self._known.get(slot_s)
        if amounts is None:
            amounts = self._known[slot_s] = self._segments[bisect_right(self._starts, slot_s) - 1].until(slot_s)
        return amounts

    def _made(self) -> list[_Segment]:
        first_s, last_s = self.first_s, self._scenario.span.end_s
        edges = {edge for interval, _ in self._faults for edge in (interval.start_s, interval.end_s) if first_s <= edge < last_s}
        segments = [self._segment(first_s, None)]
        for start_s in sorted({*range(first_s, last_s, HOUR_S), *edges} - {first_s}):
            segments.append(self._segment(start_s, segments[-1]))
        return segments

    def _segment(self, start_s: int, previous: _Segment | None) -> _Segment:
        holding = [fault for interval, fault in self._faults if interval.start_s <= start_s < interval.end_s]
        is_stopped = any(fault.stopped for fault in holding)
        per_s = 0.0 if is_stopped else _at_hour(self._scenario, start_s) * prod(fault.traffic for fault in holding)
        bad = max((self._scenario.traffic.bad, *(fault.bad for fault in holding if not fault.stopped)))
        if previous is None:
            return _Segment(start_s, per_s, bad, is_stopped, 0.0, 0.0, 0, 0)
        length_s, (_, _, up_s, down_s) = start_s - previous.start_s, previous.until(start_s)
        every, bads = previous.per_s * length_s, previous.per_s * previous.bad * length_s
        return _Segment(start_s, per_s, bad, is_stopped, previous.all_before + every, previous.bad_before + bads, up_s, down_s)


Sides = Callable[[Amounts], dict[str, int]]
"""What an objective's series count of what there was."""


def sides(objective: Objective) -> Sides:
    """Where the objective's good and bad events count. Raises: ConfigError for one that counts none: a capacity, a check, a response."""
    if objective.counted is None:
        raise ConfigError(f"{objective.id} counts no events, so there is nothing to simulate.", path="slos")
    if isinstance(objective.slo, AvailabilitySlo | ProbeSlo):
        good, known = (_series(one) for one in objective.counted.selectors)
        return lambda there: {good: there.up_s, known: there.up_s + there.down_s}
    return _of_events(objective.counted)


def _of_events(counted: Counted) -> Sides:
    first, second = counted.selectors
    if first.metric != second.metric:
        one, other = _series(first), _series(second)
        if counted.total is None:
            return lambda there: {one: there.good, other: there.bad}
        return lambda there: {one: there.good if counted.good else there.bad, other: there.good + there.bad}
    one, other = (_series(first, second), _series(second, but=first)) if counted.total else (_series(first), _series(second))
    if counted.good:
        return lambda there: {one: there.good, other: there.bad}
    return lambda there: {one: there.bad, other: there.good}


def _series(selector: Selector, also: Selector | None = None, but: Selector | None = None) -> str:
    """A series that the selector names, and `also` of the same metric does too, and `but` does not."""
    values: dict[str, list[str]] = {}
    for one in (selector, also, but):
        for matcher in one.matchers if one else ():
            values.setdefault(matcher.label, []).extend((*matcher.value.split("|"), _OTHER))
    for choice in product(*values.values()):
        labels = dict(zip(values, choice, strict=True))
        if selector.accepts(labels) and not (also and not also.accepts(labels)) and not (but and but.accepts(labels)):
            name, suffix = selector.metric.partition(":")[::2]
            return series_id(name, labels) + (f":{suffix}" if suffix else "")
    raise ConfigError(f"no series of {selector.metric} can be told apart by its selector.", path="slos")


def _at_hour(scenario: Scenario, at_s: int) -> float:
    """Events a second of the hour that holds that time."""
    moment, traffic = datetime.fromtimestamp(at_s, UTC), scenario.traffic
    day = (1 - cos(2 * pi * (moment.hour - _QUIETEST_HOUR) / 24)) / 2
    week = traffic.weekend if moment.weekday() >= _SATURDAY else 1.0
    return traffic.per_minute / 60 * (traffic.night + (1 - traffic.night) * day) * week
