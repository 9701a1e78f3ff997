"""What whoever announces maintenance should know: which objectives it comes too late for, and how much of all time it takes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Final

from surewire.contract.slos import Slo
from surewire.slo.correction import is_for, needed_notice_s
from surewire.slo.maintenance import MaintenanceWindow, occurrences
from surewire.slo.window import DAY_S, HOUR_S, Interval

__all__ = ["maintenance_notes"]

_LOOKED_AT_S: Final = 30 * DAY_S
_MUCH_PERCENT: Final = 5


def maintenance_notes(window: MaintenanceWindow, coming: Sequence[Interval], slos: Iterable[Slo]) -> tuple[str, ...]:
    """A sentence for each objective that coming occurrences will not be taken out of, and one when much is taken out of all."""
    concerned = [slo for slo in slos if is_for(slo, window.slos)]
    return (*_too_late(window, coming, concerned), *_too_much(window)) if coming else ()


def _too_late(window: MaintenanceWindow, coming: Sequence[Interval], slos: Iterable[Slo]) -> Iterator[str]:
    for slo in slos:
        needed_s = needed_notice_s(slo)
        late = [one for one in coming if one.start_s - window.announced_at_s < needed_s]
        if late:
            which = "It" if len(late) == len(coming) else f"What starts before {_day(window.announced_at_s + needed_s)}"
            yield f"{which} does not count for {slo.id}, which asks for {needed_s // HOUR_S} h of notice and keeps it as down time."


def _too_much(window: MaintenanceWindow) -> Iterator[str]:
    """Of the 30 days from its first start on."""
    span = Interval(window.start_s, window.start_s + _LOOKED_AT_S)
    taken_s = sum(min(one.end_s, span.end_s) - one.start_s for one in occurrences(window, span))
    percent = 100 * taken_s // span.length_s
    if percent >= _MUCH_PERCENT:
        without_end = "" if window.expires_s is not None or not window.recurrence else ", again and again until it is called off"
        yield f"It takes {percent} % out of 30 days{without_end}: what happens then counts nowhere."


def _day(at_s: int) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M}Z"
