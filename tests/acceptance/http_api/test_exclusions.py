"""What is taken out of an objective, over HTTP and on the command line: each span, rounded, with the reason when it does not count."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any

import pytest

from surewire.domain.instant import MICROS_PER_SECOND
from surewire.slo.window import DAY_S, HOUR_S
from tests.acceptance.http_api.running_api import RunningApi

MONTHS_START = "2027-03-01T00:00:00+00:00"


def instant(at_s: float) -> str:
    return f"{datetime.fromtimestamp(at_s, UTC):%Y-%m-%dT%H:%M:%SZ}"


async def announce(api: RunningApi, title: str, start_s: int, duration_s: int) -> list[str]:
    body = {"title": title, "start": instant(start_s), "duration_s": duration_s}
    answer = await api.client.post("/v1/maintenance-windows", json=body)
    assert answer.status_code == 201, answer.text
    notes: list[str] = answer.json().get("notes", [])
    return notes


async def taken_out(api: RunningApi, slo: str) -> list[dict[str, Any]]:
    answer = (await api.client.get(f"/v1/slos/{slo}/exclusions")).raise_for_status().json()
    items: list[dict[str, Any]] = answer["items"]
    return items


async def test_each_announcement_and_correction_is_shown_with_its_slots_or_the_reason_why_not(api: RunningApi) -> None:
    api.clock.wall_micros = int(datetime.fromisoformat(MONTHS_START).timestamp()) * MICROS_PER_SECOND
    start_s = api.clock.now_micros() // MICROS_PER_SECOND
    assert await announce(api, "in time", start_s + 2 * DAY_S + 7, 60) == []
    (note,) = await announce(api, "too late", start_s + DAY_S, HOUR_S)
    assert note == "It does not count for sla-001-http-availability, which asks for 48 h of notice and keeps it as down time."
    listed = (await api.client.get("/v1/maintenance-windows")).raise_for_status().json()["items"]
    assert [one.get("notes") for one in listed] == [[note], None]
    api.clock.advance(3 * DAY_S)
    correction = {
        "start": instant(start_s + 30),
        "end": instant(start_s + 60),
        "category": "scheduled_maintenance",
        "reason": "unannounced",
        "approver": "bob",
        "all_slos": True,
    }
    assert (await api.client.post("/v1/corrections", json=correction)).status_code == 201

    unproven, late, early = await taken_out(api, "sla-001-http-availability")
    assert (unproven["counts"], unproven["why_not"]) == (False, "down time is only taken out with evidence")
    assert (late["what"], late["counts"], late["taken_start"]) == ("too late", False, None)
    assert late["why_not"] == "announced 24 h 0 min before it started; sla-001-http-availability asks for 48 h"
    assert (early["what"], early["counts"], early["rounding_s"]) == ("in time", True, 15)
    assert (early["start"], early["taken_start"]) == ("2027-03-03T00:00:07.000000Z", "2027-03-03T00:00:00.000000Z")
    assert [one["counts"] for one in await taken_out(api, "availability")] == [True, True, True]
    assert (await api.client.get("/v1/slos/nothing/exclusions")).status_code == 404


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"approver": ""}, "approver"),
        ({"approver": "alice"}, "approver"),
        ({"slos": []}, "slos"),
        ({"all_slos": True}, "slos"),
        ({"start": "0001-01-01T00:00:00Z"}, "start"),
    ],
)
async def test_nobody_takes_the_past_out_alone_unnamed_or_as_a_whole(api: RunningApi, changes: dict[str, Any], path: str) -> None:
    now_s = api.clock.now_micros() // MICROS_PER_SECOND
    body = {
        "start": instant(now_s - 60),
        "end": instant(now_s),
        "category": "other",
        "reason": "a test",
        "approver": "bob",
        "slos": ["availability"],
    }
    refused = await api.client.post("/v1/corrections", params={"user_id": "alice"}, json={**body, **changes})
    assert (refused.status_code, path in refused.text) == (422, True), refused.text
    made = await api.client.post("/v1/corrections", params={"user_id": "alice"}, json=body)
    assert made.status_code == 201, made.text


async def test_the_command_prints_them_line_by_line(api: RunningApi) -> None:
    now_s = api.clock.now_micros() // MICROS_PER_SECOND // 15 * 15
    api.clock.wall_micros = now_s * MICROS_PER_SECOND
    await announce(api, "new disks", now_s + 20, 30)
    api.clock.advance(120)
    line = (sys.executable, "-m", "surewire", "slo", "exclusions", "availability", "--url", api.url)
    process = await asyncio.create_subprocess_exec(*line, stdout=asyncio.subprocess.PIPE)
    out, _ = await asyncio.wait_for(process.communicate(), 30)
    start, end, what, taken, id_ = out.decode().rstrip("\n").split("\t")
    assert (start, end, what) == (instant(now_s + 20), instant(now_s + 50), "new disks")
    assert taken == "yes, 15 s of it because slots are whole"
    assert id_.startswith("mnt_")
