"""What an alert waits for, as data: the built-in evaluation and the rules written for Prometheus are made from the same values.

A condition is about counts over windows (`Share`, `Increase`, `Burn`, `WindowBelow`), about gauges now (`Gauge`, `GaugeShare`), or about
what the engine itself says (`Budget`, `Latched`, `Down`). Thresholds are exact decimals.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from surewire.contract.selector import Selector

__all__ = [
    "Budget",
    "Burn",
    "Comparison",
    "Condition",
    "Down",
    "Gauge",
    "GaugeShare",
    "Increase",
    "Latched",
    "Share",
    "SlowShare",
    "WindowBelow",
]

Comparison = Literal[">", ">=", "==", "<=", "<"]


class Share(msgspec.Struct, frozen=True, tag=True):
    """`part` / (`part` + `rest`) or `part` / `whole` over the window, compared with `than`. No data while the denominator is zero.

    Exactly one of `rest` and `whole` is not empty.
    """

    part: tuple[Selector, ...]
    whole: tuple[Selector, ...]
    rest: tuple[Selector, ...]
    window_s: int
    comparison: Comparison
    than: Decimal
    min_total: int = 0


class SlowShare(msgspec.Struct, frozen=True, tag=True):
    """The share of a histogram's values above `threshold_s` over the window, compared with `than`; a label in `per` is kept apart."""

    histogram: Selector
    threshold_s: Decimal
    window_s: int
    comparison: Comparison
    than: Decimal
    min_total: int = 0
    per: str = ""


class Increase(msgspec.Struct, frozen=True, tag=True):
    """The growth of counters over the window, compared with `than`; `per_s` divides it first: 60 makes it per minute of the window."""

    counters: tuple[Selector, ...]
    window_s: int
    comparison: Comparison
    than: Decimal
    per_s: int | None = None


class Gauge(msgspec.Struct, frozen=True, tag=True):
    """A gauge now, compared with `than`: `sum` of its series, or `any` of them."""

    gauge: Selector
    comparison: Comparison
    than: Decimal
    over: Literal["sum", "any"] = "any"


class GaugeShare(msgspec.Struct, frozen=True, tag=True):
    """One gauge divided by another now, compared with `than`."""

    gauge: Selector
    limit: Selector
    comparison: Comparison
    than: Decimal


class Burn(msgspec.Struct, frozen=True, tag=True):
    """An objective's budget burns faster than `rate` over the long and the short window; the long has at least `min_bad` bad events."""

    slo: str
    rate: Decimal
    long_s: int
    short_s: int
    min_bad: int


class Budget(msgspec.Struct, frozen=True, tag=True):
    """An objective's remaining budget is in the state of that name: at most `at_most`, and above `above` where that is given."""

    slo: str
    state: str
    at_most: Decimal
    above: Decimal | None = None


class WindowBelow(msgspec.Struct, frozen=True, tag=True):
    """An objective's own window, or one of `window_s`, is below its objective with at least `min_events` in it."""

    slo: str
    window_s: int
    min_events: int
    objective: Decimal | None = None
    """Another objective than the SLO's own."""


class Latched(msgspec.Struct, frozen=True, tag=True):
    """A counter grew at any time since a person last acknowledged it with a reason; across restarts."""

    counters: tuple[Selector, ...]


class Down(msgspec.Struct, frozen=True, tag=True):
    """The server did not answer: `up` is 0 for the scrape job, or `probe_failures` probes in a row, one each `interval_s`, failed."""

    job: str
    probe_failures: int
    interval_s: int = 60


Condition = Share | SlowShare | Increase | Gauge | GaugeShare | Burn | Budget | WindowBelow | Latched | Down


def selectors_of(condition: Condition) -> tuple[Selector, ...]:
    """The series that it names itself; what it reads through an objective is the objective's. A histogram stands under its own name."""
    match condition:
        case Share():
            return (*condition.part, *condition.whole, *condition.rest)
        case SlowShare():
            return (condition.histogram,)
        case Increase() | Latched():
            return condition.counters
        case Gauge():
            return (condition.gauge,)
        case GaugeShare():
            return (condition.gauge, condition.limit)
        case _:
            return ()


def window_of(condition: Condition) -> int | None:
    """The seconds that it looks back over, the longest of them; None when it is about now or about a budget."""
    match condition:
        case Burn():
            return condition.long_s
        case Share() | SlowShare() | Increase() | WindowBelow():
            return condition.window_s
        case _:
            return None
