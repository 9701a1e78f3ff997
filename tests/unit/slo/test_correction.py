"""What leaves an objective's counts: which announcements count, which corrections, rounded how, and read from which entries."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.contract.catalogue import Slo, load_slos
from surewire.errors import ClientError
from surewire.slo.correction import (
    NEED_EVIDENCE,
    Correction,
    Plan,
    check_correction,
    excluded,
    exclusions,
    read_plan,
    rounded,
)
from surewire.slo.maintenance import Cancellation, MaintenanceWindow
from surewire.slo.spans import overlapping, union
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S, Interval

SLOS = {slo.id: slo for slo in load_slos().slos}
SLA_001, UPTIME, AVAILABILITY = SLOS["sla-001-http-availability"], SLOS["system-uptime"], SLOS["availability"]
MONTH = Interval(0, 30 * DAY_S)
START = 10 * DAY_S
CORRECTION = Correction(
    id="c1",
    start_s=START,
    end_s=START + 60,
    category="third_party",
    reason="the carrier's fire",
    actor="alice",
    evidence="T-1",
    approver="bob",
    at_s=MONTH.end_s,
)


class Row(msgspec.Struct, frozen=True):
    """An entry of a ledger."""

    id: str
    kind: str
    at_s: int
    actor: str
    body: dict[str, Any]


def window(notice_h: float, **more: Any) -> MaintenanceWindow:
    fields = {"id": "m1", "title": "move", "start_s": START, "duration_s": HOUR_S, "actor": "alice"}
    return MaintenanceWindow(**{**fields, "announced_at_s": START - round(notice_h * HOUR_S), **more})


def corrected(**changes: Any) -> Correction:
    return msgspec.structs.replace(CORRECTION, **changes)


# ---- the notice


@pytest.mark.parametrize(
    ("slo", "notice_h", "why_not"),
    [
        (SLA_001, 48, ""),
        (SLA_001, 500, ""),
        (SLA_001, 47.95, "announced 47 h 57 min before it started; sla-001-http-availability asks for 48 h"),
        (SLA_001, 12, "announced 12 h 0 min before it started; sla-001-http-availability asks for 48 h"),
        (SLA_001, -1, "announced after it started; a correction can take it out"),
        (UPTIME, 0, ""),
        (AVAILABILITY, 0, ""),
        (AVAILABILITY, -0.01, "announced after it started; a correction can take it out"),
    ],
)
def test_an_announcement_counts_when_it_was_early_enough_for_the_objective(slo: Slo, notice_h: float, why_not: str) -> None:
    (found,) = exclusions(slo, Plan((window(notice_h),)), MONTH)
    assert (found.counts, found.why_not) == (not why_not, why_not)
    assert excluded(slo, Plan((window(notice_h),)), MONTH) == ([] if why_not else [Interval(START, START + HOUR_S)])


def test_each_occurrence_is_judged_by_its_own_notice() -> None:
    recurring = window(12, recurrence="FREQ=WEEKLY")
    assert [found.counts for found in exclusions(SLA_001, Plan((recurring,)), MONTH)] == [False, True, True]


def test_where_maintenance_counts_nothing_of_it_is_taken_out() -> None:
    (found,) = exclusions(AVAILABILITY, Plan((window(72),)), MONTH, excludes_maintenance=False)
    assert found.why_not == "maintenance counts for this objective"
    assert excluded(AVAILABILITY, Plan((window(72),)), MONTH, excludes_maintenance=False) == []


def test_cancelled_maintenance_is_taken_out_until_it_was_cancelled() -> None:
    cancelled = {"m1": Cancellation(id="m1", at_s=START + 600, actor="bob", reason="done early")}
    assert excluded(AVAILABILITY, Plan((window(72),), cancelled), MONTH) == [Interval(START, START + 600)]


# ---- scope


def test_maintenance_and_corrections_are_for_the_objectives_they_name_and_for_all_when_they_name_none() -> None:
    plan = Plan(
        (window(72, slos=("availability",)),), {}, (corrected(slos=(UPTIME.id,)), corrected(id="c2", start_s=START + 90, end_s=START + 105))
    )
    assert [found.id for found in exclusions(AVAILABILITY, plan, MONTH)] == ["m1", "c2"]
    assert [found.id for found in exclusions(UPTIME, plan, MONTH)] == ["c1", "c2"]


def test_only_what_reaches_into_the_interval_is_found() -> None:
    plan = Plan((), {}, (CORRECTION,))
    assert excluded(AVAILABILITY, plan, Interval(START + 60, MONTH.end_s)) == []
    assert excluded(AVAILABILITY, plan, Interval(0, START)) == []
    assert excluded(AVAILABILITY, plan, Interval(START + 30, START + 45)) == [Interval(START + 30, START + 45)]


# ---- rounding


def test_spans_are_rounded_outward_to_whole_slots_and_the_rounding_is_shown() -> None:
    (found,) = exclusions(AVAILABILITY, Plan((), {}, (corrected(start_s=START + 14, end_s=START + 16),)), MONTH)
    assert found.interval == Interval(START, START + 2 * SLOT_S)
    assert (found.asked, found.rounding_s) == (Interval(START + 14, START + 16), 28)
    (coarse,) = exclusions(AVAILABILITY, Plan((), {}, (CORRECTION,)), MONTH, slot_s=300)
    assert (coarse.interval, coarse.rounding_s) == (Interval(START, START + 300), 240)


SPANS = st.tuples(st.integers(0, 4_000), st.integers(1, 500)).map(lambda pair: Interval(pair[0], pair[0] + pair[1]))


@given(SPANS, st.sampled_from([15, 300, 3_600]))
def test_rounding_never_loses_a_second_and_adds_less_than_two_slots(span: Interval, slot_s: int) -> None:
    found = rounded(span, slot_s)
    assert found.start_s <= span.start_s < span.end_s <= found.end_s
    assert found.start_s % slot_s == found.end_s % slot_s == 0
    assert found.length_s - span.length_s <= 2 * (slot_s - 1)


@given(st.lists(SPANS), SPANS)
def test_what_is_taken_out_is_every_second_of_it_once(spans: list[Interval], within: Interval) -> None:
    corrections = tuple(corrected(id=str(number), start_s=one.start_s, end_s=one.end_s) for number, one in enumerate(spans))
    found = excluded(AVAILABILITY, Plan((), {}, corrections), within)
    hit = [one for one in spans if one.start_s < within.end_s and within.start_s < one.end_s]
    expected = {second for span in map(rounded, hit) for second in range(max(span.start_s, within.start_s), min(span.end_s, within.end_s))}
    assert [second for span in found for second in range(span.start_s, span.end_s)] == sorted(expected)
    assert all(before.end_s < after.start_s for before, after in pairwise(found))


# ---- corrections


@pytest.mark.parametrize("slo", [SLA_001, UPTIME])
def test_down_time_is_only_taken_out_with_evidence(slo: Slo) -> None:
    plan = Plan((), {}, (corrected(category="scheduled_maintenance", evidence=""),))
    (found,) = exclusions(slo, plan, MONTH)
    assert (found.counts, found.why_not) == (False, "down time is only taken out with evidence")
    assert excluded(AVAILABILITY, plan, MONTH) == [Interval(START, START + 60)]
    assert excluded(slo, Plan((), {}, (CORRECTION,)), MONTH) == [Interval(START, START + 60)]


def test_a_correction_says_what_it_is() -> None:
    (found,) = exclusions(AVAILABILITY, Plan((), {}, (CORRECTION,)), MONTH)
    assert (found.source, found.what) == ("correction", "third_party: the carrier's fire")


def test_a_right_correction_can_be_made() -> None:
    check_correction(CORRECTION, frozenset(SLOS))
    check_correction(corrected(category="scheduled_maintenance", evidence="", slos=("availability",)), frozenset(SLOS))


@pytest.mark.parametrize("category", sorted(NEED_EVIDENCE))
def test_what_others_are_blamed_for_needs_evidence(category: str) -> None:
    with pytest.raises(ClientError, match=f"{category} needs evidence"):
        check_correction(corrected(category=category, evidence=""), frozenset(SLOS))


@pytest.mark.parametrize(
    ("changes", "path", "problem"),
    [
        ({"reason": ""}, "reason", "say why this time does not count"),
        ({"actor": " "}, "actor", "say who corrects"),
        ({"approver": "alice"}, "approver", "somebody else than the actor approves"),
        ({"approver": " Alice"}, "approver", "somebody else than the actor approves"),
        ({"approver": " "}, "approver", "nobody corrects alone"),
        ({"start_s": MONTH.end_s - 92 * DAY_S - 1}, "start", "counts are kept for 92 days"),
        ({"end_s": START}, "start", "it starts after it ends"),
        ({"at_s": START + 59}, "end", "what is to come is maintenance"),
        ({"slos": ("nothing",)}, "slos", "no objective is called nothing"),
    ],
)
def test_a_wrong_correction_is_refused_with_its_field_and_the_mend(changes: dict[str, Any], path: str, problem: str) -> None:
    with pytest.raises(ClientError, match=problem) as refused:
        check_correction(corrected(**changes), frozenset(SLOS))
    assert refused.value.path == path


# ---- the ledger


def test_a_plan_is_what_the_entries_add_up_to() -> None:
    body = msgspec.to_builtins(window(999))
    fix = {name: value for name, value in msgspec.to_builtins(CORRECTION).items() if name not in {"actor", "at_s"}}
    entries = [
        Row("1", "maintenance", 100, "carol", {"window": body}),
        Row("2", "deployment", 110, "carol", {"service": "surewire"}),
        Row("3", "correction", 120, "dave", fix),
        Row("4", "correction", 130, "dave", {**fix, "id": "c2"}),
        Row("5", "maintenance_cancelled", 140, "erin", {"id": "m1", "reason": "not needed"}),
        Row("6", "maintenance_cancelled", 150, "erin", {"id": "m1", "reason": "again"}),
        Row("7", "correction_withdrawn", 160, "erin", {"id": "c1", "reason": "wrong day"}),
    ]
    plan = read_plan(entries)
    assert [(one.announced_at_s, one.actor) for one in plan.windows] == [(100, "carol")]
    assert plan.cancelled == {"m1": Cancellation(id="m1", at_s=140, actor="erin", reason="not needed")}
    assert [(one.id, one.actor, one.at_s) for one in plan.corrections] == [("c2", "dave", 130)]


def test_nothing_is_planned_where_nothing_was_said() -> None:
    assert read_plan([]) == Plan()


# ---- both ways of asking


@given(
    st.lists(
        st.builds(
            window,
            st.sampled_from([-1, 0, 12, 48, 100]),
            id=st.sampled_from(["m1", "m2"]),
            start_s=st.integers(0, 20 * DAY_S),
            duration_s=st.integers(1, DAY_S),
            recurrence=st.sampled_from(["", "FREQ=WEEKLY", "FREQ=DAILY;INTERVAL=3"]),
            slos=st.sampled_from([(), ("availability",), (SLA_001.id,)]),
        ),
        max_size=4,
    ),
    st.none() | st.integers(0, 30 * DAY_S),
    st.lists(
        st.builds(corrected, start_s=st.integers(0, DAY_S), end_s=st.integers(DAY_S + 1, 2 * DAY_S), evidence=st.sampled_from(["", "T"]))
    ),
    st.sampled_from([SLA_001, UPTIME, AVAILABILITY]),
    st.booleans(),
)
def test_what_is_taken_out_is_what_the_list_with_reasons_says(
    windows: list[MaintenanceWindow], cancelled: int | None, corrections: list[Correction], slo: Slo, excludes: bool
) -> None:
    calls_off = {} if cancelled is None else {"m1": Cancellation(id="m1", at_s=cancelled, actor="bob", reason="done")}
    plan = Plan(tuple(windows), calls_off, tuple(corrections))
    listed = exclusions(slo, plan, MONTH, excludes_maintenance=excludes)
    counted = union(one.interval for one in listed if one.counts)
    assert excluded(slo, plan, MONTH, excludes_maintenance=excludes) == overlapping(counted, MONTH.start_s, MONTH.end_s)
