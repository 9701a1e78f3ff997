"""What alerts' conditions are judged by at one moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

import msgspec

from surewire.contract.selector import Selector
from surewire.slo.evaluation import tally_of
from surewire.slo.judgement import LatchMark
from surewire.slo.objective import Objective
from surewire.slo.status import SloStatus, Tally
from surewire.slo.timeline import Timeline
from surewire.slo.window import Interval

__all__ = ["Scene"]


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """The counts, the objectives and their statuses by id, and the time.

    `excluded` has the spans that maintenance and corrections take out, by objective; `gaps` are the times in which the process did not
    run. `marks` are by alert. `backends` names those that are configured: `redis`.
    """

    timeline: Timeline
    objectives: Mapping[str, Objective]
    statuses: Mapping[str, SloStatus]
    now_s: int
    excluded: Mapping[str, Sequence[Interval]] = {}
    gaps: Sequence[Interval] = ()
    marks: Mapping[str, LatchMark] = {}
    backends: Collection[str] = ()

    def counted(self, selectors: Iterable[Selector], window_s: int) -> int:
        """What the selected series counted in the last `window_s`."""
        return sum(self.timeline.total(selector, self.now_s - window_s, self.now_s) for selector in selectors)

    def tally(self, objective: Objective, window_s: int) -> Tally:
        """What the objective counted in the last `window_s`, without what is taken out."""
        span = Interval(self.now_s - window_s, self.now_s)
        return tally_of(objective, self.timeline, span, self.excluded.get(objective.id, ()), self.gaps)
