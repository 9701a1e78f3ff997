"""What is known of an objective at one moment: its counts, its budget, how fast that burns, and what follows."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from surewire.slo.window import Gap

__all__ = ["SloState", "SloStatus", "Tally", "Verdict"]

SloState = Literal["healthy", "caution", "warning", "critical", "breached", "no_data"]
Verdict = Literal["met", "breached", "no_data"]


class Tally(msgspec.Struct, frozen=True):
    """Events of a window (seconds where a gauge or a probe is judged): good and bad ones, which are all there are."""

    good: int
    bad: int

    @property
    def total(self) -> int:
        """Good and bad ones."""
        return self.good + self.bad

    @property
    def sli(self) -> Decimal | None:
        """The share of good ones; None when there was none at all: no data, which is neither 0 nor 1."""
        return Decimal(self.good) / Decimal(self.total) if self.total else None


class SloStatus(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=False):
    """One objective at one moment, as `GET /v1/slos` shows it. Numbers are None when there are no data.

    `good`, `bad`, `total`, `sli` and `budget_remaining` are adjusted: without maintenance and corrections. What they would be with
    them has `_gross` in its name. `coverage` is the share of the window's slots in which something recorded.
    """

    id: str
    kind: str
    objective: Decimal | None
    window: str
    start_s: int
    at_s: int
    good: int | None
    bad: int | None
    total: int | None
    sli: Decimal | None
    good_gross: int | None
    bad_gross: int | None
    total_gross: int | None
    sli_gross: Decimal | None
    budget_remaining: Decimal | None
    """1 untouched, 0 exhausted, negative when overspent."""
    budget_remaining_gross: Decimal | None
    events_left: int | None
    """Bad events that may still happen, at the total so far; rounded down, negative when overspent."""
    outage_minutes_left: Decimal | None
    """Minutes of full outage that may still happen, at the window's mean traffic."""
    burn_rates: dict[str, Decimal | None]
    """By window (`1h`), of every tier's long and short window."""
    coverage: Decimal
    excluded_s: int
    """Seconds of the window that maintenance and corrections took out, rounded outward to slots."""
    state: SloState
    verdict: Verdict
    owner: str
    backup: str
    note: str = ""
    """In words, what the numbers cannot say: why there are no data, which endpoint is the worst, that good exceeds its total."""
    parts: tuple[Part, ...] = ()
    gaps: tuple[Gap, ...] = ()
    """Times in which the process did not run that reach into the window and are down time of this objective; whole, oldest first."""


class Part(msgspec.Struct, frozen=True):
    """One endpoint, worker or severity of an objective that is judged `per` them."""

    name: str
    good: int
    bad: int
    sli: Decimal | None
    verdict: Verdict
