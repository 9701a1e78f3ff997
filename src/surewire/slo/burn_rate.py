"""How fast a budget is spent: 1 means that it lasts exactly for the objective's window.

A tier fires when both its long and its short window burn faster than its rate: the long one says that it matters, the short one that
it still goes on, so the alert ends soon after the trouble does.
Source: The Site Reliability Workbook, chapter 5, "Alerting on SLOs", approach 6. Every figure is computed here and copied nowhere.
"""

from __future__ import annotations

from decimal import Decimal

from surewire.slo.budget import allowed
from surewire.slo.objective import Tier
from surewire.slo.status import Tally

__all__ = ["budget_spent", "burn_rate", "can_fire", "exceeds", "exhausted_after_s", "fires", "highest_rate"]


def burn_rate(tally: Tally, target: Decimal) -> Decimal | None:
    """(bad / total) / (1 - target); None without events, which burn nothing."""
    return tally.bad / allowed(tally.total, target) if tally.total else None


def exceeds(tally: Tally, target: Decimal, rate: Decimal) -> bool:
    """Whether the budget burns faster than `rate`: by products, so that nothing is rounded before it is compared."""
    return tally.bad > rate * allowed(tally.total, target)


def fires(tier: Tier, target: Decimal, long: Tally, short: Tally) -> bool:
    """Whether the tier fires: both windows burn faster than its rate, and the long one has bad events enough to mean something."""
    return long.bad >= tier.min_bad and exceeds(long, target, tier.rate) and exceeds(short, target, tier.rate)


def highest_rate(target: Decimal) -> Decimal:
    """How fast a budget burns when everything is bad: 1 / (1 - target)."""
    return 1 / (1 - target)


def can_fire(rate: Decimal, target: Decimal) -> bool:
    """Whether any traffic at all can burn faster than `rate`. With a target of 95 % nothing burns faster than 20x."""
    return rate * (1 - target) < 1


def exhausted_after_s(rate: Decimal, window_s: int) -> Decimal:
    """How long a full budget lasts at this rate: window / rate. 14.4x spends 30 days' budget in 2.08 days."""
    return window_s / rate


def budget_spent(rate: Decimal, long_s: int, window_s: int) -> Decimal:
    """The share of a window's budget that is gone when a tier fires after its whole long window: 2 % for 14.4x over 1 h of 30 d."""
    return rate * long_s / window_s
