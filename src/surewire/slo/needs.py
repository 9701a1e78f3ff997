"""Which series objectives and alerts look at: what a recorder must keep, and nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec import Struct

from surewire.contract.selector import Matcher, Selector
from surewire.contract.series import format_bound
from surewire.contract.slos import CapacitySlo
from surewire.slo.alert_rule import AlertRule
from surewire.slo.capacity import peak_of
from surewire.slo.condition import Condition, Down, Gauge, GaugeShare, SlowShare, selectors_of
from surewire.slo.objective import Objective

__all__ = ["Needs", "needs"]

_ATTEMPTS: Final = Selector("probe_attempts_total")


class Needs(Struct, frozen=True):
    """Selectors of series under the names that they are kept by, each once.

    `counts` are increments: of counters, of a histogram's buckets (`NAME_bucket` with its `le`) and `NAME_count`, of a gauge's
    `NAME:good_seconds` and `NAME:known_seconds`. `gauges` are last values. `peaks` are highest values of gauges, and of counters by the
    second: `NAME:per_second`.
    """

    counts: tuple[Selector, ...]
    gauges: tuple[Selector, ...]
    peaks: tuple[Selector, ...]

    @property
    def metrics(self) -> frozenset[str]:
        """The names that anything is kept under."""
        return frozenset(selector.metric for selector in (*self.counts, *self.gauges, *self.peaks))


def needs(objectives: Iterable[Objective], rules: Iterable[AlertRule] = ()) -> Needs:
    """What these objectives and alerts look at. `up` and `probe_success` are not the server's and are left out."""
    known, conditions = tuple(objectives), tuple(rule.condition for rule in rules)
    counted = (selector for one in known if one.counted for selector in one.counted.selectors)
    return Needs(
        counts=tuple(dict.fromkeys((*counted, *(selector for one in conditions for selector in _counts(one))))),
        gauges=tuple(
            dict.fromkeys(selector for one in conditions if isinstance(one, Gauge | GaugeShare) for selector in selectors_of(one))
        ),
        peaks=tuple(dict.fromkeys(peak_of(one.slo) for one in known if isinstance(one.slo, CapacitySlo))),
    )


def _counts(condition: Condition) -> Iterator[Selector]:
    match condition:
        case Gauge() | GaugeShare():
            return
        case SlowShare(histogram=histogram):
            within = Matcher("le", "=", format_bound(float(condition.threshold_s)))
            yield Selector(f"{histogram.metric}_bucket", (*histogram.matchers, within))
            yield Selector(f"{histogram.metric}_count", histogram.matchers)
        case Down():
            yield _ATTEMPTS
        case _:
            yield from selectors_of(condition)
