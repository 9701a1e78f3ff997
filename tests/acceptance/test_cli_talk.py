"""`surewire chat`, `listen` and `publish` as processes that talk over a real server, also when it is killed meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tests.server_process import ServerProcess, running_server


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[ServerProcess]:
    fast = {
        "SUREWIRE_LIMITS__CHAT_MESSAGES_PER_S": "1000",
        "SUREWIRE_LIMITS__CHAT_BURST": "1000",
        "SUREWIRE_LIMITS__MAX_CONTENT_BYTES": "100",
    }
    async with running_server(tmp_path / "data", **fast) as running:
        yield running


class Command:
    """A running command: lines in, lines out."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self.process, self._in, self._out, self._err = process, process.stdin, process.stdout, process.stderr

    async def line(self) -> str:
        return (await asyncio.wait_for(self._out.readline(), 30)).decode().rstrip("\n")

    async def lines(self, count: int) -> list[str]:
        return [await self.line() for _ in range(count)]

    async def status(self) -> str:
        """The next line of standard error."""
        return (await asyncio.wait_for(self._err.readline(), 30)).decode().rstrip("\n")

    def type(self, *lines: str) -> None:
        self._in.write("".join(f"{line}\n" for line in lines).encode())

    async def end_of_input(self) -> int:
        self._in.close()
        return await asyncio.wait_for(self.process.wait(), 30)


