"""Everything is drawn once, over failures of Grafana, of the disk and of the process, against a real receiver and a real file."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from surewire.adapters.grafana.annotations import GrafanaAnnotator
from surewire.adapters.sqlite.slo_file import OpenSloFile, open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.adapters.system.outbound import SystemOutboundGuard
from surewire.adapters.webhook.http_sender import HttpSender
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.monitoring.annotating import LOOKED_BACK_S, Annotating
from surewire.monitoring.decisions import Decisions, load_decisions
from surewire.ports.annotator import Annotation
from surewire.slo.window import DAY_S
from tests.crash.store_disk import FaultyDisk, disk_full
from tests.fakes.clock import SettableClock
from tests.fakes.http_receiver import Answer, HttpReceiver, http_receiver

START_S = 1_790_000_000
IDS = count(1)


async def decided(file: OpenSloFile, now_s: int = START_S) -> Decisions:
    return await load_decisions(file.ledger, SettableClock(now_s * MICROS_PER_SECOND), lambda: f"{next(IDS):026}")


def annotating(decisions: Decisions, receiver: HttpReceiver, timeout_s: float = 10.0) -> Annotating:
    sender = HttpSender(SystemOutboundGuard(), timeout_s=timeout_s, allow_private=True)
    return Annotating(decisions, GrafanaAnnotator(receiver.url, "t", sender), look_every_s=0.001, retry_first_s=0.01)


async def deploy(decisions: Decisions, *versions: str) -> None:
    for version in versions:
        await decisions.record(decisions.entry("deployment", "alice", {"service": "checkout", "version": version}))


def texts(receiver: HttpReceiver) -> list[str]:
    return [request.json["text"].split()[1] for request in receiver.all()]


async def drawn(receiver: HttpReceiver) -> str:
    async with asyncio.timeout(20):
        request = await receiver.received.get()
    return str(request.json["text"].split()[1])


@asynccontextmanager
async def running(loop: Annotating) -> AsyncGenerator[None]:
    task = asyncio.create_task(loop.run(lambda: None))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_everything_is_drawn_in_order_once_and_not_again_by_the_next_life(tmp_path: Path) -> None:
    async with http_receiver() as receiver:
        async with open_slo_file(tmp_path, SystemClock()) as file:
            decisions = await decided(file)
            await deploy(decisions, "1", "2", "3")
            loop = annotating(decisions, receiver)
            await loop.look()
            await loop.look()
            assert texts(receiver) == ["1", "2", "3"]
        async with open_slo_file(tmp_path, SystemClock()) as file:
            decisions = await decided(file)
            loop = annotating(decisions, receiver)
            await loop.look()
            assert texts(receiver) == []
            await deploy(decisions, "4")
            await loop.look()
            assert texts(receiver) == ["4"]


async def test_a_grafana_that_fails_and_stalls_gets_everything_once_it_is_well_again(tmp_path: Path) -> None:
    answers = (Answer(503), Answer(cuts=True), Answer(stalls=True), Answer(), Answer(429, headers={"retry-after": "0"}))
    async with http_receiver(*answers) as receiver, open_slo_file(tmp_path, SystemClock()) as file:
        decisions = await decided(file)
        await deploy(decisions, "1", "2")
        async with running(annotating(decisions, receiver, timeout_s=1.0)):
            assert [await drawn(receiver) for _ in range(6)] == ["1", "1", "1", "1", "2", "2"]
            await deploy(decisions, "3")
            assert await drawn(receiver) == "3"


async def test_what_is_refused_for_good_is_set_aside_until_the_next_life(tmp_path: Path) -> None:
    async with http_receiver(Answer(400)) as receiver, open_slo_file(tmp_path, SystemClock()) as file:
        decisions = await decided(file)
        await deploy(decisions, "1", "2")
        loop = annotating(decisions, receiver)
        for _ in range(3):
            await loop.look()
        assert texts(receiver) == ["1", "2"]
        await annotating(decisions, receiver).look()
        assert texts(receiver) == ["1"]


async def test_waits_grow_and_a_receiver_that_names_a_time_is_not_asked_before(tmp_path: Path) -> None:
    answers = (*(Answer(500) for _ in range(12)), Answer(503, headers={"retry-after": "900"}))
    async with http_receiver(*answers) as receiver, open_slo_file(tmp_path, SystemClock()) as file:
        decisions = await decided(file)
        await deploy(decisions, "1")
        sender = HttpSender(SystemOutboundGuard(), timeout_s=10.0, allow_private=True)
        loop = Annotating(decisions, GrafanaAnnotator(receiver.url, "t", sender), random_float=lambda: 1.0)
        waits_s = [await loop.look() for _ in range(14)]
    assert waits_s == [2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300, 300, 900, 5]


async def test_a_life_that_ends_before_the_mark_draws_one_annotation_twice_and_no_more(tmp_path: Path) -> None:
    async with http_receiver(Answer(), Answer(stalls=True)) as receiver, open_slo_file(tmp_path, SystemClock()) as file:
        decisions = await decided(file)
        await deploy(decisions, "1", "2", "3")
        async with running(annotating(decisions, receiver)):
            assert [await drawn(receiver) for _ in range(2)] == ["1", "2"]
        await annotating(await decided(file), receiver).look()
        assert texts(receiver) == ["2", "3"]


async def test_a_full_disk_draws_nothing_twice(tmp_path: Path) -> None:
    disk, is_well = FaultyDisk(), asyncio.Event()

    def on_health(problem: str | None) -> None:
        (is_well.clear if problem else is_well.set)()

    async with (
        http_receiver() as receiver,
        open_slo_file(tmp_path, SystemClock(), on_health=on_health, vfs=disk.name) as file,
    ):
        decisions = await decided(file)
        await deploy(decisions, "1", "2")
        loop = annotating(decisions, receiver)
        disk.always = disk_full
        await loop.look()
        await loop.look()
        assert texts(receiver) == ["1", "2"]
        disk.always = None
        async with asyncio.timeout(20):
            await is_well.wait()
        await loop.look()
        await annotating(await decided(file), receiver).look()
        assert texts(receiver) == []


@pytest.mark.parametrize(("age_s", "expected"), [(LOOKED_BACK_S, ["1"]), (LOOKED_BACK_S + DAY_S, [])])
async def test_what_is_older_than_thirty_days_is_not_drawn(tmp_path: Path, age_s: int, expected: list[str]) -> None:
    async with http_receiver() as receiver, open_slo_file(tmp_path, SystemClock()) as file:
        await deploy(await decided(file, START_S - age_s), "1")
        await annotating(await decided(file), receiver).look()
        assert texts(receiver) == expected


async def test_a_mistake_of_the_annotator_does_not_end_the_loop(tmp_path: Path) -> None:
    asked = asyncio.Event()

    class Mistaken:
        async def draw(self, annotation: Annotation) -> None:
            asked.set()
            raise ZeroDivisionError

    async with open_slo_file(tmp_path, SystemClock()) as file:
        decisions = await decided(file)
        await deploy(decisions, "1")
        task = asyncio.create_task(Annotating(decisions, Mistaken()).run(lambda: None))
        async with asyncio.timeout(20):
            await asked.wait()
        # The mistake was made in the same step, so a loop that it had ended would be over.
        assert not task.done()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
