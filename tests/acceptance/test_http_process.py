"""The HTTP API of a real process: what it answered holds through kill -9, and reaches WebSockets and metrics."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.protocol.peer import open_peer
from tests.server_process import ServerProcess, running_server

ALICE = {"X-User-Id": "alice"}
GENEROUS = {"SUREWIRE_LIMITS__CHAT_MESSAGES_PER_S": "100000", "SUREWIRE_LIMITS__CHAT_BURST": "100000"}
REQUESTS = 60


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[ServerProcess]:
    async with running_server(tmp_path / "data", **GENEROUS) as running:
        yield running


def client_of(server: ServerProcess) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=server.http, headers=ALICE, trust_env=False, timeout=30)


async def post(client: httpx.AsyncClient, path: str, body: Any, key: str) -> httpx.Response | None:
    """The answer, or None when the server was killed first."""
    try:
        return await client.post(path, json=body, headers={"Idempotency-Key": key})
    except httpx.TransportError:
        return None


async def test_whatever_was_answered_before_kill_9_is_answered_again_and_done_once(server: ServerProcess) -> None:
    async with client_of(server) as client:
        chat_id = (await client.post("/v1/chats", json={})).json()["chat_id"]
        work: list[tuple[str, Any, str]] = []
        for number in range(REQUESTS):
            message = {"client_message_id": f"m{number}", "content": f"{number}"}
            work += [("/v1/chats", {"name": f"{number}"}, f"c{number}"), (f"/v1/chats/{chat_id}/messages", message, f"m{number}")]
            work += [("/v1/events", {"events": [{"event_type": "deployment", "data": number}] * 2}, f"e{number}")]
        first = [asyncio.create_task(post(client, *item)) for item in work]
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        await server.kill()
        before = await asyncio.gather(*first)
        await server.start()
        after = await asyncio.gather(*(post(client, *item) for item in work))
        assert all(answer is not None and answer.is_success for answer in after)
        for earlier, later in zip(before, after, strict=True):
            if earlier is not None and later is not None:
                assert (later.status_code, later.content) == (earlier.status_code, earlier.content)
                assert later.headers["idempotency-replayed"] == "true"
        assert len((await client.get("/v1/chats?limit=200")).json()["items"]) == REQUESTS + 1
        page = (await client.get(f"/v1/chats/{chat_id}/messages?limit=200")).json()
        assert sorted(message["content"] for message in page["messages"]) == sorted(f"{number}" for number in range(REQUESTS))
        assert [message["sequence"] for message in page["messages"]] == list(range(1, REQUESTS + 1))
        events = (await client.get("/v1/events?limit=500")).json()
        assert sorted(item["event"]["data"] for item in events["items"]) == sorted([*range(REQUESTS)] * 2)


async def test_what_is_posted_reaches_websockets(server: ServerProcess) -> None:
    async with client_of(server) as client, open_peer(server.ws, "bob") as bob:
        chat_id = (await client.post("/v1/chats", json={"members": ["bob"]})).json()["chat_id"]
        assert (await bob.ask("subscribe", subscription_id="all", filters={"severities": ["P1"]}))["type"] == "subscribed"
        sent = (await client.post(f"/v1/chats/{chat_id}/messages", json={"client_message_id": "1", "content": "Hello"})).json()
        message = await bob.hear()
        assert (message["message_id"], message["sequence"], message["content"]) == (sent["message_id"], 1, "Hello")
        published = (await client.post("/v1/events", json={"event_type": "incident_created", "severity": "P1"})).json()
        event = await bob.hear()
        assert (event["message_id"], event["position"]) == (published["message_id"], published["position"])


async def test_acknowledged_watermarks_are_seen_at_once(server: ServerProcess) -> None:
    async with client_of(server) as client, open_peer(server.ws, "bob") as bob:
        chat_id = (await client.post("/v1/chats", json={"members": ["bob"]})).json()["chat_id"]
        await client.post(f"/v1/chats/{chat_id}/messages", json={"client_message_id": "1", "content": "Hello"})
        assert (await bob.hear())["type"] == "message"
        await bob.say("ack", chat_id=chat_id, sequence=1, state="read")
        # The answer to a ping comes after the ack was taken.
        assert (await bob.ask("ping"))["type"] == "pong"
        delivery = (await client.get(f"/v1/chats/{chat_id}/delivery")).json()
        assert {"user_id": "bob", "delivered_sequence": 1, "read_sequence": 1} in delivery["members"]


async def test_requests_are_measured_under_their_routes(server: ServerProcess) -> None:
    async with client_of(server) as client:
        chat_id = (await client.post("/v1/chats", json={})).json()["chat_id"]
        for _ in range(2):
            await client.post(f"/v1/chats/{chat_id}/messages", json={"client_message_id": "1", "content": "Hello"})
        await client.get(f"/v1/chats/{chat_id}/messages")
        await client.get("/no/such/path")
        lines = (await client.get("/metrics")).text.splitlines()
    for line in (
        'gateway_send_total{status="success"} 2.0',
        "gateway_send_latency_seconds_count 2.0",
        'gateway_history_total{status="success"} 1.0',
        'gateway_http_request_duration_seconds_count{endpoint="/v1/chats/{chat_id}/messages",status="201"} 1.0',
        'gateway_http_request_duration_seconds_count{endpoint="/v1/chats/{chat_id}/messages",status="200"} 2.0',
    ):
        assert line in lines
    assert any('endpoint="unmatched",status="404"' in line for line in lines)


async def test_a_rate_is_one_for_http_and_websocket(tmp_path: Path) -> None:
    slow = {"SUREWIRE_LIMITS__CHAT_MESSAGES_PER_S": "0.001", "SUREWIRE_LIMITS__CHAT_BURST": "2"}
    async with (
        running_server(tmp_path / "data", **slow) as server,
        client_of(server) as client,
        open_peer(server.ws, "alice") as alice,
    ):
        chat_id = (await client.post("/v1/chats", json={})).json()["chat_id"]
        sent = await client.post(f"/v1/chats/{chat_id}/messages", json={"client_message_id": "1", "content": "Hello"})
        assert sent.status_code == 201
        for number in (2, 3):
            await alice.say("send_message", chat_id=chat_id, client_message_id=f"{number}", content="Hello")
        answers = [await alice.hear() for _ in range(3)]
        by_type = {answer["type"]: answer for answer in answers}
        assert by_type["message_ack"]["client_message_id"] == "2"
        assert by_type["error"]["code"] == "RATE_LIMITED"
        refused = await client.post(f"/v1/chats/{chat_id}/messages", json={"client_message_id": "4", "content": "Hello"})
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 500
