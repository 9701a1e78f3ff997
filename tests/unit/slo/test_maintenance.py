"""Maintenance windows: when they hold, what a cancellation leaves, and which cannot be announced."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.catalogue import load_slos
from surewire.errors import ClientError
from surewire.slo.maintenance import MAX_DURATION_S, MaintenanceWindow, check_window, occurrences, start_of
from surewire.slo.maintenance_notes import maintenance_notes
from surewire.slo.window import DAY_S, HOUR_S, Interval

START = start_of("2026-11-29T02:00:00", "Europe/Berlin")
WINDOW = MaintenanceWindow(
    id="m1",
    title="move the database",
    start_s=START,
    duration_s=HOUR_S,
    time_zone="Europe/Berlin",
    announced_at_s=START - 3 * DAY_S,
    actor="alice",
)
WEEKLY = msgspec.structs.replace(WINDOW, recurrence="FREQ=WEEKLY;BYDAY=SU")
KNOWN = frozenset({"availability", "sla-001-http-availability"})


def hour(weeks: int, minutes: int = 60) -> Interval:
    return Interval(START + weeks * 7 * DAY_S, START + weeks * 7 * DAY_S + minutes * 60)


def test_a_start_is_on_the_wall_clock_of_its_zone_unless_it_says_otherwise() -> None:
    assert start_of("2026-11-29T02:00:00", "Europe/Berlin") == start_of("2026-11-29T01:00:00", "UTC")
    assert start_of("2026-11-29T02:00:00Z", "Europe/Berlin") == start_of("2026-11-29T02:00", "UTC")
    assert start_of("2026-07-29T02:00:00+05:30", "Europe/Berlin") == start_of("2026-07-28T20:30:00", "UTC")


@pytest.mark.parametrize(("text", "zone"), [("soon", "UTC"), ("2026-11-29T02:00", "Mars/Olympus")])
def test_a_start_that_is_none_is_refused_with_the_mend(text: str, zone: str) -> None:
    with pytest.raises(ClientError, match="write a start like 2026-11-29T02:00:00"):
        start_of(text, zone)


def test_an_occurrence_that_reaches_into_the_interval_is_given_whole() -> None:
    for asked in (Interval(START + HOUR_S - 1, START + DAY_S), Interval(START - DAY_S, START + 1), Interval(START + 5, START + 6)):
        assert occurrences(WINDOW, asked) == (hour(0),)


def test_what_only_touches_the_interval_is_not_in_it() -> None:
    assert occurrences(WINDOW, Interval(START + HOUR_S, START + DAY_S)) == ()
    assert occurrences(WINDOW, Interval(START - DAY_S, START)) == ()


def test_what_expires_starts_no_more() -> None:
    window = msgspec.structs.replace(WEEKLY, expires_s=START + 14 * DAY_S)
    assert occurrences(window, Interval(START, START + 60 * DAY_S)) == (hour(0), hour(1))


def test_a_cancellation_ends_what_runs_and_keeps_what_was() -> None:
    interval = Interval(START, START + 60 * DAY_S)
    assert occurrences(WEEKLY, interval, cancelled_at_s=START + 7 * DAY_S + 600) == (hour(0), hour(1, minutes=10))
    assert occurrences(WEEKLY, interval, cancelled_at_s=START) == ()


def test_what_was_cut_before_the_interval_does_not_reach_into_it() -> None:
    assert occurrences(WINDOW, Interval(START + 600, START + DAY_S), cancelled_at_s=START + 600) == ()


@given(st.integers(0, 9 * DAY_S), st.integers(0, 30 * DAY_S), st.integers(0, 40 * DAY_S))
def test_a_cancellation_only_takes_away_and_only_what_comes_after_it(start: int, length: int, cancelled: int) -> None:
    asked, at_s = Interval(START + start, START + start + length), START + cancelled
    left = occurrences(WEEKLY, asked, at_s)
    assert all(one.end_s <= at_s for one in left)
    assert left == tuple(
        Interval(one.start_s, min(one.end_s, at_s)) for one in occurrences(WEEKLY, asked) if one.start_s < at_s and at_s > asked.start_s
    )


def test_a_right_window_can_be_announced() -> None:
    check_window(WEEKLY, KNOWN)
    check_window(msgspec.structs.replace(WINDOW, slos=("availability",), expires_s=START + 1), KNOWN)


@pytest.mark.parametrize(
    ("field", "value", "path", "problem"),
    [
        ("title", " ", "title", "say what is maintained"),
        ("actor", "", "actor", "say who announces it"),
        ("announced_at_s", START + 1, "start", "what has been is a correction"),
        ("duration_s", 0, "duration", "it lasts 1 s to 7 days"),
        ("duration_s", MAX_DURATION_S + 1, "duration", "it lasts 1 s to 7 days"),
        ("expires_s", START, "expires", "it expires before it starts"),
        ("slos", ("availability", "nothing"), "slos", "no objective is called nothing"),
        ("time_zone", "Mars/Olympus", "recurrence", "is no time zone"),
        ("recurrence", "FREQ=WEEKLY;BYDAY=MO", "recurrence", "start at 2026-11-30T02:00:00 instead"),
    ],
)
def test_a_wrong_window_is_refused_with_its_field_and_the_mend(field: str, value: object, path: str, problem: str) -> None:
    with pytest.raises(ClientError, match=problem) as refused:
        check_window(msgspec.structs.replace(WINDOW, **{field: value}), KNOWN)
    assert refused.value.path == path


# ---- what recurs is over before it starts again


@pytest.mark.parametrize(
    ("rule", "hours", "after_h"),
    [
        ("FREQ=DAILY", 25, 23),
        ("FREQ=DAILY", 24, 23),
        ("FREQ=WEEKLY;BYDAY=SU,MO", 30, 23),
        ("FREQ=MONTHLY;BYDAY=SU", 168, 167),
        ("FREQ=YEARLY;BYDAY=SU,WE;BYMONTH=2,11", 73, 72),
    ],
)
def test_what_would_start_again_before_it_is_over_is_refused(rule: str, hours: int, after_h: int) -> None:
    window = msgspec.structs.replace(WINDOW, recurrence=rule, duration_s=hours * HOUR_S)
    with pytest.raises(ClientError, match=f"it starts again after {after_h} h and lasts {hours} h; let it be shorter, or rarer") as refused:
        check_window(window, KNOWN)
    assert refused.value.path == "recurrence"
    check_window(msgspec.structs.replace(window, duration_s=after_h * HOUR_S - 1), KNOWN)
    check_window(msgspec.structs.replace(window, recurrence=f"{rule};COUNT=1"), KNOWN)


# ---- what whoever announces it is told

SLOS = load_slos().slos


def notes(window: MaintenanceWindow, from_s: int = 0) -> tuple[str, ...]:
    return maintenance_notes(window, occurrences(window, Interval(from_s, START + 20 * DAY_S)), SLOS)


def announced(notice_h: int, **more: object) -> MaintenanceWindow:
    return msgspec.structs.replace(WINDOW, announced_at_s=START - notice_h * HOUR_S, **more)  # type: ignore[arg-type]


def test_an_announcement_that_is_too_late_for_an_objective_says_so_and_what_is_over_needs_no_note() -> None:
    (note,) = notes(announced(12))
    assert note == "It does not count for sla-001-http-availability, which asks for 48 h of notice and keeps it as down time."
    assert notes(announced(48)) == notes(announced(12, slos=("availability",))) == notes(announced(12), START + DAY_S) == ()


def test_of_what_recurs_only_the_first_times_may_be_too_late() -> None:
    (note,) = notes(announced(12, recurrence="FREQ=WEEKLY"))
    assert note.startswith("What starts before 2026-11-30T13:00Z does not count for sla-001-http-availability")
    assert notes(announced(12, recurrence="FREQ=WEEKLY"), START + DAY_S) == ()


def test_taking_much_of_all_time_out_is_said_as_a_share() -> None:
    (note,) = notes(announced(72, recurrence="FREQ=DAILY", duration_s=3 * HOUR_S))
    assert note == "It takes 12 % out of 30 days, again and again until it is called off: what happens then counts nowhere."
    (once,) = notes(announced(72, duration_s=MAX_DURATION_S))
    assert once == "It takes 23 % out of 30 days: what happens then counts nowhere."
    assert notes(announced(72, recurrence="FREQ=DAILY")) == ()
