"""The examples do what they say."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from surewire.client import LOBBY, HttpApi, connect
from tests.server_process import running_server

EXAMPLES = Path(__file__).parents[2] / "examples"


@asynccontextmanager
async def example(name: str, *arguments: str) -> AsyncGenerator[asyncio.StreamReader]:
    """The standard output of a running example."""
    process = await asyncio.create_subprocess_exec(sys.executable, "-u", EXAMPLES / name, *arguments, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    try:
        yield process.stdout
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line(output: asyncio.StreamReader) -> str:
    return (await asyncio.wait_for(output.readline(), 30)).decode()


async def test_the_echo_bot_answers_once_across_its_own_restarts(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server, connect(server.http, user_id="alice") as alice:
        await alice.join(LOBBY)
        messages = await alice.messages().ready()
        for number in range(3):
            async with example("echo_bot.py", server.http, str(tmp_path / "position")) as output:
                assert "Connected" in await line(output)
                if number == 0:
                    await _joined(server.http)
                await alice.send(LOBBY, f"echo {number}")
                assert (await asyncio.wait_for(anext(messages), 30)).content == f"alice: {number}"
            await alice.send(LOBBY, f"echo offline {number}")
            async with example("echo_bot.py", server.http, str(tmp_path / "position")):
                assert (await asyncio.wait_for(anext(messages), 30)).content == f"alice: offline {number}"


async def test_the_reporter_publishes(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server, example("report_disk.py", server.http) as output:
        assert re.fullmatch(r"msg_\w+ [\w-]+:1\n", await line(output))


async def _joined(url: str) -> None:
    async with HttpApi(url, user_id="echo_bot") as api, asyncio.timeout(30):
        while not await api.chats():  # noqa: ASYNC110 - another process gives no event to wait for
            await asyncio.sleep(0.02)
