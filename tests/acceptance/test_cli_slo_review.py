"""`surewire slo review` against a real server, and without one."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import httpx

from tests.server_process import ServerProcess

_NOBODY = "http://127.0.0.1:9"


async def review(url: str, *arguments: str) -> tuple[int, str, str]:
    """The exit status, standard output and standard error."""
    command = (sys.executable, "-m", "surewire", "slo", "review", *arguments, "--url", url)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE)
    out, err = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


def ticks_of(text: str) -> dict[str, Any]:
    found = json.loads(text)
    return {item["id"]: item["tick"] for item in (*found["tasks"], *found["agenda"]) if "tick" in item}


async def test_ticks_are_kept_through_kill_9_and_shown_with_the_evidence(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", {})
    await server.start()
    status, out, _ = await review(
        server.http, "--weekly", "--tick", "heartbeats", "--tick", "alert-tuning", "--note", "calm", "--actor", "bob"
    )
    assert status == 0
    lines = out.splitlines()
    assert lines[0].startswith("weekly review, ")
    done = lines.index("- [x] Check heartbeat timeout trends  (heartbeats)")
    assert lines[done + 1] == "      No pings in the last 7 d."
    assert lines[done + 3].startswith("      done by bob at 20")
    assert lines[done + 3].endswith("Z: calm")
    assert "Attendees: SLO owners + on-call" in lines
    assert "Agenda: Budget status, recent incidents, alert tuning" in lines
    assert "- [x] alert tuning  (alert-tuning)" in lines
    await server.kill()
    await server.start()
    status, out, _ = await review(server.http, "--weekly", "--json")
    assert status == 0
    assert {id_: (tick["actor"], tick["note"]) for id_, tick in ticks_of(out).items()} == {
        "heartbeats": ("bob", "calm"),
        "alert-tuning": ("bob", "calm"),
    }
    assert ticks_of((await review(server.http, "--daily", "--json"))[1]) == {}
    assert await server.terminate() == 0


async def test_reviews_and_tasks_that_are_not_there_are_refused(tmp_path: Path) -> None:
    server = ServerProcess(tmp_path / "data", {})
    await server.start()
    async with httpx.AsyncClient(base_url=server.http, trust_env=False) as api:
        yearly = await api.get("/v1/reviews/yearly")
        nothing = await api.post("/v1/reviews/weekly", json={"item": "nothing"})
    assert (yearly.status_code, nothing.status_code) == (404, 404)
    assert "there is no yearly review; there are daily, weekly, monthly, quarterly" in yearly.text
    assert "the weekly review has no 'nothing'; it has slow-endpoints" in nothing.text
    status, _, err = await review(server.http, "--monthly", "--tick", "heartbeats")
    assert status == 2
    assert err.startswith("error: --tick: the monthly review has no 'heartbeats'; it has sla-report, postmortems")
    assert await server.terminate() == 0


async def test_without_a_server_the_tasks_are_printed_as_by_hand_and_none_can_be_ticked() -> None:
    shown, ticked = await asyncio.gather(review(_NOBODY), review(_NOBODY, "--tick", "metrics"))
    status, out, err = shown
    assert status == 0
    assert out.count("- [ ] ") == out.count("by hand") == 4
    assert "nobody listens there" in err
    assert "Until then every task is by hand." in err
    assert ticked[:2] == (1, "")
    assert "nobody listens there" in ticked[2]


async def test_wrong_use_is_one_sentence() -> None:
    for arguments, sentence in (
        (["--daily", "--weekly"], "error: these are several reviews. Leave out all but one of --daily, --weekly."),
        (["--note", "calm"], "error: --note: a note belongs to a task. Name the task with --tick."),
    ):
        assert await review(_NOBODY, *arguments) == (2, "", f"{sentence}\n")
