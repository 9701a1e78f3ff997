"""A freeze of deployments over HTTP and on the command line: it opens by itself and ends after a validated action and a calm day."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.sli_store import Slot
from surewire.slo.window import DAY_S, HOUR_S, SLOT_S
from tests.acceptance.http_api.running_api import RunningApi, running_api

GOOD, BAD = 'gateway_send_total{status="success"}', 'gateway_send_total{status="error"}'


@pytest.fixture
async def api(tmp_path: Path) -> AsyncGenerator[RunningApi]:
    async with running_api(tmp_path / "data") as running:
        running.clock.wall_micros -= running.clock.wall_micros % (SLOT_S * MICROS_PER_SECOND)
        yield running


async def tick(api: RunningApi, good: int, bad: int) -> None:
    """A slot in which so many messages were sent, and all objectives judged after it."""
    start_s = api.clock.now_micros() // MICROS_PER_SECOND
    api.clock.advance(SLOT_S)
    await api.services.levels.tick([Slot(start_s=start_s, length_s=SLOT_S, seen_s=SLOT_S, counts={GOOD: good, BAD: bad})])


async def freezes(api: RunningApi) -> dict[str, dict[str, Any]]:
    return {freeze["slo"]: freeze for freeze in (await api.client.get("/v1/freezes")).raise_for_status().json()["items"]}


async def gate(api: RunningApi, change: str) -> dict[str, Any]:
    answer: dict[str, Any] = (await api.client.get("/v1/gate", params={"change": change, "slo": "availability"})).raise_for_status().json()
    return answer


async def command(api: RunningApi, *arguments: str) -> tuple[int, str]:
    line = (sys.executable, "-m", "surewire", "slo", "action", *arguments, "--url", api.url)
    process = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, (out or err).decode()


async def test_the_gate_is_not_asked_about_what_refuses_nothing(api: RunningApi) -> None:
    answer = await api.client.get("/v1/gate", params={"slo": ["availability", "kafka-available"]})
    assert answer.status_code == 422
    assert "kafka-available refuses nothing; its definition would need gate: true" in answer.text
    assert (await api.client.get("/v1/gate", params={"slo": "availabilty"})).status_code == 404


async def test_a_change_is_let_through_by_name_and_stays_on_record(api: RunningApi) -> None:
    await tick(api, 10_000, 100)
    command = (sys.executable, "-m", "surewire", "slo", "gate", "--slo", "availability", "--url", api.url)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.DEVNULL)
    assert await asyncio.wait_for(process.wait(), 30) == 10
    override = ("--override", "mends the cause", "--actor", "alice")
    process = await asyncio.create_subprocess_exec(*command, *override, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode == 0
    assert out.decode().startswith("overridden by alice (mends the cause): a feature change is refused: availability ")
    (kept,) = api.services.levels.decisions.of("override")
    assert (kept.actor, kept.body["verdict"], kept.body["override"]["reason"]) == ("alice", "refused", "mends the cause")
    assert (await gate(api, "feature"))["verdict"] == "refused"
    review = (await api.client.get("/v1/reviews/weekly")).raise_for_status().json()
    (incidents,) = (item for item in review["agenda"] if item["id"] == "recent-incidents")
    assert any("let through" in line and "by alice (mends the cause); refused by availability" in line for line in incidents["evidence"])


async def test_a_breach_freezes_until_an_action_is_validated_and_a_day_was_calm(api: RunningApi) -> None:
    await tick(api, 10_000, 0)
    assert (await gate(api, "feature"))["verdict"] == "allowed"
    await tick(api, 0, 100)

    frozen = (await freezes(api))["availability"]
    assert (frozen["state"], frozen["cause"]) == ("open", "the budget is breached")
    assert frozen["obstacles"] == ["no corrective action is recorded", "a day of it is over in 24 h 0 min"]
    assert (await gate(api, "emergency"))["verdict"] == "refused"

    made = await api.client.post("/v1/actions", json={"slo": "availability", "what": "limit the pool"}, headers={"X-User-Id": "alice"})
    assert made.status_code == 201
    action = made.json()
    assert (action["actor"], action["what"]) == ("alice", "limit the pool")
    path = f"/v1/actions/{action['id']}/validate"
    assert (await api.client.post(path, json={"evidence": "run 7"}, headers={"X-User-Id": "bob"})).status_code == 201
    assert (await freezes(api))["availability"]["actions"][0]["validated_by"] == "bob"

    api.clock.advance(DAY_S + HOUR_S)
    await tick(api, 1_000, 0)
    ended = (await freezes(api))["availability"]
    assert ended["state"] == "ended"
    assert "obstacles" not in ended
    assert (await gate(api, "reliability"))["verdict"] == "allowed"
    refused = await gate(api, "feature")
    assert refused["exit_code"] == 10
    assert "availability is breached and counts as caution" in refused["reason"]

    await tick(api, 1_000_000, 0)
    assert "availability" not in await freezes(api)
    assert (await gate(api, "feature"))["verdict"] == "allowed"


async def test_the_same_on_the_command_line(api: RunningApi) -> None:
    assert await command(api, "list") == (0, "")
    await tick(api, 10_000, 100)
    status, said = await command(api, "add", "availability", "limit the pool", "--actor", "alice", "--due", "2099-01-01T00:00:00Z")
    action_id = said.strip()
    assert (status, action_id[:4]) == (0, "act_")
    status, said = await command(api, "validate", action_id, "--evidence", "run 7", "--actor", "bob")
    assert (status, said) == (0, f"{action_id}: validated by bob\n")
    status, said = await command(api, "list")
    (row,) = [line.split("\t") for line in said.splitlines() if line.startswith("availability\t")]
    assert row == ["availability", "open", "the budget is breached", action_id, "a day of it is over in 24 h 0 min"]
    (frozen,) = [one for one in json.loads((await command(api, "list", "--json"))[1])["items"] if one["slo"] == "availability"]
    assert (frozen["actions"][0]["due"], frozen["actions"][0]["validated_by"]) == ("2099-01-01T00:00:00.000000Z", "bob")


@pytest.mark.parametrize(
    ("path", "body", "status", "sentence"),
    [
        ("/v1/actions", {"slo": "nothing", "what": "x"}, 422, "no objective is called nothing"),
        ("/v1/actions", {"slo": "availability", "what": "x", "due": "2020-01-01T00:00:00Z"}, 422, "it is due in the past"),
        ("/v1/actions/act_1/validate", {"evidence": "x"}, 404, "no freeze has a corrective action act_1"),
    ],
)
async def test_what_cannot_be_recorded_is_refused_with_the_reason(
    api: RunningApi, path: str, body: dict[str, str], status: int, sentence: str
) -> None:
    answer = await api.client.post(path, json=body)
    assert answer.status_code == status, answer.text
    assert sentence in answer.text
