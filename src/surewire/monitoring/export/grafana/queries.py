"""PromQL for panels: sums of events before any ratio, percentiles from rates of buckets, and no sample at all where nothing happened.

A ratio without its traffic would be NaN, and an average of ratios would weigh an idle pod like a busy one; neither is ever written here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

__all__ = ["CHOSEN", "RATE", "WHOLE", "Series", "ratio"]

RATE: Final = "$__rate_interval"
"""The shortest window that Grafana knows to hold enough scrapes for a rate."""


class Series:
    """Queries over the series of some instances; `matcher` is what chooses them, nothing for all."""

    __slots__ = ("_matcher",)

    def __init__(self, matcher: str = "") -> None:
        self._matcher = matcher

    def select(self, selector: str) -> str:
        """The selector, narrowed to these instances."""
        if not self._matcher:
            return selector
        name, _, rest = selector.partition("{")
        return f"{name}{{{rest[:-1]},{self._matcher}}}" if rest else f"{name}{{{self._matcher}}}"

    def rate(self, selector: str, by: Sequence[str] = (), window: str = RATE) -> str:
        """Events a second."""
        return f"{_sum(by)} (rate({self.select(selector)}[{window}]))"

    def increase(self, selector: str, window: str, by: Sequence[str] = ()) -> str:
        """Events of the window."""
        return f"{_sum(by)} (increase({self.select(selector)}[{window}]))"

    def value(self, selector: str, by: Sequence[str] = (), how: str = "sum") -> str:
        """A gauge now, taken together by `sum`, `min` or `max`."""
        return f"{_sum(by, how)} ({self.select(selector)})"

    def percentile(self, percent: str, histogram: str, by: Sequence[str] = (), window: str = RATE) -> str:
        """An estimate, interpolated within a bucket: `percent` of `0.99` of the values were at most this. No sample without values."""
        buckets = self.rate(_part(histogram, "bucket"), (*by, "le"), window)
        return f"histogram_quantile({percent}, {buckets}) and ({self.rate(_part(histogram, 'count'), by, window)} > 0)"


WHOLE: Final = Series()
"""All instances together."""
CHOSEN: Final = Series('instance=~"$instance"')
"""Those that are chosen above the dashboard."""


def ratio(part: str, whole: str) -> str:
    """A share of events; no sample while there are none."""
    return f"{part} / ({whole} > 0)"


def _sum(by: Sequence[str], how: str = "sum") -> str:
    return f"{how} by ({', '.join(by)})" if by else how


def _part(histogram: str, part: str) -> str:
    name, brace, rest = histogram.partition("{")
    return f"{name}_{part}{brace}{rest}"
