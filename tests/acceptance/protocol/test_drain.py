"""A server that is told to stop: nobody is let in, nothing is lost, everyone is told, and it ends."""

from __future__ import annotations

import asyncio
import json
import signal
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio
from websockets.exceptions import ConnectionClosed

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.event_api import numbered, numbers, pages_since
from tests.acceptance.protocol.peer import Peer, open_peer
from tests.acceptance.protocol.raw_peer import CLOSE, TEXT, RawPeer, client_frame, knock, open_raw_peer
from tests.acceptance.protocol.scrape import scrape
from tests.acceptance.protocol.test_chat import make_chat
from tests.server_process import ServerProcess, running_server

UNLIMITED_RATES = {
    "SUREWIRE_LIMITS__MESSAGES_PER_S": "1000000",
    "SUREWIRE_LIMITS__BURST": "1000000",
    "SUREWIRE_LIMITS__CHAT_MESSAGES_PER_S": "1000000",
    "SUREWIRE_LIMITS__CHAT_BURST": "1000000",
}


@pytest_asyncio.fixture
async def busy(tmp_path: Path) -> AsyncGenerator[ServerProcess]:
    """A server that takes messages as fast as they come."""
    async with running_server(tmp_path / "data", **UNHURRIED, **UNLIMITED_RATES) as server:
        yield server


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_everyone_is_told_and_sent_away_with_1012_at_moments_of_their_own(server: ServerProcess, number: signal.Signals) -> None:
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(open_peer(server.ws)) for _ in range(50)]
        server.send(number)
        endings = await asyncio.gather(*(peer.hear_close() for peer in peers))
        assert {code for _, code in endings} == {1012}
        told = [closing for closing, _ in endings if closing is not None]
        assert len(told) == 50
        assert all((closing["code"], closing["reconnect"]) == (1012, True) for closing in told)
        assert all(0 <= closing["retry_after_ms"] <= 1_000 for closing in told)
        assert len({closing["retry_after_ms"] for closing in told}) > 25
        assert await server.exited() == 0


async def test_while_it_drains_it_is_not_ready_and_lets_nobody_in(server: ServerProcess, http: httpx.AsyncClient) -> None:
    assert (await http.get("/ready")).status_code == 200
    async with open_raw_peer(server.port) as lingering:
        server.send(signal.SIGTERM)
        while (await lingering.frame()).opcode != CLOSE:
            pass
        ready = await http.get("/ready")
        assert ready.status_code == 503
        assert "draining" in ready.json()["reasons"]
        assert (await http.get("/health")).status_code == 200
        async with knock(server.port) as (_, answer):
            assert (answer.status, answer.problem["code"]) == (503, "UNAVAILABLE")
            assert int(answer.headers["retry-after"]) >= 1
        assert (await scrape(http)).by("status", "gateway_connections_total") == {"accepted": 1, "draining": 1}
    assert await server.exited() == 0


async def sends_until_told(peer: Peer, chat: str, name: str, in_flight: int) -> list[int]:
    """Keeps so many messages on their way until `closing`: the acknowledged sequences."""
    sequences: list[int] = []
    sent = 0
    while True:
        with suppress(ConnectionClosed):  # what was said before that can still be heard
            while sent - len(sequences) < in_flight:
                await peer.say("send_message", chat_id=chat, client_message_id=f"{name} {sent}", content="x")
                sent += 1
        message = await peer.hear()
        if message["type"] == "closing":
            return sequences
        assert message["type"] == "message_ack", message
        sequences.append(message["sequence"])


async def latest(server: ServerProcess, chat: str, member: str) -> int:
    async with open_peer(server.ws, member, max_queue=None) as peer:
        await peer.say("history", chat_id=chat, limit=1)
        sequence: int = (await peer.hear_until("history_result"))["latest_sequence"]
        return sequence


async def test_under_load_every_client_is_told_and_what_was_taken_is_answered(busy: ServerProcess) -> None:
    async with AsyncExitStack() as stack:
        async with httpx.AsyncClient(base_url=busy.http) as http:
            chats = [await make_chat(http, f"user{number}") for number in range(8)]
        peers = [await stack.enter_async_context(open_peer(busy.ws, f"user{number}", max_queue=None)) for number in range(8)]
        sending = [
            asyncio.create_task(sends_until_told(peer, chat, f"m{number}", 30))
            for number, (peer, chat) in enumerate(zip(peers, chats, strict=True))
        ]
        async with httpx.AsyncClient(base_url=busy.http) as http:
            while (await scrape(http)).value("durability_persist_total", status="success") < 500:
                pass
        busy.send(signal.SIGTERM)
        ended = await asyncio.gather(*sending)
        assert [(await peer.hear_close())[1] for peer in peers] == [1012] * 8
        assert await busy.exited() == 0
    await busy.start()
    for number, (chat, sequences) in enumerate(zip(chats, ended, strict=True)):
        assert sequences == list(range(1, len(sequences) + 1))
        assert await latest(busy, chat, f"user{number}") == len(sequences)


