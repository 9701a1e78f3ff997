from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from random import Random

import pytest

from surewire.adapters.memory.sli_store import MemorySliStore
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.contract.catalogue import load_metrics
from surewire.contract.selector import Selector
from surewire.errors import BackendUnavailableError
from surewire.monitoring.recorder import Recorder, recording
from surewire.ports.sli_store import LifeRecord, SliStore, Slot
from surewire.slo.needs import Needs
from surewire.slo.timeline import Timeline
from surewire.slo.window import Interval
from surewire.telemetry.registry import Registry
from tests.contracts.sli_store import added_up
from tests.fakes.clock import SettableClock

SECOND = 1_000_000
NOON_S = 1_790_000_100 // 15 * 15
EVER = Interval(0, 2**33)
SENT = 'gateway_send_total{status="success"}'
ENDED = 'gateway_disconnections_total{reason="server_error"}'
STORE = 'durability_store_available{backend="sqlite"}'


class Server:
    """What a recorder reads, and a clock that a test moves."""

    def __init__(self, store: SliStore, clock: SettableClock | None = None) -> None:
        self.registry = Registry(load_metrics())
        self.sent = self.registry.counter("gateway_send_total", status="success")
        self.active = self.registry.gauge("gateway_connections_active")
        self.available = self.registry.gauge("durability_store_available", backend="sqlite")
        self.processed = self.registry.counter("fanout_events_processed_total", status="success")
        self.registry.family("gateway_disconnections_total")
        self.clock = clock or SettableClock(NOON_S * SECOND)
        self.store = store

    def recording(self, instance: str = "") -> AbstractAsyncContextManager[Recorder]:
        counts = ("gateway_send_total", "gateway_disconnections_total", "ws_unstable_disconnections_total")
        seconds = ("durability_store_available:good_seconds", "durability_store_available:known_seconds")
        needed = Needs(
            kept(*counts, *seconds),
            kept("gateway_connections_active"),
            kept("gateway_connections_active", "fanout_events_processed_total:per_second"),
        )
        return recording(self.registry, needed, self.store, self.clock, instance=instance)

    async def slots(self) -> list[tuple[int, int, int]]:
        """Where slots begin, from the start of the test on, what they counted, and how long they were seen."""
        return [(slot.start_s - NOON_S, slot.counts.get(SENT, 0), slot.seen_s) for slot in await self.store.read(EVER, 15)]


class FailingStore(MemorySliStore):
    """A memory that can be made to fail as a disk does."""

    fails = False
    cannot_read = False

    async def write(self, slots: Sequence[Slot], life: LifeRecord, *, is_estimate: bool = False) -> None:
        if self.fails:
            raise BackendUnavailableError("sqlite", "the disk is full")
        await super().write(slots, life, is_estimate=is_estimate)

    async def read(self, interval: Interval, length_s: int) -> Sequence[Slot]:
        if self.cannot_read:
            raise BackendUnavailableError("sqlite", "the disk does not read")
        return await super().read(interval, length_s)


def kept(*names: str) -> tuple[Selector, ...]:
    return tuple(map(Selector, names))


@pytest.fixture
def server() -> Server:
    return Server(MemorySliStore())


async def test_a_tick_just_after_a_slot_completes_that_slot(server: Server) -> None:
    async with server.recording() as recorder:
        for number in (1, 2, 3):
            server.sent.n += number
            server.clock.advance(15)
            await recorder.tick()
        assert await server.slots() == [(0, 1, 15), (15, 2, 15), (30, 3, 15), (45, 0, 0)]


async def test_the_open_slot_is_written_at_every_tick(server: Server) -> None:
    async with server.recording() as recorder:
        for expected in ([(0, 1, 5)], [(0, 2, 10)], [(0, 3, 15), (15, 0, 0)]):
            server.sent.n += 1
            server.clock.advance(5)
            slots = await recorder.tick()
            assert await server.slots() == expected
            assert list(slots) == list(await server.store.read(EVER, 15))


async def test_what_was_counted_before_recording_began_is_counted(server: Server) -> None:
    server.sent.n = 7
    async with server.recording():
        assert await server.slots() == [(0, 7, 0)]


async def test_a_process_that_was_held_up_was_there_but_its_counts_are_in_one_slot(server: Server) -> None:
    async with server.recording() as recorder:
        server.sent.n += 8
        server.clock.advance(50)
        slots = await recorder.tick()
        assert await server.slots() == [(0, 0, 15), (15, 8, 15), (30, 0, 15), (45, 0, 5)]
        assert [slot.start_s - NOON_S for slot in slots] == [0, 15, 30, 45]


