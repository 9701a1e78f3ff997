from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from surewire.adapters.sqlite.slot_body import SlotBody, merged, pack, unpack

SERIES = st.integers(1, 2**20)
COUNTS = st.dictionaries(SERIES, st.integers(1, 2**60), max_size=50)
VALUES = st.dictionaries(SERIES, st.floats(allow_nan=False, allow_infinity=False), max_size=10)
BODIES = st.builds(SlotBody, COUNTS, VALUES, VALUES)


@given(BODIES)
def test_what_is_unpacked_is_what_was_packed(body: SlotBody) -> None:
    assert unpack(pack(body)) == body


@given(st.lists(BODIES, max_size=5))
def test_a_merged_body_has_every_count_the_last_gauge_and_the_highest_peak(bodies: list[SlotBody]) -> None:
    found = merged(bodies)
    assert sum(found.counts.values()) == sum(sum(body.counts.values()) for body in bodies)
    for body in bodies:
        assert all(found.peaks[series] >= peak for series, peak in body.peaks.items())
        assert body.counts.keys() <= found.counts.keys()
    if bodies:
        assert bodies[-1].gauges.items() <= found.gauges.items()


@given(BODIES, BODIES, BODIES)
def test_it_does_not_matter_in_which_steps_slots_are_merged(one: SlotBody, two: SlotBody, three: SlotBody) -> None:
    assert merged([merged([one, two]), three]) == merged([one, two, three]) == merged([one, merged([two, three])])


def test_zeros_and_gauges_that_are_no_number_are_left_out() -> None:
    packed = pack(SlotBody({1: 0, 2: 3}, {4: float("nan"), 5: float("inf"), 6: 1.0}, {}))
    assert unpack(packed) == SlotBody({2: 3}, {6: 1.0}, {})


def test_buckets_that_repeat_their_neighbour_take_next_to_no_room() -> None:
    buckets = SlotBody(dict.fromkeys(range(1_000, 1_400), 17), {}, {})
    assert len(pack(buckets)) < 50
