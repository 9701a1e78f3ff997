"""Numbers in words: shares, spans of time, counts."""

from __future__ import annotations

from decimal import Decimal

from surewire.slo.window import DAY_S, HOUR_S, CalendarMonth, Rolling, Window

__all__ = ["percent", "plain", "span", "window_in_words"]

_MINUTE_S = 60


def plain(number: Decimal) -> str:
    """Without an exponent and without zeros that say nothing: 14.4, 3, 0.001."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(share: Decimal) -> str:
    """`99.999 %`, exactly."""
    return f"{plain(share * 100)} %"


def span(seconds: Decimal | int) -> str:
    """A span of time to three digits, in the unit that a person would choose: `43.2 min`, `2.08 d`, `30 d`."""
    for length_s, unit in ((DAY_S, "d"), (HOUR_S, "h"), (_MINUTE_S, "min")):
        if seconds >= length_s:
            return f"{_short(Decimal(seconds) / length_s)} {unit}"
    return f"{_short(Decimal(seconds))} s"


def window_in_words(window: Window) -> str:
    """`the last 30 d`, or `the calendar month so far (UTC)`."""
    match window:
        case CalendarMonth():
            return "the calendar month so far (UTC)"
        case Rolling(seconds=seconds):
            return f"the last {span(seconds)}"


def _short(number: Decimal) -> str:
    return plain(Decimal(f"{number:.3g}"))
