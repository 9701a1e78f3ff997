"""What happened, over HTTP and on the command line."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from surewire.monitoring.annotating import Annotating
from surewire.ports.annotator import Annotation
from surewire.slo.window import DAY_S
from tests.acceptance.http_api.running_api import RunningApi, running_api

ALICE = {"X-User-Id": "alice"}
SPIKE = {"text": "on television", "slo": "availability", "start": "2026-11-21T09:58:00Z", "end": "2026-11-21T10:10:00Z"}


@pytest.fixture
async def api(tmp_path: Path) -> AsyncGenerator[RunningApi]:
    async with running_api(tmp_path / "data") as running:
        yield running


async def listed(api: RunningApi, **query: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = (await api.client.get("/v1/annotations", params=query)).raise_for_status().json()["items"]
    return items


async def test_a_note_is_on_record_once_however_often_it_is_sent(api: RunningApi) -> None:
    headers = {**ALICE, "Idempotency-Key": "k1"}
    first, second = [await api.client.post("/v1/annotations", json=SPIKE, headers=headers) for _ in range(2)]
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    (note,) = await listed(api)
    assert note == first.json()
    assert {name: note[name] for name in ("kind", "text", "slo", "actor", "start", "end")} == {
        "kind": "spike",
        "text": "on television",
        "slo": "availability",
        "actor": "alice",
        "start": "2026-11-21T09:58:00.000000Z",
        "end": "2026-11-21T10:10:00.000000Z",
    }


async def test_everything_is_listed_newest_first_and_says_when_it_was_drawn(api: RunningApi) -> None:
    await api.client.post("/v1/deployments", json={"service": "checkout", "version": "7"}, headers=ALICE)
    api.clock.advance(1)
    await api.client.post("/v1/annotations", json={"text": "a spike"}, headers=ALICE)
    assert [one["kind"] for one in await listed(api)] == ["spike", "deployment"]
    assert [one["kind"] for one in await listed(api, limit="1")] == ["spike"]
    assert all("drawn_at" not in one for one in await listed(api))

    taken: list[Annotation] = []

    class Wall:
        async def draw(self, annotation: Annotation) -> None:
            taken.append(annotation)

    await Annotating(api.services.levels.decisions, Wall()).look()
    assert [one.text for one in taken] == ["checkout 7 deployed by alice", "a spike"]
    assert all("drawn_at" in one for one in await listed(api))
    api.clock.advance(3 * DAY_S)
    assert await listed(api, days="2") == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": "  "}, "say what happened"),
        ({"slo": "nothing"}, "no objective is called nothing"),
        ({"end": SPIKE["start"]}, "it ends before it starts"),
        ({"start": "yesterday, after lunch"}, "start"),
    ],
)
async def test_a_note_that_says_nothing_is_refused(api: RunningApi, change: dict[str, str], field: str) -> None:
    answer = await api.client.post("/v1/annotations", json={**SPIKE, **change}, headers=ALICE)
    assert (answer.status_code, field in answer.text) == (422, True), answer.text
    assert await listed(api) == []


async def test_a_note_is_made_on_the_command_line(api: RunningApi) -> None:
    options = ("--slo", "availability", "--start", SPIKE["start"], "--end", SPIKE["end"], "--actor", "alice", "--json", "--url", api.url)
    command = (sys.executable, "-m", "surewire", "slo", "annotate", "on television", *options)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert [json.loads(out)] == await listed(api)
