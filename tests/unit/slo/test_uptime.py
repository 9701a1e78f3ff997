"""Down time is three failures in a row, gaps as long, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.selector import parse_selector
from surewire.ports.sli_store import Slot
from surewire.slo.status import Tally
from surewire.slo.timeline import Timeline
from surewire.slo.uptime import Uptime
from surewire.slo.window import HOUR_S, SLOT_S, Interval

START_S = 1_800_000_000
GAUGE = 'probe_up{probe="tcp",target="me"}'
GOOD, KNOWN = parse_selector("probe_up"), parse_selector("probe_up")
DOWN_AFTER_S = 150


def probed(results: str) -> Timeline:
    """One probe a minute, from START_S: `u` up, `d` down, `?` unknown."""
    timeline = Timeline()
    timeline.load(slot for minute, result in enumerate(results) for slot in minute_of(START_S + 60 * minute, result))
    return timeline


def minute_of(at_s: int, result: str) -> Iterable[Slot]:
    known = {} if result == "?" else {f"{GAUGE}:known_seconds": SLOT_S}
    good = {f"{GAUGE}:good_seconds": SLOT_S} if result == "u" else {}
    return (Slot(start_s=at_s + step, length_s=SLOT_S, seen_s=SLOT_S, counts=known | good) for step in range(0, 60, SLOT_S))


def uptime(timeline: Timeline, length_s: int, gaps: Iterable[Interval] = ()) -> Uptime:
    good, known = (type(GOOD)(f"probe_up:{side}_seconds") for side in ("good", "known"))
    return Uptime(timeline, good, known, Interval(START_S, START_S + length_s), tuple(gaps), DOWN_AFTER_S)


def judged(results: str) -> Tally:
    return uptime(probed(results), 60 * len(results)).tally(START_S, START_S + 60 * len(results))


def test_two_failures_in_a_row_are_a_blip() -> None:
    assert judged("uudduu") == Tally(360, 0)


def test_three_failures_are_down_time_from_the_first_to_the_next_success() -> None:
    assert judged("uuddduuu") == Tally(300, 180)


def test_what_a_probe_did_not_know_is_in_neither_side() -> None:
    assert judged("u??ddduu") == Tally(180, 180)


def test_failures_apart_are_not_in_a_row() -> None:
    assert judged("dudduddu") == Tally(480, 0)


def test_a_run_that_began_before_the_window_is_as_long_as_it_is() -> None:
    timeline = probed("uuuuuuuddduuuu")
    later = Uptime(
        timeline, uptime(timeline, 0)._good, uptime(timeline, 0)._known, Interval(START_S + 540, START_S + 840), (), DOWN_AFTER_S
    )
    assert later.tally(START_S + 540, START_S + 840) == Tally(240, 60)


@given(st.text("ud?", min_size=1, max_size=90))
def test_down_time_is_what_the_rule_says(results: str) -> None:
    down = [False] * len(results)
    for at in range(len(results)):
        run = len(results[at:]) - len(results[at:].lstrip("d"))
        before = len(results[:at]) - len(results[:at].rstrip("d"))
        down[at] = results[at] == "d" and run + before >= 3
    # Until the first probe ran, the process' own record stands in.
    first = next((at for at, result in enumerate(results) if result != "?"), len(results))
    known = first + sum(result != "?" for result in results[first:])
    assert judged(results) == Tally(60 * (known - sum(down)), 60 * sum(down))


@given(st.text("uuuuuuud", min_size=600, max_size=900))
def test_parts_of_a_window_add_up(results: str) -> None:
    one = uptime(probed(results), 60 * len(results))
    whole, half_s = one.tally(START_S, START_S + 60 * len(results)), START_S + 30 * len(results) // 60 * 60
    parts = one.tally(START_S, half_s), one.tally(half_s, START_S + 60 * len(results))
    assert (sum(part.good for part in parts), sum(part.bad for part in parts)) == (whole.good, whole.bad)


def test_a_process_that_watches_itself_is_down_in_its_gaps() -> None:
    timeline = Timeline()
    timeline.load(Slot(start_s=START_S + at_s, length_s=SLOT_S, seen_s=SLOT_S, counts={}) for at_s in range(0, HOUR_S, SLOT_S))
    gaps = [Interval(START_S + 600, START_S + 900)]
    alone = uptime(timeline, HOUR_S, gaps)
    assert alone.is_self_observed
    assert alone.tally(START_S, START_S + HOUR_S) == Tally(3_300, 300)
    assert alone.tally(START_S + 800, START_S + 1_000) == Tally(100, 100)


def test_a_gap_is_down_time_beside_a_probe_too() -> None:
    results = "uuuuu" + "?" * 10 + "uuuuu"
    gap = Interval(START_S + 300, START_S + 900)
    assert uptime(probed(results), 1_200, [gap]).tally(START_S, START_S + 1_200) == Tally(600, 600)


def test_failures_that_another_process_saw_in_a_gap_count_once() -> None:
    results = "uuuuu" + "d" * 10 + "uuuuu"
    gap = Interval(START_S + 300, START_S + 900)
    assert uptime(probed(results), 1_200, [gap]).tally(START_S, START_S + 1_200) == Tally(600, 600)


def test_before_anything_was_recorded_nothing_is_known() -> None:
    assert uptime(Timeline(), HOUR_S).tally(START_S, START_S + HOUR_S) == Tally(0, 0)


def test_merged_slots_never_count_less_down_time() -> None:
    results = "u" * 60 + "ddd" + "u" * 61 + "dd" + "u" * 1_500
    timeline = probed(results)
    merged = uptime(timeline, 60 * len(results)).tally(START_S, START_S + 60 * len(results))
    assert 180 <= merged.bad <= 300
    assert timeline.slot_s(START_S + HOUR_S) == 300
