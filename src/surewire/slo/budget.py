"""The arithmetic of error budgets, exact: what may go wrong, what of it is left.

With an objective of 99.9 %, one event in a thousand may be bad: that is the budget, and it grows and shrinks with the events of the window.
Source: Site Reliability Engineering, chapter 3, "Motivation for Error Budgets", and The Site Reliability Workbook, chapter 2.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import Final

from surewire.slo.status import Tally, Verdict

__all__ = ["allowed", "budget_remaining", "events_left", "outage_budget_s", "outage_minutes_left", "verdict"]

_MINUTE_S: Final = 60


def allowed(total: int, target: Decimal) -> Decimal:
    """How many of so many events may be bad: (1 - target) · total."""
    return (1 - target) * total


def budget_remaining(tally: Tally, target: Decimal) -> Decimal | None:
    """1 - bad / ((1 - target) · total): 1 untouched, 0 exhausted, negative when overspent; None without events."""
    return 1 - tally.bad / allowed(tally.total, target) if tally.total else None


def events_left(tally: Tally, target: Decimal) -> int | None:
    """Whole bad events that may still happen at this total; negative when overspent, None without events."""
    if not tally.total:
        return None
    return int((allowed(tally.total, target) - tally.bad).to_integral_value(ROUND_FLOOR))


def outage_budget_s(target: Decimal, window_s: int) -> Decimal:
    """Seconds of full outage that spend the whole budget of a window under steady traffic: 0.1 % of 28 days are 40.3 minutes."""
    return (1 - target) * window_s


def outage_minutes_left(tally: Tally, target: Decimal, seen_s: int) -> Decimal | None:
    """Minutes of full outage that may still happen, each with as many events as a minute of the window had on average.

    `seen_s` is the time in which the events were counted. None without events or without time.
    """
    if not tally.total or not seen_s:
        return None
    return (allowed(tally.total, target) - tally.bad) * seen_s / (tally.total * _MINUTE_S)


def verdict(tally: Tally, target: Decimal, *, is_strict: bool = False) -> Verdict:
    """Whether the share of good events reaches the target, or exceeds it where it is strict."""
    if not tally.total:
        return "no_data"
    needed = target * tally.total
    return "met" if tally.good > needed or (tally.good == needed and not is_strict) else "breached"
