from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from surewire.adapters.memory.sli_store import MemorySliStore
from surewire.adapters.prometheus.sli_source import PrometheusSliSource, prometheus_sli_source
from surewire.contract.catalogue import load_metrics
from surewire.contract.selector import Matcher, Selector, parse_selector
from surewire.errors import BackendError, BackendUnavailableError
from surewire.monitoring.recorder import recording
from surewire.ports.sli_store import Slot
from surewire.slo.needs import Needs
from surewire.slo.window import HOUR_S, Interval
from surewire.telemetry.registry import Registry
from tests.adapters.prometheus_process import Scrapes, needs_prometheus, prometheus
from tests.contracts.sli_store import added_up
from tests.fakes.clock import SettableClock

pytestmark = needs_prometheus

# Not far from now, for Prometheus forgets; whole hours, so that slots of every length begin there.
START_S = int(time.time()) // HOUR_S * HOUR_S - 4 * HOUR_S
FIRST_LIFE_S, SECOND_LIFE_S, END_S = START_S, START_S + 50 * 60, START_S + 80 * 60
FIRST_END_S = START_S + 35 * 60 + 45
LATENCY = "gateway_http_request_duration_seconds"
NEEDS = Needs(
    counts=(
        parse_selector("gateway_send_total"),
        parse_selector(f'{LATENCY}_bucket{{le="0.05"}}'),
        parse_selector(f'{LATENCY}_bucket{{le="2.0"}}'),
        parse_selector(f"{LATENCY}_count"),
        Selector("durability_store_available:good_seconds"),
        Selector("durability_store_available:known_seconds"),
    ),
    gauges=(parse_selector("gateway_connections_active"),),
    peaks=(parse_selector("gateway_connections_active"), Selector("gateway_send_total:per_second")),
)


class Life:
    """One life of a server: it counts at the beginning of each slot, is scraped ten seconds later, and records at its end."""

    def __init__(self, seed: int) -> None:
        self.random, self.registry = Random(seed), Registry(load_metrics())
        self.registry.allow_routes(["/a", "/b"])
        self.sent = [self.registry.counter("gateway_send_total", status=status) for status in ("success", "error")]
        self.active = self.registry.gauge("gateway_connections_active")
        self.available = self.registry.gauge("durability_store_available", backend="sqlite")
        self.routes = ["/a"]

    def count(self) -> None:
        for counter in self.sent:
            counter.n += self.random.randrange(5)
        for route in self.routes:
            self.registry.histogram(LATENCY, endpoint=route, status="200").observe(self.random.choice([0.01, 0.1, 1, 100]))
        self.active.value = self.random.randrange(1_000)
        self.available.value = self.random.randrange(2)

    async def live(self, store: MemorySliStore, scrapes: Scrapes, start_s: int, end_s: int) -> None:
        clock = SettableClock(start_s * 1_000_000)
        async with recording(self.registry, NEEDS, store, clock) as recorder:
            for slot_s in range(start_s, end_s, 15):
                if slot_s == start_s + 600:
                    self.routes.append("/b")
                self.count()
                scrapes.scrape(self.registry, slot_s + 10)
                clock.advance(15)
                await recorder.tick()


class Past:
    """The same past as the server recorded it and as Prometheus has it."""

    def __init__(self, url: str, store: MemorySliStore) -> None:
        self.url, self.store = url, store


@pytest.fixture(scope="module")
def past(tmp_path_factory: pytest.TempPathFactory) -> Generator[Past]:
    store, scrapes = MemorySliStore(), Scrapes()

    async def live() -> None:
        await Life(1).live(store, scrapes, FIRST_LIFE_S, FIRST_END_S)
        for at_s in range(FIRST_END_S + 10, SECOND_LIFE_S, 15):
            scrapes.fail(at_s)
        await Life(2).live(store, scrapes, SECOND_LIFE_S, END_S)

    asyncio.run(live())
    with prometheus(tmp_path_factory.mktemp("prometheus"), scrapes) as url:
        yield Past(url, store)


@asynccontextmanager
async def source(url: str, needs: Needs = NEEDS) -> AsyncGenerator[PrometheusSliSource]:
    async with asyncio.timeout(60), prometheus_sli_source(url, needs) as one:
        yield one


def shape(slot: Slot) -> tuple[int, int, dict[str, int], dict[str, float]]:
    return slot.start_s - START_S, slot.seen_s, slot.counts, slot.gauges


