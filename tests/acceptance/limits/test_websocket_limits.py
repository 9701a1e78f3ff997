"""What a WebSocket client may send: the last that is allowed is answered, the first that is not is refused as documented."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance.front.raw_client import RawClient, client_frame, request, upgrade
from tests.acceptance.limits.conftest import LOWERED
from tests.server_process import ServerProcess

TEXT, CONTINUATION, BINARY = 1, 0, 2
TOO_BIG = 1009


def heard(client: RawClient) -> dict[str, Any]:
    frame = client.frame()
    assert frame.opcode == TEXT, frame
    message: dict[str, Any] = json.loads(frame.payload)
    return message


def said(client: RawClient, message: dict[str, Any]) -> dict[str, Any]:
    """The answer to a message."""
    client.send(client_frame(TEXT, json.dumps(message, ensure_ascii=False).encode()))
    return heard(client)


@pytest.fixture
def welcome(client: RawClient) -> dict[str, Any]:
    """The connection is open, and this was its first message."""
    client.open("/ws?user_id=alice")
    return heard(client)


def ping_of(size: int) -> bytes:
    empty = b'{"type":"ping","timestamp":""}'
    return empty[:-2] + b"t" * (size - len(empty)) + empty[-2:]


def test_the_welcome_names_the_limits_that_hold(welcome: dict[str, Any]) -> None:
    assert welcome["limits"] == {name: LOWERED[name] for name in welcome["limits"]}


def test_a_message_has_so_many_bytes_at_most(client: RawClient, welcome: dict[str, Any]) -> None:
    client.send(client_frame(TEXT, ping_of(LOWERED["max_message_bytes"])))
    assert heard(client)["type"] == "pong"
    client.send(client_frame(TEXT, ping_of(LOWERED["max_message_bytes"] + 1)))
    assert client.frame().close_code == TOO_BIG


def test_a_message_in_fragments_has_so_many_bytes_at_most(client: RawClient, welcome: dict[str, Any]) -> None:
    for size, half in ((LOWERED["max_message_bytes"], 500), (LOWERED["max_message_bytes"] + 1, 500)):
        whole = ping_of(size)
        client.send(client_frame(TEXT, whole[:half], fin=False) + client_frame(CONTINUATION, whole[half:]))
    assert heard(client)["type"] == "pong"
    assert client.frame().close_code == TOO_BIG


def in_fragments(whole: bytes, count: int) -> bytes:
    pieces = [whole[at : at + 1] for at in range(count - 1)] + [whole[count - 1 :]]
    return b"".join(client_frame(CONTINUATION if at else TEXT, piece, fin=at == count - 1) for at, piece in enumerate(pieces))


def test_a_message_comes_in_so_many_fragments_at_most(client: RawClient, welcome: dict[str, Any]) -> None:
    client.send(in_fragments(ping_of(50), LOWERED["max_fragments"]))
    assert heard(client)["type"] == "pong"
    client.send(in_fragments(ping_of(50), LOWERED["max_fragments"] + 1))
    assert client.frame().close_code == TOO_BIG


def test_a_timestamp_has_such_a_depth_at_most(client: RawClient, welcome: dict[str, Any]) -> None:
    deepest: Any = [{"the message": "is the first level"}]
    assert said(client, {"type": "ping", "timestamp": deepest})["timestamp"] == deepest
    refusal = said(client, {"type": "ping", "timestamp": [deepest]})
    assert (refusal["code"], refusal["details"]) == ("INVALID_MESSAGE", {"path": "timestamp"})
    assert said(client, {"type": "ping"})["type"] == "pong"


def chat_of_alice(server: ServerProcess) -> str:
    with RawClient(("127.0.0.1", server.port)) as client:
        client.send(request("POST /v1/chats?user_id=alice HTTP/1.1", "Content-Type: application/json", "Content-Length: 2", body=b"{}"))
        chat_id: str = json.loads(client.answer().body)["chat_id"]
        return chat_id


def test_the_content_of_a_chat_message_has_so_many_bytes_at_most(
    lowered: ServerProcess, client: RawClient, welcome: dict[str, Any]
) -> None:
    message = {"type": "send_message", "chat_id": chat_of_alice(lowered), "client_message_id": "1"}
    content = "é" * (LOWERED["max_content_bytes"] // 2)
    assert said(client, {**message, "content": content})["type"] == "message_ack"
    assert said(client, {**message, "content": content + "a"})["code"] == "TOO_LARGE"


def test_a_connection_has_so_many_subscriptions_at_most(client: RawClient, welcome: dict[str, Any]) -> None:
    for number in range(LOWERED["max_subscriptions"]):
        assert said(client, {"type": "subscribe", "subscription_id": f"{number}", "filters": {}})["type"] == "subscribed"
    refusal = said(client, {"type": "subscribe", "subscription_id": "one more", "filters": {}})
    assert (refusal["code"], refusal["subscription_id"]) == ("LIMIT_EXCEEDED", "one more")
    assert said(client, {"type": "subscribe", "subscription_id": "0", "filters": {"sources": ["a"]}})["type"] == "subscribed"


def test_the_filters_of_a_subscription_name_so_many_values_at_most(client: RawClient, welcome: dict[str, Any]) -> None:
    filters: dict[str, Any] = {"sources": ["a", "b"], "channels": ["c"], "labels": {"d": "1", "e": "2"}}
    assert said(client, {"type": "subscribe", "subscription_id": "s", "filters": filters})["type"] == "subscribed"
    refusal = said(client, {"type": "subscribe", "subscription_id": "t", "filters": {**filters, "severities": ["P0"]}})
    assert (refusal["code"], refusal["subscription_id"]) == ("LIMIT_EXCEEDED", "t")


def test_an_upgrade_that_is_not_decided_in_time_is_refused(hasty: ServerProcess) -> None:
    address = ("127.0.0.1", hasty.port)
    with RawClient(address) as first, RawClient(address) as second:
        first.open("/ws")
        second.send(upgrade("/ws"))
        answer = second.answer()
        assert (answer.status, answer.problem["code"]) == (408, "TIMEOUT")
