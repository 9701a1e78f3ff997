"""When something recurs: RFC 5545 rules on the wall clock of a time zone, asked for one interval at a time.

A rule is bound to its first start, which the rule must itself name (RFC 5545 §3.8.5.3). An occurrence keeps its time on the wall clock
through changes of daylight saving; where the clock skips that time, the offset before the change holds, and where the time comes
twice, its first one counts (§3.3.5). How long it lasts is exact seconds, whatever the clock does meanwhile.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rrulestr

from surewire.slo.window import DAY_S, Interval

__all__ = ["check_rule", "starts", "zone_of"]

_PARTS: Final = frozenset(
    {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "BYSETPOS", "BYYEARDAY", "BYWEEKNO", "WKST"}
)
_FREQUENCIES: Final = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_GREGORIAN_CYCLE_YEARS: Final = 400
_LAST_CYCLE: Final = 9_600
# Local and universal time differ by less than this.
_MARGIN_DAYS: Final = 2


def zone_of(name: str) -> ZoneInfo:
    """The IANA time zone of that name. Raises: ValueError when there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name!r} is no time zone; write an IANA name such as Europe/Berlin or UTC") from None


def check_rule(rule: str, first_s: int, zone: str) -> None:
    """Raises: ValueError with the mend when it is no rule, when it recurs within a day, or when it does not name its first start."""
    first = _local(first_s, zone_of(zone))
    # Where nothing matches, the search goes on to the year 9999; the calendar repeats every 400 years, so the last ones answer for all.
    moved = first.replace(year=_LAST_CYCLE + first.year % _GREGORIAN_CYCLE_YEARS)
    found = next(iter(_bare(rule, moved)), None)
    if found is None:
        raise ValueError(f"{rule!r} never comes true")
    if found != moved:
        right = first + (found - moved)
        raise ValueError(f"the first start, {first:%A %Y-%m-%d}, is no day that {rule!r} names; start at {right:%Y-%m-%dT%H:%M:%S} instead")
    _until(rule, zone)


def starts(rule: str, first_s: int, zone: str, interval: Interval) -> tuple[int, ...]:
    """When it starts, in seconds since the epoch, within the interval and in order. Without a rule it starts once."""
    if not rule:
        return (first_s,) if interval.start_s <= first_s < interval.end_s else ()
    days = range(interval.start_s // DAY_S - _MARGIN_DAYS, interval.end_s // DAY_S + _MARGIN_DAYS + 1)
    return tuple(start for start in _starts(rule, first_s, zone, days) if interval.start_s <= start < interval.end_s)


@lru_cache(maxsize=1_024)
def _starts(rule: str, first_s: int, zone: str, days: range) -> tuple[int, ...]:
    """Whole days are asked for, so that an evaluation every 15 s counts out a rule once a day."""
    where = zone_of(zone)
    endless, until = _bare(rule, _local(first_s, where)), _until(rule, zone)
    bounded = endless.replace(until=until) if until else endless
    found = bounded.between(_day(days.start), _day(days.stop), inc=True)
    return tuple(int(start.replace(tzinfo=where).timestamp()) for start in found)


def _bare(rule: str, first: datetime) -> rrule:
    """The rule without its end, which is a matter of time zones. Raises: ValueError."""
    parts = _parts(rule)
    text = ";".join(f"{name}={value}" for name, value in parts.items() if name != "UNTIL")
    try:
        parsed = rrulestr(text, dtstart=first)
    except (ValueError, IndexError) as error:
        raise ValueError(f"{rule!r} is no recurrence rule: {error}") from None
    assert isinstance(parsed, rrule)  # noqa: S101 - a text without EXDATE and a second RRULE is always one rule
    return parsed


@lru_cache(maxsize=1_024)
def _parts(rule: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    for part in rule.removeprefix("RRULE:").upper().split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value or name not in _PARTS or name in parts:
            raise ValueError(f"{rule!r} is wrong at {part!r}; write it like FREQ=WEEKLY;BYDAY=SU, with {', '.join(sorted(_PARTS))}")
        parts[name] = value
    if parts.get("FREQ") not in _FREQUENCIES:
        raise ValueError(f"{rule!r} must recur by days or more: FREQ is one of {', '.join(_FREQUENCIES)}")
    if {"COUNT", "UNTIL"} <= parts.keys():
        raise ValueError(f"{rule!r} ends twice; write COUNT or UNTIL")
    for name in ("INTERVAL", "COUNT"):
        if name in parts and not (parts[name].isascii() and parts[name].isdecimal() and int(parts[name]) > 0):
            raise ValueError(f"{rule!r}: {name} is a whole number above 0")
    return parts


def _until(rule: str, zone: str) -> datetime | None:
    """The last moment at which it may start, on the wall clock. A date means the whole day; `Z` means universal time."""
    text = _parts(rule).get("UNTIL")
    if text is None:
        return None
    try:
        if len(text) == len("20261231"):
            return datetime.combine(date.fromisoformat(text), time.max)
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{rule!r}: UNTIL is written 20261231, 20261231T230000 or 20261231T230000Z") from None
    return moment if moment.tzinfo is None else moment.astimezone(zone_of(zone)).replace(tzinfo=None)


def _local(at_s: int, zone: ZoneInfo) -> datetime:
    return datetime.fromtimestamp(at_s, zone).replace(tzinfo=None, fold=0)


def _day(number: int) -> datetime:
    return datetime.fromtimestamp(0, UTC).replace(tzinfo=None) + timedelta(days=number)
