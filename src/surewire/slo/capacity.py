"""Whether a capacity was ever reached. Low traffic proves nothing, so it never breaches one: it is met, or there are no data."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from surewire.contract.selector import Selector, parse_selector
from surewire.contract.slos import CapacitySlo
from surewire.slo.evidence import Evidence
from surewire.slo.status import SloStatus
from surewire.slo.timeline import Timeline
from surewire.slo.window import Interval

__all__ = ["PER_SECOND", "judge_capacity", "peak_of"]

PER_SECOND: Final = ":per_second"
"""After a counter's name: the peak of its increments a second, all its series of one process added up."""


def judge_capacity(slo: CapacitySlo, status: SloStatus, timeline: Timeline, evidence: Evidence) -> SloStatus:
    """Met when the highest value seen by any one process, or a recorded load, reached the target."""
    needed = slo.at_least if slo.at_least is not None else slo.at_least_per_s or 0.0
    seen = [*timeline.peaks(peak_of(slo), Interval(status.start_s, status.at_s)).values()]
    if evidence.highest is not None:
        seen.append(evidence.highest)
    if not seen:
        return replace(status, note="nothing was seen yet")
    highest = max(seen)
    unit = "/s" if slo.at_least is None else ""
    note = f"highest seen {highest:,.0f}{unit} of {needed:,.0f}{unit} per {slo.per}"
    return replace(status, verdict="met", state="healthy", note=note) if highest >= needed else replace(status, note=note)


def peak_of(slo: CapacitySlo) -> Selector:
    """Which peaks it looks at: a gauge's own, or a counter's by the second."""
    selector = parse_selector(slo.metric)
    return selector if slo.at_least is not None else Selector(selector.metric + PER_SECOND, selector.matchers)
