"""The runbooks are followed on a running server: its log is searched as they say, it is asked what they ask, and a real loss is found."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from surewire.client import LOBBY, connect
from surewire.contract.runbooks import load_runbook
from tests.documentation import ROOT, Block, blocks, commands
from tests.runbook_pages import NUMBERS, page_of, statements
from tests.server_process import ServerProcess, running_server

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")

PAGES = [*map(page_of, NUMBERS), ROOT / "docs" / "runbooks.md", ROOT / "docs" / "service-levels.md"]
SHELL = blocks("sh", pages=PAGES)
WAIT_S = 20.0
# What these do is done elsewhere: they wait, change something, or work on the folder of a stopped server.
OTHERS = (
    "alerts ack",
    "serve",
    "chat",
    "config",
    "store",
    "deployment record",
    "maintenance add",
    "slo correct",
    "slo action",
    "slo show",
    "slo simulate",
)
LOST = 'durability_ack_sent_total{persisted="false"} 2.0'


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[ServerProcess]:
    async with running_server(tmp_path / "data", SUREWIRE_SLO__EVALUATE_EVERY_S="1") as running:
        await judged(running)
        yield running


async def judged(server: ServerProcess) -> None:
    """Returns when the server has judged its objectives for the first time."""
    async with httpx.AsyncClient(base_url=server.http) as http, asyncio.timeout(WAIT_S):
        while (await http.get("/v1/slos/availability")).status_code == 503:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.05)


def lines(text: str) -> list[str]:
    return [line for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def filters(block: Block) -> list[str]:
    """The programs of jq that a block runs."""
    return re.findall(r"jq (?:-\w+ )?'([^']+)'", block.text)


def jq(program: str, text: str, option: str = "-cR") -> list[str]:
    run = subprocess.run(["jq", option, program], check=False, input=text, capture_output=True, text=True, timeout=10)
    assert run.returncode == 0, run.stderr
    return run.stdout.splitlines()


async def surewire(server: ServerProcess, *arguments: str) -> tuple[int, str]:
    environment = {"SUREWIRE_URL": server.http, "PATH": ""}
    command = (sys.executable, "-m", "surewire", *arguments)
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, env=environment
    )
    out, _ = await asyncio.wait_for(process.communicate(), WAIT_S)
    return process.returncode or 0, out.decode()


async def status_of(http: httpx.AsyncClient, alert: str) -> str:
    listed = (await http.get("/v1/alerts")).json()["items"]
    return next(str(one["status"]) for one in listed if one["name"] == alert)


async def test_what_is_asked_over_http_is_answered_and_taken_apart(server: ServerProcess) -> None:
    asked = 0
    async with httpx.AsyncClient() as http:
        for line in {line.strip() for block in SHELL for line in lines(block.text)}:
            found = re.fullmatch(r"curl -s '?localhost:8080(/[^ ']*)'?(?: \| jq '?([^']+)'?| \| grep .*)?", line)
            if found is None:
                continue
            answer = await http.get(f"{server.http}{found[1]}")
            assert answer.status_code == 200, line
            if found[2] is not None:
                assert jq(found[2], answer.text, "-c"), line
            asked += 1
    assert asked >= 8


async def test_every_command_runs(server: ServerProcess) -> None:
    shown = {tuple(words[1:]) for block in SHELL for words in commands(block) if words[0] == "surewire"}
    shown = {words for words in shown if not " ".join(words).startswith(OTHERS)}
    assert len(shown) >= 4
    for words in shown - {("slo", "lint", "slos.yaml"), ("slo", "explain", "sync-success-month", "--file", "slos.yaml")}:
        status, out = await surewire(server, *words)
        assert status in {0, 10, 11}, (words, out)
        assert out or words[-1] == "list"


def test_every_search_of_the_log_can_be_run() -> None:
    log = "\n".join(
        [
            "surewire ready on http://127.0.0.1:8080 (data: /var/lib/surewire)",
            json.dumps({"level": "error", "service": "gateway", "logger": "gateway.frames", "event": "connection closed by KeyError"}),
            json.dumps(
                {"level": "error", "service": "durability", "event": "x", "error_code": "PERSIST_FAILED", "ack_sent": False, "reason": "no"}
            ),
        ]
    )
    searches = [program for block in SHELL for program in filters(block) if "fromjson" in program]
    assert len(searches) > 10
    for program in searches:
        jq(program, log)


async def test_a_lost_message_is_found_by_following_the_page(server: ServerProcess) -> None:
    async with connect(server.http, user_id="alice") as alice:
        await alice.join(LOBBY)
        for number in range(3):
            await alice.send(LOBBY, f"{number}")
    assert await server.terminate() == 0
    with sqlite3.connect(server.data / "surewire.db") as file:
        assert file.execute("DELETE FROM messages WHERE sequence > 1").rowcount == 2
    file.close()
    await server.start()
    async with httpx.AsyncClient(base_url=server.http) as http, asyncio.timeout(WAIT_S):
        # The auditor looks at everything at the start.
        while LOST not in (await http.get("/metrics")).text:  # noqa: ASYNC110 - another process has no event
            await asyncio.sleep(0.05)
        while await status_of(http, "MessageLoss") != "firing":  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.05)
        closing = next(words[1:] for block in SHELL for words in commands(block) if words[1:4] == ["alerts", "ack", "MessageLoss"])
        assert "--close" in closing
        for words in (closing[: closing.index("--close")], closing):
            status, out = await surewire(server, *words)
            assert status == 0, out
        assert await status_of(http, "MessageLoss") == "quiet"
    assert await server.terminate() == 0

    (program,) = (one for block in SHELL for one in filters(block) if ".ack_sent == true" in one)
    (found,) = (json.loads(line) for line in jq(program, server.log.read_text()))
    assert (found["chat_id"], found["first_sequence"], found["last_sequence"]) == (LOBBY, 2, 3)

    (statement,) = (text for name, text in statements("RB-001") if name == "surewire-acknowledged")
    with sqlite3.connect(server.data / "surewire-acknowledged.db") as file:
        assert [row[1:] for row in file.execute(statement)] == [(LOBBY, 2, 3)]
    file.close()
    assert "surewire store check" in load_runbook("RB-001").sections["Investigation"]
    status, out = await surewire(server, "store", "check", "--data", str(server.data))
    assert (status, "its highest sequence is 1" in out) == (1, True)
