"""What the documentation shows is done to a running server, as a newcomer would."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, Iterator
from contextlib import asynccontextmanager
from fnmatch import fnmatch
from pathlib import Path

import httpx
import pytest

from surewire.client import LOBBY, HttpApi, connect
from tests.documentation import ROOT, Block, blocks, commands, read, section, table
from tests.server_process import ServerProcess, running_server

EXAMPLE_CHAT = "chat_01KAJ5Q6W5Y3N9V4T2R8M7C1ZX"
WAIT_S = 30.0


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[ServerProcess]:
    async with running_server(tmp_path / "data") as running:
        yield running


def curls() -> Iterator[list[str]]:
    for block in blocks("sh", pages=[ROOT / "README.md", ROOT / "docs" / "protocol.md"]):
        yield from (words[1:] for words in commands(block) if words[0] == "curl")


def request(arguments: list[str], server: str, chat_id: str) -> httpx.Request:
    """What curl would send, to our server and one of its chats."""
    url, body, headers = "", None, {}
    words = iter(arguments)
    for word in words:
        if word == "-H":
            name, _, value = next(words).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = next(words)
        elif not word.startswith("-"):
            url = word.replace("localhost:8080", server.removeprefix("http://")).replace(EXAMPLE_CHAT, chat_id)
    return httpx.Request("GET" if body is None else "POST", f"http://{url}", headers=headers, content=body)


def program(block: Block, server: ServerProcess) -> str:
    return block.text.replace("http://127.0.0.1:8080", server.http)


@asynccontextmanager
async def running(code: str, folder: Path, *arguments: str) -> AsyncGenerator[asyncio.StreamReader]:
    """A program's output while it runs."""
    command = (sys.executable, "-u", "-W", "error", "-c", code, *arguments)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=folder)
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_every_curl_that_is_shown_works(server: ServerProcess) -> None:
    async with HttpApi(server.http, user_id="alice") as api, httpx.AsyncClient() as http:
        chat_id = (await api.create_chat(["bob"])).chat_id
        statuses = {" ".join(words): (await http.send(request(words, server.http, chat_id))).status_code for words in curls()}
    assert len(statuses) > 5
    assert {words: status for words, status in statuses.items() if status >= 300} == {}


async def test_the_readiness_report_is_described_as_it_is(server: ServerProcess) -> None:
    (block,) = (block for block in blocks("json", pages=[ROOT / "docs" / "operations.md"]) if block.name == "ReadinessReport")
    async with httpx.AsyncClient() as http:
        report = (await http.get(f"{server.http}/ready")).json()
    described = json.loads(block.text)
    assert {name: loop["interval_s"] for name, loop in report["loops"].items()} == {
        name: loop["interval_s"] for name, loop in described["loops"].items()
    }
    assert list(report["checks"]) == list(described["checks"])


async def test_every_file_of_the_data_folder_is_described(server: ServerProcess) -> None:
    cells = [row[0] for row in table(section("docs/operations.md", "The data folder"))]
    patterns = [word.replace("…", "*") for cell in cells for word in cell.split("`")[1::2]]
    assert [file.name for file in server.data.iterdir() if not any(fnmatch(file.name, pattern) for pattern in patterns)] == []


@pytest.mark.parametrize("block", [block for block in blocks("python") if "client.messages()" in block.text], ids=str)
async def test_a_chatting_example_chats(block: Block, server: ServerProcess, tmp_path: Path) -> None:
    async with connect(server.http, user_id="bob") as bob, running(program(block, server), tmp_path) as output:
        await bob.join(LOBBY)
        async with asyncio.timeout(WAIT_S):
            heard = await anext(bob.messages())
            await bob.send(LOBBY, "welcome")
            assert (await output.readline()).decode() == "bob welcome\n"
    assert heard.content in block.text


@pytest.mark.parametrize("block", [block for block in blocks("python") if "client.subscribe(" in block.text], ids=str)
async def test_a_listening_example_hears(block: Block, server: ServerProcess, tmp_path: Path) -> None:
    async with HttpApi(server.http) as api, running(program(block, server), tmp_path) as output:
        line = asyncio.ensure_future(output.readline())
        async with asyncio.timeout(WAIT_S):
            while not line.done():
                await api.publish("incident_created", {"title": "Slow"}, severity="P1", labels={"team": "payments"})
                await asyncio.wait((line,), timeout=0.2)
    assert b"incident_created {'title': 'Slow'}" in line.result()


@pytest.mark.parametrize("block", [block for block in blocks("python") if "api.publish(" in block.text], ids=str)
async def test_a_publishing_example_publishes(block: Block, server: ServerProcess, tmp_path: Path) -> None:
    async with running(program(block, server), tmp_path) as output, asyncio.timeout(WAIT_S):
        assert (await output.readline()).startswith(b"msg_")


async def test_the_watching_example_misses_nothing_while_it_is_not_running(server: ServerProcess, tmp_path: Path) -> None:
    code = read("examples/incident_watch.py")
    async with HttpApi(server.http) as api, asyncio.timeout(WAIT_S):
        first = await api.publish("incident_created", severity="P1")
        (tmp_path / "incident_watch.position").write_text(f"{first.position.epoch}:0")
        async with running(code, tmp_path, server.http) as output:
            assert b" incident_created " in await output.readline()
        await api.publish("escalated", severity="P0")
        async with running(code, tmp_path, server.http) as output:
            # Killed before it could note the first event, it shows that one again.
            lines = [await output.readline()]
            while b" escalated " not in lines[-1]:
                assert b" incident_created " in lines[-1]
                lines.append(await output.readline())
    assert len(lines) <= 2
