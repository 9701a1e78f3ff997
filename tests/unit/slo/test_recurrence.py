"""Recurring starts: every one of them, on the wall clock, also where that is turned."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surewire.slo.recurrence import check_rule, starts, zone_of
from surewire.slo.window import DAY_S, HOUR_S, Interval

BERLIN = "Europe/Berlin"
NEW_YEAR = datetime.fromisoformat("2024-01-01T00:00")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


def at(text: str, zone: str = BERLIN) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


def utc(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M")


def within(start: str, end: str) -> Interval:
    return Interval(at(start, "UTC"), at(end, "UTC"))


def test_without_a_rule_it_starts_once() -> None:
    first = at("2026-11-29T02:00")
    assert starts("", first, BERLIN, Interval(first, first + 1)) == (first,)
    assert starts("", first, BERLIN, Interval(first + 1, first + DAY_S)) == ()
    assert starts("", first, BERLIN, Interval(first - DAY_S, first)) == ()


def test_it_keeps_its_time_on_the_wall_clock_through_daylight_saving() -> None:
    found = starts("FREQ=WEEKLY;BYDAY=SU", at("2026-03-15T02:00"), BERLIN, within("2026-03-01", "2026-04-10"))
    assert [utc(start) for start in found] == ["2026-03-15T01:00", "2026-03-22T01:00", "2026-03-29T01:00", "2026-04-05T00:00"]


def test_a_time_that_the_clock_skips_has_the_offset_from_before_the_change() -> None:
    """In Berlin, 2026-03-29 02:30 does not exist; by the offset before the change it is 01:30 UTC, when clocks show 03:30."""
    found = starts("FREQ=DAILY", at("2026-03-28T02:30"), BERLIN, within("2026-03-28", "2026-03-31"))
    assert [utc(start) for start in found] == ["2026-03-28T01:30", "2026-03-29T01:30", "2026-03-30T00:30"]


def test_a_time_that_comes_twice_is_its_first_one() -> None:
    """In Berlin, 2026-10-25 02:30 is 00:30 UTC and again 01:30 UTC."""
    found = starts("FREQ=DAILY", at("2026-10-24T02:30"), BERLIN, within("2026-10-24", "2026-10-27"))
    assert [utc(start) for start in found] == ["2026-10-24T00:30", "2026-10-25T00:30", "2026-10-26T01:30"]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=MONTHLY;BYDAY=-1SU", ["2026-01-25", "2026-02-22", "2026-03-29"]),
        ("FREQ=MONTHLY;BYDAY=-1SU;COUNT=2", ["2026-01-25", "2026-02-22"]),
        ("RRULE:FREQ=WEEKLY;INTERVAL=4", ["2026-01-25", "2026-02-22", "2026-03-22"]),
        ("freq=yearly", ["2026-01-25"]),
        ("FREQ=WEEKLY;INTERVAL=4;UNTIL=20260222", ["2026-01-25", "2026-02-22"]),
        ("FREQ=WEEKLY;INTERVAL=4;UNTIL=20260222T015959", ["2026-01-25"]),
        ("FREQ=WEEKLY;INTERVAL=4;UNTIL=20260222T010000Z", ["2026-01-25", "2026-02-22"]),
        ("FREQ=WEEKLY;INTERVAL=4;UNTIL=20260222T005959Z", ["2026-01-25"]),
    ],
)
def test_rules_mean_what_the_rfc_says(rule: str, expected: list[str]) -> None:
    first = at("2026-01-25T02:00")
    check_rule(rule, first, BERLIN)
    assert [utc(start)[:10] for start in starts(rule, first, BERLIN, within("2026-01-01", "2026-04-01"))] == expected


@settings(max_examples=60)
@given(
    st.integers(0, 3 * 366 * 24 * 60).map(lambda minutes: NEW_YEAR + timedelta(minutes=minutes)),
    st.sampled_from([BERLIN, "UTC", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kolkata"]),
    st.sets(st.sampled_from(range(7))),
    st.integers(-40, 400),
    st.integers(0, 60),
)
def test_an_endless_weekly_rule_gives_what_looking_at_every_day_finds(
    first: datetime, zone: str, days: set[int], after_days: int, length_days: int
) -> None:
    weekdays = {first.weekday(), *days}
    rule = "FREQ=WEEKLY;BYDAY=" + ",".join(WEEKDAYS[day] for day in sorted(weekdays))
    first_s = int(first.replace(tzinfo=ZoneInfo(zone)).timestamp())
    if datetime.fromtimestamp(first_s, ZoneInfo(zone)).replace(tzinfo=None) != first:
        return  # the clock skips it: nothing can be announced for that time
    interval = Interval(first_s + after_days * DAY_S, first_s + (after_days + length_days) * DAY_S)
    every_day = (first + timedelta(days=day) for day in range(470))
    by_hand = [int(day.replace(tzinfo=ZoneInfo(zone)).timestamp()) for day in every_day if day.weekday() in weekdays]
    assert list(starts(rule, first_s, zone, interval)) == [start for start in by_hand if interval.start_s <= start < interval.end_s]


@given(st.integers(-3, 30), st.integers(0, 40))
def test_two_intervals_side_by_side_give_what_one_gives(first: int, second: int) -> None:
    begin = at("2026-03-20T02:00")
    left, right = begin + first * 13 * HOUR_S, begin + (first + second) * 13 * HOUR_S
    rule, end = "FREQ=DAILY;COUNT=25", right + 10 * DAY_S
    together = starts(rule, begin, BERLIN, Interval(left, end))
    assert starts(rule, begin, BERLIN, Interval(left, right)) + starts(rule, begin, BERLIN, Interval(right, end)) == together


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("FREQ=HOURLY", "must recur by days or more"),
        ("BYDAY=MO", "must recur by days or more"),
        ("FREQ=WEEKLY;BYDAY=XX", "is no recurrence rule"),
        ("FREQ=WEEKLY;INTERVAL=0", "INTERVAL is a whole number above 0"),
        ("FREQ=WEEKLY;COUNT=-1", "COUNT is a whole number above 0"),
        ("FREQ=WEEKLY;COUNT=2;UNTIL=20260301", "ends twice"),
        ("FREQ=WEEKLY;UNTIL=soon", "UNTIL is written 20261231"),
        ("FREQ=WEEKLY;BYHOUR=3", "is wrong at 'BYHOUR=3'"),
        ("FREQ=WEEKLY;FREQ=DAILY", "is wrong at 'FREQ=DAILY'"),
        ("every Sunday", "is wrong at 'EVERY SUNDAY'"),
        ("FREQ=WEEKLY;BYDAY=MO", "the first start, Sunday 2026-01-25, is no day .* start at 2026-01-26T02:00:00"),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "never comes true"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "never comes true"),
    ],
)
def test_a_wrong_rule_is_refused_with_the_mend(rule: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        check_rule(rule, at("2026-01-25T02:00"), BERLIN)


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
def test_a_place_without_a_clock_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="is no time zone; write an IANA name"):
        zone_of(name)