async def floods(peer: RawPeer, chat: str) -> None:
    """Sends messages without waiting for any answer, until the server reads no more."""
    number = 0
    with suppress(OSError, TimeoutError):
        while True:
            texts = [{"type": "send_message", "chat_id": chat, "client_message_id": str(number + n), "content": "x"} for n in range(100)]
            await peer.send_bytes(b"".join(client_frame(TEXT, json.dumps(text).encode()) for text in texts))
            number += 100


async def test_a_flood_does_not_keep_the_server_from_ending_nor_anyone_from_being_told(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        settings = {**UNHURRIED, **UNLIMITED_RATES, "SUREWIRE_DRAIN__TIMEOUT_S": "2"}
        server = await stack.enter_async_context(running_server(tmp_path / "data", **settings))
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=server.http, timeout=20))
        chats = [await make_chat(http, f"user{number}") for number in range(6)]
        peers = [await stack.enter_async_context(open_raw_peer(server.port, f"user{number}")) for number in range(6)]
        hearing = [asyncio.create_task(peer.until_close()) for peer in peers]
        flooding = [asyncio.create_task(floods(peer, chat)) for peer, chat in zip(peers, chats, strict=True)]
        while (await scrape(http)).value("durability_persist_total", status="success") < 500:
            pass
        server.send(signal.SIGTERM)
        heard = await asyncio.gather(*hearing)
        for task in flooding:
            task.cancel()
        assert [frames[-1].close_code for frames in heard] == [1012] * 6
        assert [frames[-2].message["type"] for frames in heard] == ["closing"] * 6
        for peer in peers:
            peer.reset()
        assert await server.exited() == 0
        await server.start()
        for number, (chat, frames) in enumerate(zip(chats, heard, strict=True)):
            messages = [frame.message for frame in frames if frame.opcode == TEXT]
            acks = [message["sequence"] for message in messages if message["type"] == "message_ack"]
            assert acks == list(range(1, await latest(server, chat, f"user{number}") + 1))


async def test_what_was_read_is_answered_before_the_client_is_told(server: ServerProcess, http: httpx.AsyncClient) -> None:
    chat = await make_chat(http, "ann")
    wanted = [{"type": "send_message", "chat_id": chat, "client_message_id": f"c{number}", "content": "x"} for number in range(20)]
    wanted += [{"type": "history", "chat_id": chat}, {"type": "sync_request", "chats": [{"chat_id": chat, "after_sequence": 0}]}] * 20
    async with open_raw_peer(server.port, "ann") as ann:
        await ann.send_bytes(b"".join(client_frame(TEXT, json.dumps(text).encode()) for text in wanted))
        heard = [await ann.frame()]
        server.send(signal.SIGTERM)
        heard += await ann.closed()
        kinds = Counter(frame.message["type"] for frame in heard[:-1])
        assert kinds == {"message_ack": 20, "history_result": 20, "sync_response": 20, "closing": 1}
        assert heard[-2].message["type"] == "closing"
    assert await server.exited() == 0


async def publishes(server: ServerProcess, first: int) -> list[int]:
    """The numbers of the events if they were accepted."""
    async with httpx.AsyncClient(base_url=server.http) as api:
        try:
            answer = await api.post("/v1/events", json={"events": numbered(first, first + 9)})
        except httpx.TransportError:
            return []
        assert answer.status_code in (202, 503)
        return list(range(first, first + 10)) if answer.status_code == 202 else []


async def test_events_that_were_accepted_while_it_ended_are_kept(server: ServerProcess) -> None:
    async with open_peer(server.ws) as peer:
        start = (await peer.ask("subscribe", subscription_id="s", filters={}))["position"]
        publishing = [asyncio.create_task(publishes(server, first)) for first in range(0, 1_000, 10)]
        await peer.hear()
        server.send(signal.SIGTERM)
        accepted = {number for numbers_accepted in await asyncio.gather(*publishing) for number in numbers_accepted}
        assert (await peer.hear_close())[1] == 1012
    assert await server.exited() == 0
    await server.start()
    async with open_peer(server.ws) as peer:
        _, events = await pages_since(peer, start)
        assert accepted <= set(numbers(events))
        assert accepted


async def test_a_second_signal_ends_at_once(server: ServerProcess) -> None:
    async with open_raw_peer(server.port) as lingering:
        server.send(signal.SIGTERM)
        while (await lingering.frame()).opcode != CLOSE:
            pass
        server.send(signal.SIGTERM)
        assert await server.exited() == -signal.SIGTERM


async def test_who_neither_reads_nor_leaves_is_cut_off_after_the_time_out(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"SUREWIRE_DRAIN__TIMEOUT_S": "0.3"}
    async with running_server(tmp_path / "data", **UNHURRIED, **settings) as server, open_raw_peer(server.port):
        assert await server.terminate() == 0


async def test_an_idle_server_ends_with_0(server: ServerProcess) -> None:
    assert await server.terminate() == 0
