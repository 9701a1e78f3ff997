"""Maintenance that was announced: once or recurring, on the wall clock of a time zone, for all objectives or for some."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise

import msgspec

from surewire.errors import ClientError
from surewire.slo.recurrence import check_rule, starts, zone_of
from surewire.slo.window import DAY_S, HOUR_S, Interval

__all__ = ["MAX_DURATION_S", "Cancellation", "MaintenanceWindow", "check_window", "occurrences", "start_of"]

MAX_DURATION_S = 7 * DAY_S
"""Longer than a week is no maintenance."""
# The shortest time between two starts of a rule comes within the cycle of leap years.
_LOOKED_AHEAD_S = 4 * 366 * DAY_S


class MaintenanceWindow(msgspec.Struct, frozen=True, kw_only=True):
    """Maintenance from `start_s` on for `duration_s`, again whenever `recurrence` says so in `time_zone`."""

    id: str
    title: str
    start_s: int
    duration_s: int
    time_zone: str = "UTC"
    """An IANA name."""
    recurrence: str = ""
    """An RFC 5545 rule, such as FREQ=WEEKLY;BYDAY=SU; empty: once."""
    expires_s: int | None = None
    """Nothing starts at that time or later."""
    slos: tuple[str, ...] = ()
    """The objectives it counts for; all when none is named."""
    announced_at_s: int
    actor: str


class Cancellation(msgspec.Struct, frozen=True, kw_only=True):
    """Maintenance that was called off: what runs ends at that time, and nothing starts any more. What was before stays as it was."""

    id: str
    at_s: int
    actor: str
    reason: str


def start_of(text: str, time_zone: str) -> int:
    """Seconds since the epoch of `2026-11-29T02:00:00`, on the wall clock of the time zone unless it names an offset or Z itself.

    Raises: ClientError when it is no time or there is no such zone.
    """
    try:
        moment = datetime.fromisoformat(text)
        zone = zone_of(time_zone)
    except ValueError as error:
        raise ClientError("INVALID_MESSAGE", f"{error}; write a start like 2026-11-29T02:00:00", path="start") from None
    return int((moment if moment.tzinfo else moment.replace(tzinfo=zone)).timestamp())


def check_window(window: MaintenanceWindow, known_slos: frozenset[str]) -> None:
    """Raises: ClientError that names the field and the mend, when the window cannot be announced as it is."""
    problems = {
        "title": "" if window.title.strip() else "say what is maintained",
        "actor": "" if window.actor.strip() else "say who announces it",
        "start": "" if window.start_s >= window.announced_at_s else "it starts in the past; what has been is a correction",
        "duration": "" if 0 < window.duration_s <= MAX_DURATION_S else f"it lasts 1 s to {MAX_DURATION_S // DAY_S} days",
        "expires": "" if window.expires_s is None or window.expires_s > window.start_s else "it expires before it starts",
        "slos": _unknown(window.slos, known_slos),
        "recurrence": _wrong_rule(window),
    }
    for path, problem in problems.items():
        if problem:
            raise ClientError("INVALID_MESSAGE", problem, path=path)


def occurrences(window: MaintenanceWindow, interval: Interval, cancelled_at_s: int | None = None) -> tuple[Interval, ...]:
    """When it holds: every occurrence that reaches into the interval, whole, in order."""
    ends = [end for end in (window.expires_s, cancelled_at_s) if end is not None]
    asked = Interval(interval.start_s - window.duration_s + 1, min([interval.end_s, *ends]))
    found = (Interval(start, start + window.duration_s) for start in starts(window.recurrence, window.start_s, window.time_zone, asked))
    if cancelled_at_s is None:
        return tuple(found)
    cut = (Interval(one.start_s, min(one.end_s, cancelled_at_s)) for one in found)
    return tuple(one for one in cut if one.end_s > interval.start_s)


def _unknown(slos: tuple[str, ...], known: frozenset[str]) -> str:
    unknown = [slo for slo in slos if slo not in known]
    return f"no objective is called {unknown[0]}" if unknown else ""


def _wrong_rule(window: MaintenanceWindow) -> str:
    try:
        zone_of(window.time_zone)
        if window.recurrence:
            check_rule(window.recurrence, window.start_s, window.time_zone)
        return _overlap(window)
    except (ValueError, OverflowError) as error:
        return str(error)


def _overlap(window: MaintenanceWindow) -> str:
    """Why it would never be over, and nothing would ever count; empty when every occurrence ends before the next one starts."""
    if not window.recurrence:
        return ""
    looked_at = Interval(window.start_s, window.start_s + _LOOKED_AHEAD_S)
    begins = starts(window.recurrence, window.start_s, window.time_zone, looked_at)
    shortest_s = min((after - before for before, after in pairwise(begins)), default=window.duration_s + 1)
    if shortest_s > window.duration_s:
        return ""
    return f"it starts again after {shortest_s / HOUR_S:g} h and lasts {window.duration_s / HOUR_S:g} h; let it be shorter, or rarer"
