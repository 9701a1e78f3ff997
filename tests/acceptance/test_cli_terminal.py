"""`surewire chat` on a real (pseudo) terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from surewire.client import LOBBY, connect
from tests.server_process import ServerProcess, running_server


class Terminal:
    """A terminal with `surewire` in it: what is typed goes in, what is shown comes out."""

    def __init__(self, terminal: int, process: asyncio.subprocess.Process) -> None:
        self._terminal, self._process = terminal, process
        self.shown = ""
        self._grew = asyncio.Event()
        asyncio.get_running_loop().add_reader(terminal, self._read)

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    async def until(self, text: str) -> None:
        """Returns once this was shown, and forgets everything up to it."""
        async with asyncio.timeout(30):
            while text not in self.shown:
                self._grew.clear()
                await self._grew.wait()
        self.shown = self.shown.partition(text)[2]

    async def end(self) -> int:
        """Leaves with Ctrl-D, typed again where it fell between two prompts, when the terminal itself takes it."""
        async with asyncio.timeout(30):
            while True:
                self.type("\x04")
                with suppress(TimeoutError):
                    return await asyncio.wait_for(self._process.wait(), 2)

    def _read(self) -> None:
        try:
            self.shown += os.read(self._terminal, 65_536).decode(errors="replace")
        except OSError:
            asyncio.get_running_loop().remove_reader(self._terminal)
        self._grew.set()


@asynccontextmanager
async def terminal(server: ServerProcess, *arguments: str, **settings: str) -> AsyncGenerator[Terminal]:
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "surewire", *arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=os.environ | {"SUREWIRE_URL": server.http, "TERM": "xterm"} | settings,
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_lines_come_in_above_the_prompt_and_what_is_being_typed_stays(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server, connect(server.http, user_id="bob") as bob:
        await bob.join(LOBBY)
        await bob.send(LOBBY, "earlier")
        to_bob = await bob.messages().ready()
        async with terminal(server, "chat", "alice") as alice:
            await alice.until("bob\x1b[0m: earlier")
            await alice.until("in chat_lobby; Ctrl-D leaves")
            await alice.until("alice> ")
            alice.type("half a sen")
            await alice.until("half a sen")
            await bob.send(LOBBY, "interrupting \x1b[2J you")
            await alice.until("bob\x1b[0m: interrupting �[2J you")
            await alice.until("alice> half a sen")
            alice.type("tence\r")
            assert (await anext(to_bob)).content == "half a sentence"
            await server.kill()
            await alice.until("disconnected: the connection broke; trying again, what you write is kept")
            alice.type("kept\r")
            await server.start()
            await alice.until("connected again")
            assert (await anext(to_bob)).content == "kept"
            assert await alice.end() == 0


async def test_a_refused_line_is_shown_and_the_conversation_goes_on(tmp_path: Path) -> None:
    async with (
        running_server(tmp_path / "data", SUREWIRE_LIMITS__MAX_CONTENT_BYTES="100") as server,
        connect(server.http, user_id="bob") as bob,
    ):
        await bob.join(LOBBY)
        to_bob = await bob.messages().ready()
        async with terminal(server, "chat", "alice", NO_COLOR="1") as alice:
            await alice.until("alice> ")
            alice.type(f"{'x' * 101}\r")
            await alice.until("not sent: ")
            alice.type("shorter\r")
            assert (await anext(to_bob)).content == "shorter"
            assert await alice.end() == 0


async def test_who_wants_no_colour_gets_plain_text(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server, connect(server.http, user_id="bob") as bob:
        await bob.join(LOBBY)
        await bob.send(LOBBY, "earlier")
        async with terminal(server, "chat", "alice", NO_COLOR="1") as alice:
            await alice.until(" bob: earlier")
            await alice.until("alice> ")
