from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.monitoring.slot_time import Passed, SlotTime
from tests.fakes.clock import SettableClock

SECOND = 1_000_000
NOON = 1_790_000_100 * SECOND // (15 * SECOND) * 15 * SECOND
MICROS = st.integers(0, 200 * SECOND)


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock(NOON)


def test_spans_follow_each_other_while_the_clocks_agree(clock: SettableClock) -> None:
    time = SlotTime(clock)
    clock.advance(10)
    first = time.look()
    clock.advance(20)
    second = time.look()
    assert first == Passed(NOON, NOON + 10 * SECOND, went_back=False)
    assert second == Passed(NOON + 10 * SECOND, NOON + 30 * SECOND, went_back=False)


def test_a_clock_that_is_adjusted_a_little_makes_no_gap_and_never_goes_back(clock: SettableClock) -> None:
    time = SlotTime(clock)
    clock.advance(10)
    clock.wall_micros += SECOND
    assert time.look() == Passed(NOON, NOON + 11 * SECOND, went_back=False)
    clock.wall_micros -= SECOND
    assert time.look() == Passed(NOON + 11 * SECOND, NOON + 11 * SECOND, went_back=False)


def test_what_a_jump_ahead_leaves_out_was_not_seen(clock: SettableClock) -> None:
    time = SlotTime(clock)
    clock.advance(10)
    clock.wall_micros += 3_600 * SECOND
    assert time.look() == Passed(NOON + 3_600 * SECOND, NOON + 3_610 * SECOND, went_back=False)


def test_a_jump_back_begins_the_time_again(clock: SettableClock) -> None:
    time = SlotTime(clock)
    clock.advance(10)
    clock.wall_micros -= 3_600 * SECOND
    assert time.look() == Passed(NOON - 3_600 * SECOND, NOON - 3_590 * SECOND, went_back=True)


@pytest.mark.parametrize(("since", "now", "slot"), [(-15, 0, -15), (-14, 1, -15), (-8, 7, -15), (-7, 8, 0), (0, 0, 0), (0, 14, 0)])
def test_a_span_over_two_slots_belongs_to_the_one_that_has_more_of_it(since: int, now: int, slot: int) -> None:
    passed = Passed(NOON + since * SECOND, NOON + now * SECOND, went_back=False)
    assert passed.middle_slot_s == NOON // SECOND + slot


@given(MICROS, MICROS)
def test_slots_have_all_of_a_span_and_none_more_than_it_lasts(since: int, length: int) -> None:
    passed = Passed(NOON + since, NOON + since + length, went_back=False)
    parts = list(passed.by_slot())
    assert sum(micros for _, micros in parts) == length
    assert all(0 < micros <= 15 * SECOND and start_s % 15 == 0 for start_s, micros in parts)
    assert [start_s for start_s, _ in parts] == sorted({start_s for start_s, _ in parts})
    assert all(start_s <= passed.last_slot_s for start_s, _ in parts)
