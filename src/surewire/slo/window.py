"""The span of time that an objective is judged over: the last so many seconds, or the calendar month so far."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Literal

import msgspec

__all__ = [
    "DAY_S",
    "HOUR_S",
    "LONGEST_S",
    "SLOT_S",
    "CalendarMonth",
    "Gap",
    "GapCause",
    "Interval",
    "Rolling",
    "Window",
    "parse_duration",
    "parse_window",
]

SLOT_S: Final = 15
"""The finest slot that counts are kept in."""
HOUR_S: Final = 3_600
DAY_S: Final = 86_400
LONGEST_S: Final = 36_500 * DAY_S
"""The longest duration that is read anywhere: 100 years from now are still a date."""

_UNITS: Final = {"s": 1, "m": 60, "h": HOUR_S, "d": DAY_S}
_LONG_S: Final = 28 * DAY_S
_MOST_DIGITS: Final = 12
_QUOTED: Final = 40


class Interval(msgspec.Struct, frozen=True, order=True):
    """Seconds since the epoch from `start_s` on and before `end_s`."""

    start_s: int
    end_s: int

    @property
    def length_s(self) -> int:
        """How long it is."""
        return self.end_s - self.start_s


GapCause = Literal["crash", "drain"]
"""How the life of a process ended before a gap: it broke off, or it was told to end."""


class Gap(Interval, frozen=True):
    """A time in which the process did not run, from its last sign of life until it was ready again, and why."""

    cause: GapCause


class Rolling(msgspec.Struct, frozen=True, tag="rolling"):
    """The last `seconds`."""

    seconds: int

    def at(self, now_s: int) -> Interval:
        """What is judged at that time."""
        return Interval(now_s - self.seconds, now_s)

    @property
    def length_s(self) -> int:
        """How long a whole window is."""
        return self.seconds

    @property
    def has_tiers(self) -> bool:
        """Whether budgets and burn tiers apply: windows of 28 days or more. A shorter one has one alert, for a breach."""
        return self.seconds >= _LONG_S

    def __str__(self) -> str:
        unit = next(unit for unit in "dhms" if self.seconds % _UNITS[unit] == 0)
        return f"{self.seconds // _UNITS[unit]}{unit}"


class CalendarMonth(msgspec.Struct, frozen=True, tag="calendar month"):
    """The month so far, in UTC; a month that is over, when asked for its last second or later ones with `of`."""

    def at(self, now_s: int) -> Interval:
        """From the first of the month that holds `now_s` until then."""
        return Interval(self.of(now_s).start_s, now_s)

    def of(self, at_s: int) -> Interval:
        """The whole month that holds `at_s`."""
        first = datetime.fromtimestamp(at_s, UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
        following = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
        return Interval(int(first.timestamp()), int(following.timestamp()))

    @property
    def length_s(self) -> int:
        """Of a month of 30 days, for sentences that name no month."""
        return 30 * DAY_S

    @property
    def has_tiers(self) -> bool:
        """Budgets and burn tiers apply."""
        return True

    def __str__(self) -> str:
        return "calendar month"


Window = Rolling | CalendarMonth


def parse_duration(text: str, longest_s: int = LONGEST_S) -> int:
    """Seconds of `15m`. Raises: ValueError when it is not a whole number and one of s, m, h, d, or more than `longest_s`, 100 years."""
    number, unit = text[:-1].lstrip("0"), text[-1:]
    if unit not in _UNITS or not number.isascii() or not number.isdecimal():
        raise ValueError(f"{text[:_QUOTED]!r} is no duration; write a whole number and s, m, h or d, such as 15m")
    # Python refuses to read numbers of thousands of digits.
    if len(number) > _MOST_DIGITS or int(number) * _UNITS[unit] > longest_s:
        raise ValueError(f"{text[:_QUOTED]!r} is too long; write {longest_s // DAY_S}d or less")
    return int(number) * _UNITS[unit]


def parse_window(text: str) -> Window:
    """The window of an objective's `window`: `30d` or `calendar month`. Raises: ValueError as `parse_duration`."""
    return CalendarMonth() if text == "calendar month" else Rolling(parse_duration(text))
