"""`surewire chat` on a real (pseudo) terminal."""

from __future__ import annotations

from pathlib import Path

from surewire.client import LOBBY, connect
from tests.acceptance.terminal import terminal
from tests.server_process import running_server


async def test_lines_come_in_above_the_prompt_and_what_is_being_typed_stays(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server, connect(server.http, user_id="bob") as bob:
        await bob.join(LOBBY)
        await bob.send(LOBBY, "earlier")
        to_bob = await bob.messages().ready()
        async with terminal(server.http, "chat", "alice") as alice:
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
        async with terminal(server.http, "chat", "alice", NO_COLOR="1") as alice:
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
        async with terminal(server.http, "chat", "alice", NO_COLOR="1") as alice:
            await alice.until(" bob: earlier")
            await alice.until("alice> ")