@asynccontextmanager
async def surewire(server: ServerProcess, *arguments: str) -> AsyncGenerator[Command]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "surewire", *arguments),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env=os.environ | {"SUREWIRE_URL": server.http},
    )
    try:
        yield Command(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def run(server: ServerProcess, *arguments: str, text: str = "") -> tuple[int, str, str]:
    async with surewire(server, *arguments) as command:
        out, err = await asyncio.wait_for(command.process.communicate(text.encode()), 60)
        assert command.process.returncode is not None
        return command.process.returncode, out.decode(), err.decode()


async def test_piped_lines_are_stored_in_order_and_then_the_command_ends(server: ServerProcess) -> None:
    async with surewire(server, "chat", "bob") as bob:
        await _in_lobby(server, "bob")
        status, out, err = await run(server, "chat", "alice", text="one\n\ntwo\nlast without its end")
        assert (status, out, err) == (0, "", "")
        assert [line.partition(" ")[2] for line in await bob.lines(3)] == ["alice: one", "alice: two", "alice: last without its end"]


async def test_a_conversation_survives_kill_9_without_loss_or_repetition(server: ServerProcess) -> None:
    async with surewire(server, "chat", "alice") as alice, surewire(server, "chat", "bob") as bob:
        await _in_lobby(server, "alice")
        await _in_lobby(server, "bob")
        alice.type(*(f"a{n}" for n in range(20)))
        assert [line.partition(" ")[2] for line in await bob.lines(20)] == [f"alice: a{n}" for n in range(20)]
        await server.kill()
        alice.type(*(f"a{n}" for n in range(20, 40)))
        bob.type("b0")
        assert (await bob.status()).startswith("disconnected: ")
        await server.start()
        assert [line.partition(" ")[2] for line in await bob.lines(20)] == [f"alice: a{n}" for n in range(20, 40)]
        assert await bob.status() == "connected again"
        assert (await alice.line()).endswith("bob: b0")
        assert await alice.end_of_input() == 0


async def test_a_refused_line_of_a_pipe_is_named_and_ends_it(server: ServerProcess) -> None:
    async with surewire(server, "chat", "bob") as bob:
        await _in_lobby(server, "bob")
        status, _, err = await run(server, "chat", "alice", text=f"one\n\n{'x' * 101}\nfour\n")
        assert status == 1
        assert err.startswith("error: line 3: ")
        await run(server, "chat", "carol", text="five\n")
        assert [line.partition(" ")[2] for line in await bob.lines(2)] == ["alice: one", "carol: five"]


async def test_who_interrupts_is_told_which_line_was_not_confirmed(server: ServerProcess) -> None:
    async with surewire(server, "chat", "alice") as alice, surewire(server, "chat", "bob") as bob:
        await _in_lobby(server, "alice")
        await _in_lobby(server, "bob")
        alice.type("before")
        assert (await bob.line()).endswith("alice: before")
        await server.kill()
        assert (await alice.status()).startswith("disconnected: ")
        alice.type("kept until then")
        await _has_read_its_input(alice)
        alice.process.send_signal(signal.SIGINT)
        assert await alice.status() == "not sent: kept until then (the server has not confirmed it)"
        assert await asyncio.wait_for(alice.process.wait(), 30) == 130


@pytest.mark.parametrize("surname", ["", "x" * 120], ids=["short names", "names longer than that of a chat may be"])
async def test_people_who_name_each_other_meet(server: ServerProcess, surname: str) -> None:
    alice, bob = f"alice{surname}", f"bob{surname}"
    assert (await run(server, "chat", alice, "--with", bob, text="are you there?\n"))[::2] == (0, "")
    assert (await run(server, "chat", bob, "--with", alice, text="yes\n"))[::2] == (0, "")
    async with surewire(server, "store", "stats", "--json", "--data", str(server.data)) as stats:
        assert "is in use by process" in await stats.status()
    await server.terminate()
    _, out, _ = await run(server, "store", "stats", "--json", "--data", str(server.data))
    assert {name: json.loads(out)[name] for name in ("chats", "messages", "members")} == {"chats": 1, "messages": 2, "members": 2}


async def test_a_chat_that_is_not_ones_own_is_refused(server: ServerProcess) -> None:
    status, out, err = await run(server, "chat", "alice", "--chat", "chat_of_others", text="hello\n")
    assert (status, out) == (1, "")
    assert err == "error: there is no such chat that you are in. Name people instead, --with NAME, or leave --chat out for the lobby.\n"


async def test_what_is_published_is_heard_by_those_who_listen_for_it(server: ServerProcess) -> None:
    async with (
        surewire(server, "listen", "--filter", "severities=P0,P1", "--filter", "labels.env=prod", "--json") as urgent,
        surewire(server, "listen") as everything,
    ):
        await _subscribed(server, 2)
        data = ("--data", '{"title": "Link down"}')
        status, first, _ = await run(server, "publish", "incident_created", "--severity", "P3", "--label", "env=prod")
        assert status == 0
        more = ("--source", "router-7", "--label", "env=prod", "--resource", "link-1", "--incident", "inc_1", "--channel", "ops")
        status, second, _ = await run(server, "publish", "incident_created", "--severity", "P1", *more, *data)
        assert status == 0
        assert re.fullmatch(r"msg_[0-9A-Z]{26} [A-Za-z0-9_-]+:1\n", first)
        message_id, position = second.split()
        event = json.loads(await urgent.line())
        assert (event["message_id"], "{epoch}:{offset}".format(**event["position"])) == (message_id, position)
        assert event["event"]["data"] == {"title": "Link down"}
        assert [line.partition(" ")[2] for line in await everything.lines(2)] == [
            "P3 incident_created env=prod",
            'P1 incident_created router-7 inc_1 ops link-1 env=prod {"title":"Link down"}',
        ]
    epoch = position.partition(":")[0]
    async with surewire(server, "listen", "--since", f"{epoch}:1", "--json") as again:
        assert json.loads(await again.line())["message_id"] == message_id


async def test_a_listener_comes_back_after_kill_9_and_misses_nothing(server: ServerProcess) -> None:
    async with surewire(server, "listen") as listener:
        await _subscribed(server, 1)
        await run(server, "publish", "system_event", "--data", "1")
        assert (await listener.line()).endswith("system_event 1")
        await server.kill()
        assert (await listener.status()).startswith("disconnected ")
        await server.start()
        await run(server, "publish", "system_event", "--data", "2")
        assert (await listener.line()).endswith("system_event 2")


async def test_what_the_server_refuses_is_said(server: ServerProcess) -> None:
    status, out, err = await run(server, "publish", "Not A Type")
    assert (status, out) == (1, "")
    assert err.startswith("error: event_type: ")


async def _in_lobby(server: ServerProcess, user: str) -> None:
    """Returns once the user has a connection and is in the lobby, from where on it misses nothing."""
    async with httpx.AsyncClient(base_url=server.http, headers={"X-User-Id": user}) as http, asyncio.timeout(30):
        while not (await http.get("/v1/chats")).json()["items"]:  # noqa: ASYNC110 - another process gives no event to wait for
            await asyncio.sleep(0.02)


async def _has_read_its_input(command: Command) -> None:
    """Returns once a line was taken: while one is on its way, no thread waits for the keyboard."""
    tasks = f"/proc/{command.process.pid}/task"
    async with asyncio.timeout(30):
        while len(os.listdir(tasks)) > 1:  # noqa: ASYNC110, PTH208 - another process gives no event to wait for
            await asyncio.sleep(0.02)


async def _subscribed(server: ServerProcess, count: int) -> None:
    async with httpx.AsyncClient(base_url=server.http) as http, asyncio.timeout(30):
        while f"gateway_subscriptions_active {count}.0" not in (await http.get("/metrics")).text:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)