async def test_a_jump_ahead_leaves_a_gap_and_loses_nothing(server: Server) -> None:
    async with server.recording() as recorder:
        server.sent.n += 1
        server.clock.wall_micros += 3_600 * SECOND
        server.clock.advance(10)
        await recorder.tick()
        assert await server.slots() == [(0, 0, 0), (3_600, 1, 10)]


async def test_a_jump_back_adds_to_what_was_recorded_for_that_time(server: Server) -> None:
    async with server.recording() as recorder:
        for _ in range(4):
            server.sent.n += 1
            server.clock.advance(15)
            await recorder.tick()
        server.sent.n += 10
        server.clock.wall_micros -= 45 * SECOND
        server.clock.advance(15)
        changed = await recorder.tick()
        assert [(start, sent) for start, sent, _ in await server.slots()] == [(0, 1), (15, 11), (30, 1), (45, 1), (60, 0)]
        assert [slot.start_s - NOON_S for slot in changed] == [15, 30], "what comes later is known again when its time comes"
    assert [life.is_clean for life in await server.store.lives(EVER)] == [True, True]


@pytest.mark.parametrize("seed", range(4))
async def test_whatever_the_clock_does_every_count_is_in_exactly_one_slot_and_the_timeline_agrees(server: Server, seed: int) -> None:
    random, timeline, store = Random(seed), Timeline(), server.store
    async with server.recording() as recorder:
        for _ in range(200):
            server.sent.n += random.randrange(5)
            server.clock.advance(random.choice([1, 5, 15, 15, 15.2, 14.9, 70]))
            server.clock.wall_micros += random.choice([0, 0, 0, 0, SECOND, -SECOND, 90 * SECOND, -100 * SECOND])
            if random.random() < 0.3:
                recorder.sample()
                continue
            slots = await recorder.tick()
            timeline.forget_from(slots[0].start_s)
            for slot in slots:
                timeline.add(slot)
            until_now = await store.read(Interval(0, server.clock.wall_micros // SECOND + 1), 15)
            assert timeline.total(SENT, 0, 2**31) == added_up(until_now).get(SENT, 0)
    found = await store.read(EVER, 15)
    assert added_up(found)[SENT] == server.sent.n
    assert all(count > 0 for slot in found for count in slot.counts.values())
    assert all(0 <= slot.seen_s <= 15 for slot in found)


async def test_seconds_of_a_gauge_are_as_exact_as_it_is_looked_at(server: Server) -> None:
    async with server.recording() as recorder:
        for second in range(15):
            server.available.value = 0 if second in {3, 4, 5} else 1
            server.clock.advance(1)
            recorder.sample()
        await recorder.tick()
        first, _ = await server.store.read(EVER, 15)
        assert (first.counts[STORE + ":good_seconds"], first.counts[STORE + ":known_seconds"]) == (12, 15)


async def test_a_gauge_has_its_last_value_and_its_peak_in_every_slot(server: Server) -> None:
    async with server.recording() as recorder:
        for value in (5, 9, 3):
            server.active.value = value
            server.clock.advance(5)
            recorder.sample()
        slots = await recorder.tick()
        assert [slot.gauges["gateway_connections_active"] for slot in slots] == [3, 3]
        assert [slot.peaks["gateway_connections_active"] for slot in slots] == [9, 3]


async def test_the_fastest_growth_of_a_counter_is_kept(server: Server) -> None:
    async with server.recording() as recorder:
        for count in (50, 500, 5):
            server.processed.n += count
            server.clock.advance(5)
            slots = await recorder.tick()
        assert slots[0].peaks["fanout_events_processed_total:per_second"] == 100


async def test_a_restart_in_the_same_slot_keeps_what_was_recorded(server: Server) -> None:
    async with server.recording():
        server.sent.n += 1
        server.clock.advance(3)
    again = Server(server.store, server.clock)
    async with again.recording() as recorder:
        again.sent.n += 2
        again.clock.advance(4)
        await recorder.tick()
        assert await again.slots() == [(0, 3, 7)]
    first, second = await server.store.lives(EVER)
    assert (first.ready_s - NOON_S, first.last_s - NOON_S, first.is_clean) == (0, 3, True)
    assert (second.ready_s - NOON_S, second.last_s - NOON_S, second.is_clean) == (3, 7, True)


async def crash(server: Server, connections: int) -> None:
    """Records for 20 s, and breaks off 5 s after the last tick."""

    async def record() -> None:
        async with server.recording() as recorder:
            server.active.value = connections
            server.clock.advance(20)
            await recorder.tick()
            raise MemoryError

    with pytest.raises(MemoryError):
        await record()
    server.clock.advance(5)


async def test_a_crash_ends_the_connections_that_were_open_in_the_slot_of_its_last_sign(server: Server) -> None:
    await crash(server, 40)
    server.clock.advance(200)
    for _ in range(2):
        async with Server(server.store, server.clock).recording():
            pass
    counts = {slot.start_s - NOON_S: slot.counts for slot in await server.store.read(EVER, 15)}
    assert counts[15][ENDED] == 40
    assert counts[15]["ws_unstable_disconnections_total"] == 40
    assert [start for start, found in counts.items() if ENDED in found] == [15]
    assert [life.is_clean for life in await server.store.lives(EVER)] == [False, True, True]


async def test_a_crash_of_another_process_is_not_counted(server: Server) -> None:
    await crash(server, 40)
    async with Server(server.store, server.clock).recording(instance="west"):
        assert ENDED not in added_up(await server.store.read(EVER, 15))


async def test_a_clean_end_ends_no_connections_and_says_so(server: Server) -> None:
    async with server.recording():
        server.active.value = 3
    async with Server(server.store, server.clock).recording():
        assert ENDED not in added_up(await server.store.read(EVER, 15))


async def test_what_the_store_does_not_take_is_written_when_it_works_again() -> None:
    store = FailingStore()
    server = Server(store)
    async with server.recording() as recorder:
        store.fails = True
        for _ in range(3):
            server.sent.n += 1
            server.clock.advance(15)
            slots = await recorder.tick()
            assert [slot.counts.get(SENT, 0) for slot in slots] == [1, 0], "its own counts go on without the store"
        assert recorder.problem is not None
        assert "the disk is full" in recorder.problem
        store.fails = False
        server.clock.advance(5)
        slots = await recorder.tick()
        assert recorder.problem is None
        assert await server.slots() == [(0, 1, 15), (15, 1, 15), (30, 1, 15), (45, 0, 5)]
        assert [slot.start_s - NOON_S for slot in slots] == [0, 15, 30, 45]


async def test_a_store_that_takes_but_does_not_give_costs_nothing_of_its_own() -> None:
    store = FailingStore()
    server = Server(store)
    async with server.recording() as recorder:
        store.cannot_read = True
        server.sent.n += 1
        server.clock.advance(15)
        slots = await recorder.tick()
        assert [slot.counts.get(SENT, 0) for slot in slots] == [1, 0]
        assert recorder.problem is None


async def test_a_store_that_fails_for_more_than_an_hour_costs_the_oldest_only() -> None:
    store = FailingStore()
    server = Server(store)
    async with server.recording() as recorder:
        store.fails = True
        for _ in range(300):
            server.clock.advance(15)
            await recorder.tick()
        store.fails = False
        await recorder.tick()
        assert len(await store.read(EVER, 15)) == 241


async def test_a_tick_that_is_cancelled_loses_nothing(server: Server) -> None:
    async with server.recording() as recorder:
        for _ in range(20):
            server.sent.n += 1
            server.clock.advance(1)
            tick = asyncio.create_task(recorder.tick())
            await asyncio.sleep(0)
            tick.cancel()
            await asyncio.wait([tick])
    assert added_up(await server.store.read(EVER, 15))[SENT] == 20


async def test_processes_that_share_a_store_get_the_sums(server: Server) -> None:
    other = Server(server.store, server.clock)
    async with server.recording("east") as east, other.recording("west") as west:
        server.sent.n += 1
        other.sent.n += 10
        server.clock.advance(15)
        await east.tick()
        slots = await west.tick()
        assert [slot.counts.get(SENT) for slot in slots] == [11, None]
        assert set(slots[-1].gauges) == {f'gateway_connections_active{{instance="{name}"}}' for name in ("east", "west")}


async def test_it_records_into_a_file_as_into_memory(tmp_path: Path) -> None:
    async with open_slo_file(tmp_path, SettableClock()) as file:
        server = Server(file.sli_store)
        async with server.recording() as recorder:
            server.sent.n += 5
            server.clock.advance(15)
            slots = await recorder.tick()
            assert [slot.counts.get(SENT) for slot in slots] == [5, None]
        assert await server.slots() == [(0, 5, 15), (15, 0, 0)]
        assert _instances(await file.sli_store.lives(EVER)) == [""]


def _instances(lives: Collection[LifeRecord]) -> list[str]:
    return [life.instance for life in lives]