@pytest.mark.parametrize("length_s", [15, 300, 3_600])
async def test_prometheus_and_the_server_itself_say_the_same_through_an_outage_and_a_restart(past: Past, length_s: int) -> None:
    async with source(past.url) as prometheus_source:
        found = await prometheus_source.slots(Interval(START_S, END_S), length_s)
    expected = [slot for slot in await past.store.slots(Interval(START_S, END_S), length_s) if slot.seen_s]
    # Of the first scrape nobody knows what came before it.
    (before_first,) = await past.store.slots(Interval(START_S, START_S + 1), 15)
    assert added_up(found) == less(added_up(expected), without_seconds(before_first.counts))
    assert list(map(shape, found[1:])) == list(map(shape, expected[1:]))


def less(counts: dict[str, int], others: dict[str, int]) -> dict[str, int]:
    return {series: count - others.get(series, 0) for series, count in counts.items()}


def without_seconds(counts: dict[str, int]) -> dict[str, int]:
    return {series: count for series, count in counts.items() if not series.endswith("seconds")}


async def test_the_highest_values_are_those_that_were_scraped(past: Past) -> None:
    async with source(past.url) as prometheus_source:
        (slot,) = await prometheus_source.slots(Interval(SECOND_LIFE_S + 600, SECOND_LIFE_S + 601), 300)
    raw = await past.store.slots(Interval(SECOND_LIFE_S + 600, SECOND_LIFE_S + 900), 15)
    assert slot.peaks["gateway_connections_active"] == max(one.gauges["gateway_connections_active"] for one in raw)
    assert 0 < slot.peaks["gateway_send_total:per_second"] < 8 / 15


async def test_where_nothing_was_scraped_there_are_no_slots(past: Past) -> None:
    async with source(past.url) as prometheus_source:
        assert list(await prometheus_source.slots(Interval(START_S - HOUR_S, START_S - 600), 15)) == []
        assert list(await prometheus_source.slots(Interval(END_S + 600, END_S + HOUR_S), 15)) == []
        assert list(await prometheus_source.slots(Interval(START_S, START_S), 15)) == []


async def test_a_past_longer_than_one_answer_comes_in_pieces(past: Past) -> None:
    async with source(past.url, Needs(NEEDS.counts[:1], (), ())) as prometheus_source:
        found = await prometheus_source.slots(Interval(START_S - 60 * HOUR_S, END_S), 15)
    assert added_up(found).keys() == {f'gateway_send_total{{status="{status}"}}' for status in ("success", "error")}
    assert found[0].start_s == START_S


async def test_another_job_is_another_server(past: Past) -> None:
    async with asyncio.timeout(20), prometheus_sli_source(past.url, NEEDS, job="other") as other:
        assert list(await other.slots(Interval(START_S, END_S), 300)) == []


async def test_processes_are_added_up_and_their_gauges_kept_apart(tmp_path: Path) -> None:
    scrapes, lives = Scrapes(), {"east:1": Life(3), "west:1": Life(4)}
    for slot_s in range(START_S, START_S + 600, 15):
        for instance, life in lives.items():
            life.count()
            scrapes.scrape(life.registry, slot_s + 10, instance)
    with prometheus(tmp_path, scrapes) as url:
        async with source(url) as prometheus_source:
            slots = await prometheus_source.slots(Interval(START_S + 15, START_S + 600), 15)
    sent = sum(life.sent[0].n for life in lives.values())
    first = await _first_counts(3) + await _first_counts(4)
    assert added_up(slots)['gateway_send_total{status="success"}'] == sent - first
    assert slots[-1].gauges == {
        f'gateway_connections_active{{instance="{instance}"}}': life.active.value for instance, life in lives.items()
    }
    assert {slot.seen_s for slot in slots} == {15}


async def _first_counts(seed: int) -> int:
    life = Life(seed)
    life.count()
    return life.sent[0].n


async def test_an_expression_that_prometheus_refuses_is_an_error_that_says_why(past: Past) -> None:
    wrong = Needs((Selector("gateway_send_total", (Matcher("status", "=~", "("),)),), (), ())
    async with source(past.url, wrong) as prometheus_source:
        with pytest.raises(BackendError, match="missing closing"):
            await prometheus_source.slots(Interval(START_S, END_S), 300)


async def test_nobody_at_the_address_is_an_error_that_may_pass() -> None:
    async with source("http://127.0.0.1:1") as nobody:
        with pytest.raises(BackendUnavailableError, match="gives no answer"):
            await nobody.slots(Interval(START_S, END_S), 300)


async def test_another_server_at_the_address_is_an_error_that_may_pass() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>")
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with source(f"http://127.0.0.1:{port}") as other:
            with pytest.raises(BackendUnavailableError):
                await other.slots(Interval(START_S, END_S), 300)
