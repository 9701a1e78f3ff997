"""The timeline says what slots said, for any window, however they came."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.selector import parse_selector
from surewire.ports.sli_store import Slot
from surewire.slo.timeline import COARSE_S, Timeline, family_of
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S, Interval

NOW_S = 1_800_000_000 - 1_800_000_000 % HOUR_S
GOOD, BAD = 'send_total{status="success"}', 'send_total{status="error"}'
COUNTS = st.dictionaries(st.sampled_from([GOOD, BAD, "pings_total"]), st.integers(1, 1_000), max_size=3)
PAST = st.dictionaries(st.integers(0, 400), COUNTS, min_size=1, max_size=60)


def slot(start_s: int, counts: dict[str, int], length_s: int = SLOT_S, **more: dict[str, float]) -> Slot:
    return Slot(start_s=start_s, length_s=length_s, seen_s=length_s, counts=counts, **more)


def slots_of(past: dict[int, dict[str, int]]) -> list[Slot]:
    return [slot(NOW_S + number * SLOT_S, counts) for number, counts in sorted(past.items())]


def summed(slots: list[Slot], series: str, start_s: int, end_s: int) -> int:
    """The slow, obvious way."""
    return sum(one.counts.get(series, 0) for one in slots if start_s <= one.start_s < end_s)


@given(PAST, st.integers(-100, 7_000), st.integers(-100, 7_000))
def test_a_window_has_the_counts_of_the_slots_that_start_in_it(past: dict[int, dict[str, int]], start: int, end: int) -> None:
    slots, timeline = slots_of(past), Timeline()
    timeline.load(slots)
    start_s, end_s = NOW_S + min(start, end), NOW_S + max(start, end)
    for series in (GOOD, BAD, "pings_total"):
        assert timeline.total(series, start_s, end_s) == summed(slots, series, start_s, end_s)
        steps = {one.start_s: one.counts[series] for one in slots if series in one.counts and start_s <= one.start_s < end_s}
        assert timeline.steps(parse_selector(series), start_s, end_s) == steps
    both = summed(slots, GOOD, start_s, end_s) + summed(slots, BAD, start_s, end_s)
    assert timeline.total(parse_selector("send_total"), start_s, end_s) == both
    assert timeline.seen_s(start_s, end_s) == SLOT_S * sum(start_s <= one.start_s < end_s for one in slots)


@given(PAST)
def test_what_grew_old_is_the_same_in_slots_of_five_minutes(past: dict[int, dict[str, int]]) -> None:
    slots, timeline = slots_of(past), Timeline(fine_s=10 * 60)
    for one in slots:
        timeline.add(one)
    for start_s in range(NOW_S, NOW_S + 6_300, COARSE_S):
        assert timeline.total(GOOD, start_s, start_s + COARSE_S) == summed(slots, GOOD, start_s, start_s + COARSE_S)


@given(PAST, st.integers(0, 400))
def test_slots_that_are_taken_back_can_be_added_as_they_are_now_known(past: dict[int, dict[str, int]], number: int) -> None:
    slots, timeline, from_s = slots_of(past), Timeline(), NOW_S + number * SLOT_S
    timeline.load(slots)
    timeline.forget_from(from_s)
    later = [slot(one.start_s, {**one.counts, BAD: 7}) for one in slots if one.start_s >= from_s]
    timeline.load(later)
    now = [*(one for one in slots if one.start_s < from_s), *later]
    assert timeline.total(BAD, NOW_S, NOW_S + DAY_S) == summed(now, BAD, NOW_S, NOW_S + DAY_S)


def test_the_open_slot_grows_in_its_own_place() -> None:
    timeline = Timeline()
    timeline.add(slot(NOW_S, {GOOD: 3}, gauges={"active": 1}))
    timeline.add(slot(NOW_S + SLOT_S, {GOOD: 1, BAD: 1}))
    timeline.add(slot(NOW_S + SLOT_S, {GOOD: 5}, gauges={"active": 2}))
    assert timeline.total("nothing", NOW_S, NOW_S + DAY_S) == 0
    assert timeline.total(GOOD, NOW_S, NOW_S + DAY_S) == 8
    assert timeline.total(BAD, NOW_S, NOW_S + DAY_S) == 0
    assert timeline.seen_s(NOW_S, NOW_S + DAY_S) == 2 * SLOT_S
    assert timeline.gauge("active") == 2


def test_the_open_slot_counts_before_it_has_ended() -> None:
    timeline = Timeline()
    timeline.add(slot(NOW_S, {BAD: 1}))
    assert timeline.total(BAD, NOW_S - 60, NOW_S + 1) == 1


def test_a_slot_of_the_past_is_refused() -> None:
    timeline = Timeline()
    timeline.add(slot(NOW_S, {}))
    with pytest.raises(ValueError, match="cannot follow"):
        timeline.add(slot(NOW_S - SLOT_S, {}))


def test_a_series_that_comes_later_is_selected_too() -> None:
    timeline = Timeline()
    timeline.add(slot(NOW_S, {GOOD: 1}))
    assert timeline.total(parse_selector("send_total"), NOW_S, NOW_S + 60) == 1
    timeline.add(slot(NOW_S + SLOT_S, {BAD: 1}))
    assert timeline.total(parse_selector("send_total"), NOW_S, NOW_S + 60) == 2
    assert timeline.series("send_total") == [GOOD, BAD]


def test_what_is_older_still_is_the_same_by_the_hour() -> None:
    timeline = Timeline(fine_s=HOUR_S, coarse_s=6 * HOUR_S)
    slots = [slot(NOW_S + step, {GOOD: 1 + step % 7}) for step in range(0, DAY_S, 60)]
    for one in slots:
        timeline.add(one)
    for start_s in range(NOW_S, NOW_S + DAY_S, HOUR_S):
        assert timeline.total(GOOD, start_s, start_s + HOUR_S) == summed(slots, GOOD, start_s, start_s + HOUR_S)
    assert [timeline.slot_s(NOW_S + hours * HOUR_S) for hours in (10, 20, 23)] == [HOUR_S, COARSE_S, SLOT_S]
    assert len(timeline.steps(parse_selector(GOOD), NOW_S, NOW_S + 17 * HOUR_S)) == 17
    assert timeline.outward(Interval(NOW_S + 100, NOW_S + HOUR_S + 1)) == Interval(NOW_S, NOW_S + 2 * HOUR_S)


def test_long_pasts_are_searched_as_short_ones() -> None:
    timeline = Timeline()
    slots = [slot(NOW_S + step, {GOOD: 1 + step % 11}) for step in range(0, 4 * HOUR_S, SLOT_S)]
    timeline.load(slots)
    for start_s in range(NOW_S - 60, NOW_S + 4 * HOUR_S + 60, 105):
        assert timeline.total(GOOD, start_s, start_s + 300) == summed(slots, GOOD, start_s, start_s + 300)


def test_memory_is_bounded_by_the_time_that_is_kept() -> None:
    timeline = Timeline(fine_s=HOUR_S, kept_s=DAY_S)
    for start_s in range(NOW_S, NOW_S + 3 * DAY_S, 60):
        timeline.add(slot(start_s, {GOOD: 1}, peaks={"active": start_s}))
    kept = timeline.steps(parse_selector(GOOD), NOW_S, NOW_S + 3 * DAY_S)
    assert len(kept) <= DAY_S // COARSE_S + HOUR_S // 60 + 10
    assert timeline.total(GOOD, NOW_S + 2 * DAY_S, NOW_S + 3 * DAY_S) == DAY_S // 60
    assert timeline.peak("active", Interval(NOW_S, NOW_S + DAY_S)) is None
    assert timeline.first_s == NOW_S


def test_what_is_taken_out_is_rounded_outward_to_the_slots_of_its_time() -> None:
    timeline = Timeline(fine_s=HOUR_S)
    timeline.load([slot(NOW_S, {GOOD: 1}, COARSE_S), *(slot(NOW_S + start_s, {GOOD: 1}) for start_s in range(300, 4_200, 15))])
    assert timeline.outward(Interval(NOW_S + 4_000, NOW_S + 4_001)).start_s == NOW_S + 3_990
    assert timeline.outward(Interval(NOW_S + 299, NOW_S + 301)).start_s == NOW_S


def test_nothing_is_taken_out_for_what_was_before_the_first_slot() -> None:
    timeline = Timeline()
    timeline.add(slot(NOW_S, {GOOD: 1}))
    assert timeline.outward(Interval(NOW_S - 2, NOW_S - 1)) == Interval(NOW_S - SLOT_S, NOW_S)


def test_peaks_are_those_of_whole_hours() -> None:
    timeline = Timeline()
    one, other = 'active{instance="a"}', 'active{instance="b"}'
    timeline.load([slot(NOW_S, {}, peaks={one: 5, other: 2}), slot(NOW_S + SLOT_S, {}, peaks={one: 3})])
    assert timeline.peak(one, Interval(NOW_S + 10, NOW_S + 20)) == 5
    assert timeline.peak(one, Interval(NOW_S + HOUR_S, NOW_S + DAY_S)) is None
    assert timeline.peaks(parse_selector("active"), Interval(NOW_S, NOW_S + 60)) == {one: 5, other: 2}


def test_gauges_of_the_newest_slot_are_found_by_a_selector() -> None:
    timeline = Timeline()
    timeline.add(slot(NOW_S, {}, gauges={'up{target="a"}': 1, "other": 2}))
    assert timeline.gauges(parse_selector('up{target=~"a|b"}')) == {'up{target="a"}': 1}


def test_seconds_of_a_gauge_are_a_family_of_their_own() -> None:
    assert family_of('probe_up{probe="tcp"}:good_seconds') == "probe_up:good_seconds"
    assert family_of("redis_available:known_seconds") == "redis_available:known_seconds"
    assert family_of('odd{label="}:x"}') == "odd"
