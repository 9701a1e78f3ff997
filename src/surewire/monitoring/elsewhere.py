"""Objectives judged by counts that somebody else recorded: the same functions over another source of slots."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from surewire.ports.sli_source import SliSource
from surewire.slo.evaluation import evaluate
from surewire.slo.objective import Objective
from surewire.slo.status import SloStatus
from surewire.slo.timeline import COARSE_S, Timeline
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S, Interval

__all__ = ["statuses_from"]

_FINE_S: Final = 25 * HOUR_S
_AT_ONCE_S: Final = 7 * DAY_S


async def statuses_from(source: SliSource, objectives: Sequence[Objective], now_s: int) -> tuple[SloStatus, ...]:
    """Every objective as the source has it at that time. Nothing is taken out: maintenance and corrections are known to the server only.

    Raises: BackendError when the source cannot be asked.
    """
    timeline = Timeline()
    start_s = min((one.window.at(now_s).start_s for one in objectives if one.window), default=now_s) // COARSE_S * COARSE_S
    fine_s = max(start_s, (now_s - _FINE_S) // COARSE_S * COARSE_S)
    for begin_s in range(start_s, fine_s, _AT_ONCE_S):
        timeline.load(await source.slots(Interval(begin_s, min(begin_s + _AT_ONCE_S, fine_s)), COARSE_S))
    timeline.load(await source.slots(Interval(fine_s, now_s), SLOT_S))
    return tuple(evaluate(objective, timeline, (), now_s) for objective in objectives)
