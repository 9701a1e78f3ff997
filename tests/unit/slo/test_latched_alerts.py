"""A counter that grew is told of once for each growth, whatever happens in between."""

from __future__ import annotations

from surewire.ports.sli_store import Slot
from surewire.slo.alert_evaluation import judge
from surewire.slo.judgement import Judgement, LatchMark
from surewire.slo.scene import Scene
from surewire.slo.timeline import Timeline
from surewire.slo.window import HOUR_S
from tests.unit.slo.recorded import RULES

RULE = RULES["MessageLoss"]
LOST = 'durability_ack_sent_total{persisted="false"}'
START_S = 1_800_000_000


def slot(start_s: int, lost: int = 0, length_s: int = 15) -> Slot:
    return Slot(start_s=start_s, length_s=length_s, seen_s=length_s, counts={LOST: lost} if lost else {})


def look(timeline: Timeline, mark: LatchMark | None, now_s: int) -> Judgement:
    marks = {} if mark is None else {RULE.name: mark}
    return judge(RULE, Scene(timeline=timeline, objectives={}, statuses={}, now_s=now_s, marks=marks))


def test_what_was_looked_at_is_not_told_again() -> None:
    timeline = Timeline()
    timeline.add(slot(START_S, lost=2))
    first = look(timeline, None, START_S + 15)
    assert (first.verdict, first.detail) == ("firing", "grew by 2")
    assert look(timeline, first.mark, START_S + 30).verdict == "quiet"


def test_growth_in_the_same_slot_is_told() -> None:
    timeline = Timeline()
    timeline.add(slot(START_S, lost=2))
    first = look(timeline, None, START_S + 3)
    timeline.add(slot(START_S, lost=3))
    second = look(timeline, first.mark, START_S + 14)
    assert (second.verdict, second.detail) == ("firing", "grew by 1")


def test_growth_is_told_once_at_whatever_hour_it_is_and_the_mark_stays_young() -> None:
    timeline, mark, told = Timeline(), None, 0
    for number in range(12 * 240):
        start_s = START_S + number * 15
        timeline.add(slot(start_s, lost=number % 97 == 96))
        judgement = look(timeline, mark, start_s + 15)
        told += int(judgement.value or 0)
        mark = judgement.mark
        assert mark is not None
        assert mark.since_s == 0 or mark.since_s >= start_s - 2 * HOUR_S - 300
    assert told == 12 * 240 // 97


def test_the_mark_does_not_move_at_every_look() -> None:
    timeline, mark = Timeline(), None
    moves = 0
    for number in range(2 * 240):
        timeline.add(slot(START_S + number * 15))
        judgement = look(timeline, mark, START_S + number * 15 + 15)
        moves += judgement.mark != mark
        mark = judgement.mark
    assert moves <= 4


def test_what_another_process_wrote_late_into_an_older_slot_is_told() -> None:
    timeline = Timeline()
    timeline.load([slot(START_S), slot(START_S + 15), slot(START_S + 30)])
    mark = look(timeline, None, START_S + 45).mark
    timeline.forget_from(START_S)
    timeline.load([slot(START_S, lost=1), slot(START_S + 15), slot(START_S + 30)])
    assert look(timeline, mark, START_S + 45).verdict == "firing"


def test_what_was_recorded_and_not_told_before_a_long_stop_is_told_after_it() -> None:
    timeline = Timeline()
    timeline.add(slot(START_S))
    mark = look(timeline, None, START_S + 15).mark
    # Two days later the slots of then are kept by 5 minutes.
    later = Timeline()
    later.load([slot(START_S - START_S % 300, lost=1, length_s=300), slot(START_S + 48 * HOUR_S)])
    assert look(later, mark, START_S + 48 * HOUR_S + 15).verdict == "firing"


def test_growth_is_told_after_the_clock_was_set_back() -> None:
    timeline = Timeline()
    timeline.add(slot(START_S, lost=1))
    mark = look(timeline, LatchMark(START_S - 600), START_S + 15).mark
    assert mark is not None
    earlier_s = START_S - 24 * HOUR_S
    timeline.forget_from(earlier_s)
    timeline.add(slot(earlier_s))
    judgement = look(timeline, mark, earlier_s + 15)
    assert judgement.verdict == "quiet"
    timeline.add(slot(earlier_s + 15, lost=1))
    assert look(timeline, judgement.mark, earlier_s + 30).verdict == "firing"


def test_a_store_that_was_lost_tells_nothing_and_what_comes_then_is_told() -> None:
    timeline = Timeline()
    timeline.add(slot(START_S, lost=5))
    mark = look(timeline, None, START_S + 15).mark
    empty = Timeline()
    empty.add(slot(START_S + 60))
    judgement = look(empty, mark, START_S + 75)
    assert judgement.verdict == "quiet"
    empty.add(slot(START_S + 75, lost=1))
    assert look(empty, judgement.mark, START_S + 90).verdict == "firing"
