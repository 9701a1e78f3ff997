"""What an HTTP request may be: the last that is allowed is answered, the first that is not is refused as documented."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import Any

import pytest

from tests.acceptance.front.raw_client import Answer, RawClient, request
from tests.acceptance.limits.conftest import LOWERED
from tests.server_process import ServerProcess

JSON_TYPE = "Content-Type: application/json"
HOST_BYTES = len("hostlocalhost") + 4


def asked(client: RawClient, line: str, *headers: str, body: bytes = b"") -> Answer:
    client.send(request(line, *headers, body=body))
    return client.answer()


def posted(client: RawClient, path: str, body: bytes) -> Answer:
    return asked(client, f"POST {path} HTTP/1.1", JSON_TYPE, f"Content-Length: {len(body)}", body=body)


def published(client: RawClient, document: Any) -> Answer:
    return posted(client, "/v1/events", json.dumps(document).encode())


def problem(answer: Answer) -> tuple[int, str, list[str]]:
    document = json.loads(answer.body)
    return answer.status, document["code"], [error["path"] for error in document.get("errors", [])]


def filling(size: int, *, least: bytes) -> bytes:
    """JSON of exactly that size."""
    return least[:-1] + b" " * (size - len(least)) + least[-1:]


def test_a_request_target_has_so_many_bytes_at_most(client: RawClient) -> None:
    target = "/health?" + "a" * (LOWERED["max_target_bytes"] - len("/health?"))
    assert asked(client, f"GET {target} HTTP/1.1").status == 200
    assert problem(asked(client, f"GET {target}a HTTP/1.1")) == (414, "TOO_LARGE", [])
    assert client.at_end()


def test_a_request_head_has_so_many_bytes_at_most(client: RawClient) -> None:
    value = "v" * (LOWERED["max_header_bytes"] - len("/health") - HOST_BYTES - len("x") - 4)
    assert asked(client, "GET /health HTTP/1.1", f"X: {value}").status == 200
    assert problem(asked(client, "GET /health HTTP/1.1", f"X: {value}v")) == (431, "TOO_LARGE", [])
    assert client.at_end()


def test_a_request_has_so_many_headers_at_most(client: RawClient) -> None:
    headers = [f"X-{number}: v" for number in range(LOWERED["max_headers"] - 1)]
    assert asked(client, "GET /health HTTP/1.1", *headers).status == 200
    assert problem(asked(client, "GET /health HTTP/1.1", *headers, "X: v")) == (431, "TOO_LARGE", [])
    assert client.at_end()


def test_a_body_has_so_many_bytes_at_most(client: RawClient) -> None:
    most = filling(LOWERED["max_body_bytes"], least=b"{}")
    assert posted(client, "/v1/chats", most).status == 201
    assert problem(posted(client, "/v1/chats", most + b" ")) == (413, "TOO_LARGE", [])


def test_a_body_in_chunks_has_so_many_bytes_at_most(client: RawClient) -> None:
    most = filling(LOWERED["max_body_bytes"], least=b"{}")
    head = ("POST /v1/chats HTTP/1.1", JSON_TYPE, "Transfer-Encoding: chunked")
    assert asked(client, *head, body=b"%x\r\n%b\r\n0\r\n\r\n" % (len(most), most)).status == 201
    assert problem(asked(client, *head, body=b"%x\r\n%b\r\n1\r\n \r\n0\r\n\r\n" % (len(most), most))) == (413, "TOO_LARGE", [])


def test_an_event_has_so_many_bytes_at_most(client: RawClient) -> None:
    rest = len('{"event_type":"x","priority":"normal","data":""}')
    data = "d" * (LOWERED["max_event_bytes"] - rest)
    assert published(client, {"event_type": "x", "data": data}).status == 202
    assert problem(published(client, {"event_type": "x", "data": data + "d"})) == (413, "TOO_LARGE", [])
    batch = {"events": [{"event_type": "x"}, {"event_type": "x", "data": data + "d"}]}
    assert problem(published(client, batch)) == (413, "TOO_LARGE", ["events[1]"])


@pytest.mark.parametrize("nest", ["[%s]", '{"a":%s}'])
def test_the_data_of_an_event_has_such_a_depth_at_most(client: RawClient, nest: str) -> None:
    data: Any = json.loads(nest % (nest % (nest % 1)))
    assert published(client, {"event_type": "x", "data": data}).status == 202
    deeper = {"event_type": "x", "data": [data]}
    assert problem(published(client, deeper)) == (422, "INVALID_MESSAGE", ["data"])
    assert problem(published(client, {"events": [deeper]})) == (422, "INVALID_MESSAGE", ["events[0].data"])
    assert problem(published(client, {"events": [{"event_type": "x"}, deeper]})) == (422, "INVALID_MESSAGE", ["events[1].data"])


def test_a_batch_has_so_many_events_at_most(client: RawClient) -> None:
    most = [{"event_type": "x"}] * LOWERED["max_batch_events"]
    assert published(client, {"events": most}).status == 202
    assert problem(published(client, {"events": [*most, *most[:1]]})) == (422, "LIMIT_EXCEEDED", ["events"])


def test_a_filter_in_a_query_has_so_many_values_at_most(client: RawClient) -> None:
    assert asked(client, "GET /v1/events?sources=a,b,c,d&severities=P0 HTTP/1.1").status == 200
    assert problem(asked(client, "GET /v1/events?sources=a,b,c,d&severities=P0,P1 HTTP/1.1")) == (422, "LIMIT_EXCEEDED", ["query"])


def test_a_chat_has_so_many_members_at_most(client: RawClient) -> None:
    assert posted(client, "/v1/chats?user_id=a", b'{"members":["b","c"]}').status == 201
    assert problem(posted(client, "/v1/chats?user_id=a", b'{"members":["b","c","d"]}'))[:2] == (422, "LIMIT_EXCEEDED")


def test_the_content_of_a_chat_message_has_so_many_bytes_at_most(client: RawClient) -> None:
    chat_id = json.loads(posted(client, "/v1/chats?user_id=a", b"{}").body)["chat_id"]
    path, content = f"/v1/chats/{chat_id}/messages?user_id=a", "é" * (LOWERED["max_content_bytes"] // 2)
    assert posted(client, path, json.dumps({"client_message_id": "1", "content": content}).encode()).status == 201
    refused = posted(client, path, json.dumps({"client_message_id": "2", "content": content + "a"}).encode())
    assert problem(refused) == (413, "TOO_LARGE", ["content"])


def test_connections_that_ask_nothing_make_room_for_others(lowered: ServerProcess) -> None:
    address = ("127.0.0.1", lowered.port)
    with ExitStack() as stack:
        clients = [stack.enter_context(RawClient(address)) for _ in range(int(LOWERED["max_connections"]) + 100 + 20)]
        assert clients[0].at_end()
        assert asked(clients[-1], "GET /ready HTTP/1.1").status == 200
        clients[-1].open("/ws?user_id=late")


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n",
        request("POST /v1/chats HTTP/1.1", JSON_TYPE, "Content-Length: 2", body=b"{"),
    ],
    ids=["a head", "a body"],
)
def test_a_request_that_is_not_finished_in_time_is_refused(hasty: ServerProcess, begun: bytes) -> None:
    with RawClient(("127.0.0.1", hasty.port)) as client:
        client.send(begun)
        assert problem(client.answer()) == (408, "TIMEOUT", [])
        assert client.at_end()


def test_a_client_that_asks_nothing_is_let_go(hasty: ServerProcess) -> None:
    with RawClient(("127.0.0.1", hasty.port)) as client:
        assert client.at_end()
