"""Too fast is refused with the time to wait; nothing of what was refused is done."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.peer import Peer, open_peer
from tests.acceptance.protocol.raw_peer import TEXT, RawPeer, client_frame, open_raw_peer
from tests.acceptance.protocol.scrape import scrape, scrape_until
from tests.acceptance.protocol.test_chat import make_chat
from tests.server_process import ServerProcess, running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

SLOW = {"SUREWIRE_LIMITS__MESSAGES_PER_S": "2", "SUREWIRE_LIMITS__BURST": "4"}
FAST = {"SUREWIRE_LIMITS__MESSAGES_PER_S": "100000", "SUREWIRE_LIMITS__BURST": "100000"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def slow(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    """Two messages a second, four at once."""
    async with running_server(tmp_path_factory.mktemp("rates") / "slow", **UNHURRIED, **SLOW) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def fast(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    """Connections may say as much as they want; chats are as shipped."""
    async with running_server(tmp_path_factory.mktemp("rates") / "fast", **UNHURRIED, **FAST) as server:
        yield server


async def wait_as_told(error: dict[str, Any]) -> None:
    assert (error["code"], error["temporary"]) == ("RATE_LIMITED", True)
    await asyncio.sleep(error["retry_after_ms"] / 1000)


async def pings(peer: Peer, count: int) -> None:
    for _ in range(count):
        assert (await peer.ask("ping"))["type"] == "pong"


async def test_a_connection_that_is_too_fast_is_told_how_long_to_wait_and_is_then_heard(slow: ServerProcess) -> None:
    async with open_peer(slow.ws) as peer:
        await pings(peer, 4)
        error = await peer.ask("subscribe", subscription_id="s", filters={})
        assert error["subscription_id"] == "s"
        assert 1 <= error["retry_after_ms"] <= 500
        await wait_as_told(error)
        assert (await peer.ask("unsubscribe", subscription_id="s"))["code"] == "NOT_FOUND"


async def test_what_cannot_be_understood_costs_nothing(slow: ServerProcess) -> None:
    async with open_peer(slow.ws) as peer:
        for _ in range(9):
            await peer.socket.send("{")
            assert (await peer.hear())["code"] == "INVALID_MESSAGE"
        await pings(peer, 4)


async def test_being_too_fast_again_and_again_costs_nothing_and_closes_nothing(slow: ServerProcess) -> None:
    async with open_peer(slow.ws) as peer:
        for number in range(40):
            await peer.say("ping", timestamp=number)
        answers = [await peer.hear() for _ in range(40)]
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert [answer["timestamp"] for answer in answers[:4]] == [0, 1, 2, 3]
        assert len(refused) >= 30
        assert all(1 <= error["retry_after_ms"] <= 500 for error in refused)
        await wait_as_told(refused[-1])
        await pings(peer, 1)


async def test_every_connection_has_a_rate_of_its_own(slow: ServerProcess) -> None:
    async with open_peer(slow.ws, "ann") as one, open_peer(slow.ws, "ann") as other:
        await pings(one, 4)
        assert (await one.ask("ping"))["code"] == "RATE_LIMITED"
        await pings(other, 4)


async def test_the_burst_is_100_unless_configured(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server, open_peer(server.ws) as peer:
        await pings(peer, 100)


async def sends(peer: Peer, chat: str, first: int, last: int) -> list[dict[str, Any]]:
    for number in range(first, last + 1):
        await peer.say("send_message", chat_id=chat, client_message_id=f"c{number}", content="x", request_id=f"r{number}")
    return [await peer.hear() for _ in range(first, last + 1)]


async def test_a_sender_that_is_too_fast_for_a_chat_is_refused_and_nothing_is_stored(fast: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=fast.http) as http, open_peer(fast.ws, "ann") as ann:
        chat, other_chat = await make_chat(http, "ann", "bob"), await make_chat(http, "ann", "bob")
        before = await scrape(http)
        answers = await sends(ann, chat, 1, 40)
        refused = [answer for answer in answers if answer["type"] == "error"]
        stored = len(answers) - len(refused)
        assert 20 <= stored <= 25
        assert all((error["code"], error["request_id"][0]) == ("RATE_LIMITED", "r") for error in refused)
        assert (await ann.ask("history", chat_id=chat))["latest_sequence"] == stored
        assert (await sends(ann, other_chat, 1, 1))[0]["sequence"] == 1
        counted = (await scrape(http)).since(before)
        assert counted.by("status", "gateway_send_total") == {"success": stored + 1}
        assert counted.by("error_code", "gateway_protocol_errors_total") == {"RATE_LIMITED": len(refused)}
        await wait_as_told(refused[-1])
        (late,) = await sends(ann, chat, 40, 40)
        assert (late["type"], late["sequence"], late["duplicate"]) == ("message_ack", stored + 1, False)


async def test_another_member_may_still_speak_and_http_counts_with_websocket(fast: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=fast.http) as http, open_peer(fast.ws, "carl") as carl, open_peer(fast.ws, "bob") as bob:
        chat = await make_chat(http, "carl", "bob")
        await sends(carl, chat, 1, 40)
        await bob.say("send_message", chat_id=chat, client_message_id="b1", content="x")
        assert (await bob.hear_until("message_ack"))["duplicate"] is False
        body = {"client_message_id": "late", "content": "x"}
        answer = await http.post(f"/v1/chats/{chat}/messages", params={"user_id": "carl"}, json=body)
        assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (429, "RATE_LIMITED", "1")


@pytest.mark.parametrize("kind", ["history", "sync_request", "ack", "unsubscribe", "send_message"])
async def test_every_kind_of_message_costs_one_token_and_the_refusal_echoes_its_request(slow: ServerProcess, kind: str) -> None:
    fields: dict[str, dict[str, Any]] = {
        "history": {"chat_id": "c", "request_id": "r"},
        "sync_request": {"chats": [{"chat_id": "c", "after_sequence": 0}], "request_id": "r"},
        "ack": {"message_id": "msg_x"},
        "unsubscribe": {"subscription_id": "s"},
        "send_message": {"chat_id": "c", "client_message_id": "m", "content": "x", "request_id": "r"},
    }
    async with open_peer(slow.ws) as peer:
        for _ in range(4):
            await peer.say(kind, **fields[kind])
        await peer.say(kind, **fields[kind])
        while (error := await peer.hear())["code"] != "RATE_LIMITED":
            pass
        echo = {key: error[key] for key in ("request_id", "subscription_id") if key in error}
        assert echo == {key: value for key, value in fields[kind].items() if key in ("request_id", "subscription_id")}


async def floods(peer: RawPeer) -> None:
    """Says more than anybody may, whatever the answers are, and reads them."""

    async def hear_nothing_of_it() -> None:
        while await peer.frame():
            pass

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(hear_nothing_of_it())
        while True:
            await peer.send_bytes(client_frame(TEXT, b'{"type":"ping"}') * 1_000)


async def test_who_goes_on_after_refusals_is_heard_less_and_others_as_before(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server, httpx.AsyncClient(base_url=server.http) as http, AsyncExitStack() as stack:
        flooding = [asyncio.create_task(floods(await stack.enter_async_context(open_raw_peer(server.port)))) for _ in range(3)]
        before = await scrape_until(http, lambda now: now.value("gateway_protocol_errors_total", error_code="RATE_LIMITED") > 300)
        async with open_peer(server.ws) as quiet:
            await pings(quiet, 50)
        refused = (await scrape(http)).since(before).value("gateway_protocol_errors_total", error_code="RATE_LIMITED")
        assert refused < 10_000, "a few at a time, not a socket's buffer full of them between one turn of others and the next"
        for task in flooding:
            assert not task.done()
            task.cancel()
        await asyncio.wait(flooding)
