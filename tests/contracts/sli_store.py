"""What every `SliStore` promises. An adapter's test class inherits this and says how it is opened."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest

from surewire.ports.sli_store import LENGTHS_S, LifeRecord, SliStore, Slot
from surewire.slo.window import DAY_S, HOUR_S, Interval

__all__ = ["NOON_S", "SliStoreContract", "added_up", "life", "slot"]

NOON_S = 1_790_000_000 // DAY_S * DAY_S + DAY_S // 2
EVER = Interval(0, 2**33)


def life(id_: str = "one", ready_s: int = NOON_S, last_s: int = NOON_S, **more: Any) -> LifeRecord:
    return LifeRecord(ready_s, last_s, more.pop("connections", 0), more.pop("is_clean", False), id_, **more)


def slot(start_s: int, seen_s: int = 15, /, **counts: int) -> Slot:
    return Slot(start_s=start_s, length_s=15, seen_s=seen_s, counts=counts)


def added_up(slots: Iterable[Slot]) -> dict[str, int]:
    total: dict[str, int] = {}
    for one in slots:
        for series, count in one.counts.items():
            total[series] = total.get(series, 0) + count
    return total


async def tidied(store: SliStore, now_s: int) -> int:
    removed = 0
    while went := await store.tidy(now_s):
        removed += went
    return removed


class SliStoreContract:
    """Slots, their sums, whose they are, and how long they stay."""

    def open(self) -> AbstractAsyncContextManager[SliStore]:
        raise NotImplementedError

    async def test_a_new_store_has_neither_slots_nor_lives(self) -> None:
        async with self.open() as store:
            assert [list(await store.read(EVER, length_s)) for length_s in LENGTHS_S] == [[], [], [], []]
            assert list(await store.lives(EVER)) == []
            assert await store.tidy(NOON_S) == 0

    async def test_what_is_read_is_what_was_written(self) -> None:
        series = 'gateway_send_latency_seconds_bucket{le="0.5",name="a \\" quote"}'
        written = [
            Slot(
                start_s=NOON_S + 15 * number,
                length_s=15,
                seen_s=15 - number,
                counts={series: 2**40 + number, "b": 1},
                gauges={"g": 0.5, "whole": 3.0, "none": 0.0, "negative": -1.25},
                peaks={"g": 7.5},
            )
            for number in range(4)
        ]
        async with self.open() as store:
            await store.write(written, life())
            assert list(await store.read(EVER, 15)) == written

    async def test_counts_of_zero_are_left_out(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S, a=0, b=1), slot(NOON_S + 15)], life())
            assert [one.counts for one in await store.read(EVER, 15)] == [{"b": 1}, {}]

    async def test_a_slot_is_written_over_what_the_same_life_wrote_for_it(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S, 5, a=1, gone=1)], life())
            await store.write([slot(NOON_S, 15, a=3), slot(NOON_S + 15, 1, a=1)], life())
            assert list(await store.read(EVER, 15)) == [slot(NOON_S, 15, a=3), slot(NOON_S + 15, 1, a=1)]

    async def test_another_life_in_the_same_slot_adds_to_it(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S, 6, a=1)], life("before"))
            await store.write([slot(NOON_S, 4, a=2)], life("after"))
            assert list(await store.read(EVER, 15)) == [slot(NOON_S, 10, a=3)]

    async def test_processes_side_by_side_add_up_and_see_no_more_than_there_is(self) -> None:
        async with self.open() as store:
            for name in ("east", "west"):
                one = Slot(start_s=NOON_S, length_s=15, seen_s=15, counts={"a": 2}, gauges={'g{k="v"}': 1.0}, peaks={"p": 2.0})
                await store.write([one], life(name, instance=name))
            (found,) = await store.read(EVER, 15)
            assert (found.seen_s, found.counts) == (15, {"a": 4})
            assert found.gauges == {'g{instance="east",k="v"}': 1.0, 'g{instance="west",k="v"}': 1.0}
            assert found.peaks == {'p{instance="east"}': 2.0, 'p{instance="west"}': 2.0}

    async def test_an_estimate_stands_beside_what_was_recorded_and_counts_once(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S, 9, a=1)], life())
            for _ in range(2):
                await store.write([slot(NOON_S, 0, a=5, b=1)], life(), is_estimate=True)
            assert list(await store.read(EVER, 15)) == [slot(NOON_S, 9, a=6, b=1)]
            await store.write([slot(NOON_S, 10, a=2)], life())
            assert list(await store.read(EVER, 15)) == [slot(NOON_S, 10, a=7, b=1)]

    async def test_slots_are_found_by_their_start(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S + 15 * number, a=1) for number in range(60)], life())
            found = await store.read(Interval(NOON_S + 16, NOON_S + 60), 15)
            assert [one.start_s - NOON_S for one in found] == [30, 45]
            found = await store.read(Interval(NOON_S + 1, NOON_S + 601), 300)
            assert [(one.start_s - NOON_S, one.counts["a"]) for one in found] == [(300, 20), (600, 20)]

    async def test_coarser_slots_have_sums_the_last_gauges_and_the_highest_peaks(self) -> None:
        values = [3.0, 9.0, 4.0]
        written = [
            Slot(start_s=NOON_S + 15 * number, length_s=15, seen_s=15, counts={"a": 1}, gauges={"g": value}, peaks={"g": value})
            for number, value in enumerate(values)
        ]
        async with self.open() as store:
            await store.write(written, life())
            for length_s in LENGTHS_S[1:]:
                (found,) = await store.read(EVER, length_s)
                expected = Slot(
                    start_s=NOON_S // length_s * length_s,
                    length_s=length_s,
                    seen_s=45,
                    counts={"a": 3},
                    gauges={"g": 4.0},
                    peaks={"g": 9.0},
                )
                assert found == expected

    async def test_rolling_up_changes_nothing_that_is_read(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S + 15 * number, a=number) for number in range(500)], life())
            before = [list(await store.read(EVER, length_s)) for length_s in LENGTHS_S]
            for now_s in (NOON_S + 500, NOON_S + HOUR_S, NOON_S + DAY_S, NOON_S + DAY_S):
                assert await store.tidy(now_s) == 0
                assert [list(await store.read(EVER, length_s)) for length_s in LENGTHS_S] == before

    async def test_a_long_time_without_rolling_up_is_made_up_for_at_once(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S + 300 * number, a=1) for number in range(130)], life())
            assert await store.tidy(NOON_S + DAY_S) == 0
            assert [len(await store.read(EVER, length_s)) for length_s in LENGTHS_S] == [130, 130, 11, 1]

    async def test_what_is_written_for_a_time_that_was_rolled_up_is_in_every_sum(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S, a=1)], life("one"))
            await store.tidy(NOON_S + 2 * DAY_S)
            await store.write([slot(NOON_S, a=10), slot(NOON_S - HOUR_S, a=100)], life("two"))
            for now_s in (0, NOON_S + 2 * DAY_S):
                await store.tidy(now_s)
                assert [added_up(await store.read(EVER, length_s)) for length_s in LENGTHS_S] == [{"a": 111}] * 4
            (day,) = await store.read(EVER, DAY_S)
            assert day.counts == {"a": 111}

    async def test_raw_slots_go_after_15_days_those_of_5_minutes_after_90_and_hours_after_a_year(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S + 15 * number, a=1) for number in range(3)], life())
            kept = {15: 15, 300: 90, 3_600: 365}
            for length_s, days in kept.items():
                assert await tidied(store, NOON_S + days * DAY_S) == 0
                assert added_up(await store.read(EVER, length_s)) == {"a": 3}
                assert await tidied(store, NOON_S + (days + 1) * DAY_S) > 0
                assert list(await store.read(EVER, length_s)) == []
            assert [one.counts for one in await store.read(EVER, DAY_S)] == [{"a": 3}]

    async def test_a_clock_that_is_far_ahead_for_a_moment_costs_a_day_at_most(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S + day * DAY_S, a=1) for day in range(10)], life())
            await store.tidy(NOON_S + 1_000 * DAY_S)
            await store.write([slot(NOON_S + 10 * DAY_S, a=1)], life())
            assert [len(await store.read(EVER, length_s)) for length_s in LENGTHS_S] == [10, 10, 10, 11]

    async def test_a_slot_older_than_what_is_kept_does_not_spoil_the_sums(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S, a=1)], life("one"))
            await tidied(store, NOON_S + 20 * DAY_S)
            await store.write([slot(NOON_S, a=10)], life("two"))
            await store.tidy(NOON_S + 20 * DAY_S)
            assert added_up(await store.read(EVER, 300)) == {"a": 1}

    @pytest.mark.parametrize(("length_s", "start_s"), [(300, NOON_S), (15, NOON_S + 1)])
    async def test_only_slots_of_15_s_are_recorded(self, length_s: int, start_s: int) -> None:
        async with self.open() as store:
            with pytest.raises(ValueError, match="15 s"):
                await store.write([Slot(start_s=start_s, length_s=length_s, seen_s=1, counts={})], life())

    async def test_a_length_that_nobody_keeps_cannot_be_read(self) -> None:
        async with self.open() as store:
            with pytest.raises(ValueError, match="not 60"):
                await store.read(EVER, 60)

    async def test_a_life_has_its_last_sign_only(self) -> None:
        async with self.open() as store:
            await store.write([], life(last_s=NOON_S + 15, connections=7))
            await store.write([], life(last_s=NOON_S + 30, connections=3, is_clean=True))
            assert list(await store.lives(EVER)) == [life(last_s=NOON_S + 30, connections=3, is_clean=True)]

    async def test_lives_are_found_by_when_they_were_and_come_in_the_order_they_began(self) -> None:
        async with self.open() as store:
            await store.write([], life("late clock", NOON_S + 500, NOON_S + 600))
            await store.write([], life("first", NOON_S, NOON_S + 100, instance="east"))
            await store.write([], life("second", NOON_S + 200, NOON_S + 300))
            found = await store.lives(Interval(NOON_S + 100, NOON_S + 201))
            assert [(one.id, one.instance) for one in found] == [("first", "east"), ("second", "")]
            assert [one.id for one in await store.lives(EVER)] == ["late clock", "first", "second"]
            assert list(await store.lives(Interval(NOON_S + 101, NOON_S + 200))) == []
