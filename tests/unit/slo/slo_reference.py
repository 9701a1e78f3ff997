"""An objective judged the slow, obvious way: every slot is looked at, every number is a fraction. Only for events, one window, no parts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import floor

from surewire.ports.sli_store import Slot
from surewire.slo.window import SLOT_S, Interval

Share = Fraction | None


@dataclass(frozen=True)
class Reference:
    """The share of `good` in `good` and `bad` series, by slots of 15 s."""

    slots: Sequence[Slot]
    good: str
    bad: str
    target: Fraction
    excluded: Sequence[Interval] = ()

    def counts(self, start_s: int, end_s: int, *, gross: bool = False) -> tuple[int, int]:
        """Good and bad events of the slots that start in the span."""
        good = bad = 0
        for slot in self.slots:
            if start_s <= slot.start_s < end_s and (gross or not self.is_out(slot)):
                good, bad = good + slot.counts.get(self.good, 0), bad + slot.counts.get(self.bad, 0)
        return good, bad

    def is_out(self, slot: Slot) -> bool:
        """Whether any second of the slot is taken out."""
        return any(one.start_s < slot.start_s + SLOT_S and slot.start_s < one.end_s and one.length_s > 0 for one in self.excluded)

    def burn(self, start_s: int, end_s: int) -> Share:
        good, bad = self.counts(start_s, end_s)
        return Fraction(bad, good + bad) / (1 - self.target) if good + bad else None

    def remaining(self, start_s: int, end_s: int, *, gross: bool = False) -> Share:
        good, bad = self.counts(start_s, end_s, gross=gross)
        return 1 - Fraction(bad) / ((1 - self.target) * (good + bad)) if good + bad else None

    def events_left(self, start_s: int, end_s: int) -> int | None:
        good, bad = self.counts(start_s, end_s)
        return floor((1 - self.target) * (good + bad) - bad) if good + bad else None

    def fires(self, rate: Fraction, long_s: int, short_s: int, min_bad: int, now_s: int) -> bool:
        long, short = self.burn(now_s - long_s, now_s), self.burn(now_s - short_s, now_s)
        enough = self.counts(now_s - long_s, now_s)[1] >= min_bad
        return enough and long is not None and short is not None and long > rate and short > rate
