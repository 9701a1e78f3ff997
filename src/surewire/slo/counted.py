"""Which series an objective counts: events that were good, bad, or any; seconds for a gauge.

The seconds of a gauge are series of their own: `NAME{…}:good_seconds`, in which it was 1, and `NAME{…}:known_seconds`, in which it was
there. A selector of them has the suffix in its metric's name.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from surewire.contract.selector import Matcher, Selector, parse_selector
from surewire.contract.series import format_bound
from surewire.contract.slos import AvailabilitySlo, Exclusion, LatencySlo, ProbeSlo, RatioSlo, Slo

__all__ = ["GOOD_SECONDS", "KNOWN_SECONDS", "Counted", "counted"]

GOOD_SECONDS: Final = ":good_seconds"
KNOWN_SECONDS: Final = ":known_seconds"

# A failure of an upstream is always answered with one of these.
_UPSTREAM_STATUSES: Final = "502|504"


class Counted(Struct, frozen=True):
    """Two of the three are selectors of what is counted, the third is None and follows from them: total = good + bad."""

    good: Selector | None = None
    bad: Selector | None = None
    total: Selector | None = None

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """The two that are given."""
        return tuple(one for one in (self.good, self.bad, self.total) if one is not None)


def counted(slo: Slo) -> Counted | None:
    """What the objective counts; None for a capacity, a check and a response. Raises: ConfigError when a selector is none."""
    match slo:
        case RatioSlo():
            return Counted(_parsed(slo.good), _parsed(slo.bad), _parsed(slo.total))
        case LatencySlo():
            return _fast_enough(slo)
        case AvailabilitySlo() | ProbeSlo():
            gauge = parse_selector(slo.metric)
            return Counted(good=_renamed(gauge, GOOD_SECONDS), total=_renamed(gauge, KNOWN_SECONDS))
        case _:
            return None


def _fast_enough(slo: LatencySlo) -> Counted:
    histogram = parse_selector(slo.metric)
    left_out = _left_out(slo.exclude) if slo.exclude else ()
    at_most = Matcher("le", "=", format_bound(slo.threshold_s))
    return Counted(good=_renamed(histogram, "_bucket", (*left_out, at_most)), total=_renamed(histogram, "_count", left_out))


def _left_out(exclude: Exclusion) -> tuple[Matcher, ...]:
    endpoints = tuple(Matcher("endpoint", "!=", endpoint) for endpoint in exclude.endpoint)
    return (*endpoints, Matcher("status", "!~", _UPSTREAM_STATUSES)) if exclude.upstream_errors else endpoints


def _renamed(selector: Selector, suffix: str, more: tuple[Matcher, ...] = ()) -> Selector:
    return Selector(selector.metric + suffix, (*selector.matchers, *more))


def _parsed(text: str | None) -> Selector | None:
    return None if text is None else parse_selector(text)
