"""Bad input of every kind, each answered with what is wrong and where; one server takes it all."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from surewire.config.model import Config
from tests.acceptance.http_api.running_api import running_api
from tests.acceptance.http_api.test_chats import ALICE, code_of

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST_BYTES = Config().limits.max_body_bytes
JSON = {"Content-Type": "application/json"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[httpx.AsyncClient]:
    async with running_api(tmp_path_factory.mktemp("data")) as running:
        yield running.client


async def in_pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


@pytest.mark.parametrize(
    "path", ["/nothing", "/v1", "/v2/chats", "/v1/chats/x/y", "/v1/events/1", "/index.html", "/docs", "/schema", "/v1/chats/a/members/b/c"]
)
async def test_what_is_not_there_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        assert code_of(await client.request(method, path)) == (404, "NOT_FOUND")
    assert (await client.head(path)).status_code == 404


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/v1/chats", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/v1/chats/chat_lobby", {"GET", "HEAD", "PATCH", "DELETE", "OPTIONS"}),
        ("/v1/chats/chat_lobby/members/bob", {"PUT", "DELETE", "OPTIONS"}),
        ("/v1/chats/chat_lobby/messages", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/v1/events", {"GET", "HEAD", "POST", "OPTIONS"}),
        ("/health", {"GET", "HEAD", "OPTIONS"}),
        ("/", {"GET", "HEAD", "OPTIONS"}),
    ],
)
async def test_other_methods_are_told_which_ones_there_are(client: httpx.AsyncClient, path: str, allowed: set[str]) -> None:
    options = await client.options(path)
    assert (options.status_code, set(options.headers["allow"].split(", "))) == (204, allowed)
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND"} - allowed:
        answer = await client.request(method, path)
        assert code_of(answer) == (405, "UNSUPPORTED")
        assert set(answer.headers["allow"].split(", ")) == allowed


@pytest.mark.parametrize(
    "path",
    [
        *("/health/", "//health", "/%2Fhealth", "/health%2f", "//", "/v1/chats/", "/v1//chats", "//v1/chats", "/v1%2Fchats"),
        *("/v1/chats/chat_lobby/members/", "/v1/chats/chat_lobby/members/..%2F..", "/v1/chats/chat_lobby/"),
    ],
)
async def test_a_path_has_one_spelling(client: httpx.AsyncClient, path: str) -> None:
    url = client.base_url.copy_with(raw_path=path.encode())
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        assert code_of(await client.request(method, url, json={}, headers=ALICE)) == (404, "NOT_FOUND")
    assert (await client.head(url)).status_code == 404


async def test_head_is_answered_as_get_without_its_body(client: httpx.AsyncClient) -> None:
    for path in ("/", "/health", "/ready", "/metrics", "/openapi.json", "/v1/chats", "/v1/events"):
        head, get = await client.head(path), await client.get(path)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == get.headers["content-type"]


@pytest.mark.parametrize(
    "content_type", [None, "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"]
)
@pytest.mark.parametrize("content_type_2", ["", "; charset=utf-16"])
async def test_only_json_is_read(client: httpx.AsyncClient, content_type: str | None, content_type_2: str) -> None:
    headers = {} if content_type is None else {"Content-Type": (content_type or "application/json; charset=latin-1") + content_type_2}
    assert code_of(await client.post("/v1/chats", content=b"{}", headers=headers)) == (415, "UNSUPPORTED")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "Application/JSON",
        "application/json;charset=UTF-8",
        'application/json; charset="utf-8"',
        "application/vnd.x+json",
    ],
)
async def test_json_by_any_of_its_names_is_read(client: httpx.AsyncClient, content_type: str) -> None:
    assert (await client.post("/v1/chats", content=b"{}", headers={"Content-Type": content_type})).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"  ",
        b"{",
        b'{"members":[}',
        b"{'members':[]}",
        b'{"members":[],}',
        b"{}{}",
        b"nul",
        b"NaN",
        b'{"name":"\xff"}',
        b'{"name":"\\ud800"}',
        b"\xef\xbb\xbf{}",
        b'{"name":"a\nb"}',
        b"\x00",
        b'{"members":[1e999999]',
        b'{"event_type":"x","data":"\xff"}',
        b'{"events":[{"event_type":"x"},{"event_type":"x","data":{"\xc3(":1}}]}',
    ],
)
@pytest.mark.parametrize("path", ["/v1/chats", "/v1/events"])
async def test_what_is_no_json_is_malformed(client: httpx.AsyncClient, path: str, body: bytes) -> None:
    answer = await client.post(path, content=body, headers=JSON)
    assert code_of(answer) == (400, "INVALID_MESSAGE")
    assert "errors" not in answer.json()


@pytest.mark.parametrize("depth", [33, 1_000, 100_000])
@pytest.mark.parametrize("shape", ["[{}]", '{{"a":{}}}'])
@pytest.mark.parametrize("path", ["/v1/chats", "/v1/events"])
async def test_what_is_nested_too_deep_is_malformed(client: httpx.AsyncClient, path: str, shape: str, depth: int) -> None:
    opened, closed = shape.format("|").split("|")
    answer = await client.post(path, content=opened * depth + "0" + closed * depth, headers=JSON)
    assert code_of(answer) == (400, "INVALID_MESSAGE")
    assert "deep" in answer.json()["detail"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"members": "bob"}, "members"),
        ({"members": [1]}, "members[0]"),
        ({"members": ["bob", ""]}, "members[1]"),
        ({"members": ["bob", ".."]}, "members[1]"),
        ({"members": ["bob\n"]}, "members[0]"),
        ({"members": ["x" * 129]}, "members[0]"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"name": 1}, "name"),
        ({"nam": "x"}, "nam"),
        ([], "body"),
        ("x", "body"),
        (True, "body"),
    ],
)
async def test_a_wrong_field_is_named(client: httpx.AsyncClient, body: Any, path: str) -> None:
    answer = await client.post("/v1/chats", json=body)
    assert code_of(answer) == (422, "INVALID_MESSAGE")
    assert [error["path"] for error in answer.json()["errors"]] == [path]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"content": "x"}, "client_message_id"),
        ({"client_message_id": "1"}, "content"),
        ({"client_message_id": "1", "content": ""}, "content"),
        ({"client_message_id": "", "content": "x"}, "client_message_id"),
        ({"client_message_id": "x" * 129, "content": "x"}, "client_message_id"),
        ({"client_message_id": 1, "content": "x"}, "client_message_id"),
        ({"client_message_id": "1", "content": None}, "content"),
        ({"client_message_id": "1", "content": "x", "content_type": "a\nb"}, "content_type"),
        ({"client_message_id": "1", "content": "x", "sender_id": "eve"}, "sender_id"),
    ],
)
async def test_a_wrong_field_of_a_message_is_named(client: httpx.AsyncClient, body: Any, path: str) -> None:
    answer = await client.post("/v1/chats/chat_lobby/messages", json=body, headers=ALICE)
    assert code_of(answer) == (422, "INVALID_MESSAGE")
    assert [error["path"] for error in answer.json()["errors"]] == [path]


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=201", "limit=-1", "limit=1&limit=2", "limit=x", "limit=5.0", "limit=1e1"),
        *("limit=null", "limit=%2B5", "limit=5_0", "cursor=", "nonsense=1", "Limit=1", "limit"),
    ],
)
async def test_a_wrong_parameter_is_named(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/v1/chats?{query}")
    assert code_of(answer) == (422, "INVALID_MESSAGE")
    assert answer.json()["errors"][0]["path"] == query.split("=", maxsplit=1)[0]


@pytest.mark.parametrize("name", ["", "a b", "a/b", "x" * 129, "a,b", "<x>", ".", ".."])
async def test_a_caller_whose_name_is_none_is_told_where_it_stands(client: httpx.AsyncClient, name: str) -> None:
    in_query = await client.get("/v1/chats", params={"user_id": name})
    in_header = await client.get("/v1/chats", headers={"X-User-Id": name})
    assert code_of(in_query) == code_of(in_header) == (422, "INVALID_MESSAGE")
    assert (in_query.json()["errors"][0]["path"], in_header.json()["errors"][0]["path"]) == ("user_id", "X-User-Id")


async def test_a_caller_has_one_name(client: httpx.AsyncClient) -> None:
    assert code_of(await client.get("/v1/chats?user_id=a&user_id=b")) == (422, "INVALID_MESSAGE")
    assert code_of(await client.get("/v1/chats", headers=[("X-User-Id", "a"), ("X-User-Id", "b")])) == (422, "INVALID_MESSAGE")


@pytest.mark.parametrize("member", ["a%20b", "%2e", "%2E%2e", "..."])
async def test_a_wrong_member_in_the_path_is_named(client: httpx.AsyncClient, member: str) -> None:
    answer = await client.put(f"/v1/chats/chat_lobby/members/{member}", headers=ALICE)
    assert code_of(answer) == (422, "INVALID_MESSAGE")
    assert answer.json()["errors"][0]["path"] == "user_id"


async def test_a_batch_of_too_many_events_is_refused_whole(client: httpx.AsyncClient) -> None:
    head = (await client.get("/v1/events")).json()["position"]
    answer = await client.post("/v1/events", json={"events": [{"event_type": "x"}] * 1_001})
    assert code_of(answer) == (422, "LIMIT_EXCEEDED")
    assert [error["path"] for error in answer.json()["errors"]] == ["events"]
    assert (await client.get("/v1/events")).json()["position"] == head


@pytest.mark.parametrize("second", ["text/plain", "application/json"])
async def test_a_body_is_said_to_be_one_thing(client: httpx.AsyncClient, second: str) -> None:
    headers = [("Content-Type", "application/json"), ("Content-Type", second)]
    answer = await client.post("/v1/chats", content=b"{}", headers=headers)
    assert code_of(answer) == (422, "INVALID_MESSAGE")
    assert answer.json()["errors"] == [{"path": "Content-Type", "message": "is given more than once"}]


async def test_a_long_body_is_refused_however_it_is_announced(client: httpx.AsyncClient) -> None:
    body = b'{"name":"' + b"x" * MOST_BYTES + b'"}'
    announced = await client.post("/v1/chats", content=body, headers=JSON)
    chunked = await client.post(
        "/v1/chats", content=in_pieces(*(body[at : at + 60_000] for at in range(0, len(body), 60_000))), headers=JSON
    )
    assert code_of(announced) == code_of(chunked) == (413, "TOO_LARGE")
    assert (await client.get("/health")).status_code == 200


async def test_a_body_as_long_as_allowed_is_read(client: httpx.AsyncClient) -> None:
    padding = b" " * (MOST_BYTES - 2)
    assert (await client.post("/v1/chats", content=in_pieces(b"{", padding, b"}"), headers=JSON)).status_code == 201
    assert (await client.post("/v1/chats", content=b"{" + padding + b"}", headers=JSON)).status_code == 201


@pytest.mark.parametrize("name", ["a", "x" * 128, "0b7c-4d.e_f:1"])
async def test_a_request_keeps_its_name(client: httpx.AsyncClient, name: str) -> None:
    for path in ("/health", "/nothing", "/v1/chats?limit=0"):
        assert (await client.get(path, headers={"X-Request-ID": name})).headers["x-request-id"] == name


async def test_of_two_names_a_request_keeps_the_first(client: httpx.AsyncClient) -> None:
    answer = await client.get("/v1/chats?limit=0", headers=[("X-Request-ID", "one"), ("X-Request-ID", "two")])
    assert (answer.headers["x-request-id"], answer.json()["request_id"]) == ("one", "one")


@pytest.mark.parametrize("name", ["", "x" * 129, "a b", "a\tb", "é".encode()])
async def test_a_name_that_could_do_harm_is_replaced(client: httpx.AsyncClient, name: str | bytes) -> None:
    answer = await client.get("/health", headers={"X-Request-ID": name})
    assert re.fullmatch(r"req_[0-9A-Z]{26}", answer.headers["x-request-id"])


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "event_type"),
        ({"event_type": "Bad Type"}, "event_type"),
        ({"event_type": "a" * 65}, "event_type"),
        ({"event_type": "x\n"}, "event_type"),
        ({"event_type": "x", "severity": "SEV-1"}, "severity"),
        ({"event_type": "x", "state": "Triaged"}, "state"),
        ({"event_type": "x", "labels": {"": "v"}}, "labels"),
        ({"event_type": "x", "labels": {"k": 1}}, "labels[...]"),
        ({"event_type": "x", "affected_resources": "db"}, "affected_resources"),
        ({"event_type": "x", "unknown": 1}, "unknown"),
        ({"events": []}, "events"),
        ({"events": [{"event_type": "x"}, {}]}, "events[1].event_type"),
        ({"events": [], "event_type": "x"}, "events"),
        ({"events": "x"}, "events"),
        ([], "body"),
        ("x", "body"),
        (0, "body"),
    ],
)
async def test_what_is_no_event_is_refused_by_its_field(client: httpx.AsyncClient, body: Any, path: str) -> None:
    answer = await client.post("/v1/events", json=body)
    assert code_of(answer) == (422, "INVALID_MESSAGE")
    assert [error["path"] for error in answer.json()["errors"]] == [path]


@pytest.mark.parametrize("data", ['"\\ud800"', "[" * 33 + "]" * 33, "1e", '"\\x"'])
async def test_data_that_not_every_reader_can_read_is_refused(client: httpx.AsyncClient, data: str) -> None:
    body = f'{{"event_type":"x","data":{data}}}'
    answer = await client.post("/v1/events", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {400, 422}
    assert code_of(answer)[1] == "INVALID_MESSAGE"


@pytest.mark.parametrize(
    "query",
    [
        *("since=x", "since=", "since=a:-1", "since=a:01", "since=a:1&since=a:2", "since=a:99999999999999999999"),
        *("limit=0", "limit=501", "limit=x", "limit=", "limit=1.5", "Limit=1"),
        *("severities=P9", "severities=", "states=Open", "event_types=P1,"),
        *("labels=x", "labels[]=x", "labels[a]=1&labels[a]=2", "labels[a][b]=1", "nonsense=1"),
    ],
)
async def test_a_wrong_query_is_refused_by_its_parameter(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/v1/events?{query}")
    assert code_of(answer) == (422, "INVALID_MESSAGE")
    (error,) = answer.json()["errors"]
    assert error["path"].split("[")[0] == query.split("=", maxsplit=1)[0].split("[", maxsplit=1)[0]


async def test_a_filter_of_too_many_values_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/v1/events?sources={','.join(str(number) for number in range(1_001))}")
    assert code_of(answer) == (422, "LIMIT_EXCEEDED")


@pytest.mark.parametrize("query", ["since=%ff", "%ff=1", "user_id=%ff", "%80"])
async def test_a_query_that_is_no_utf_8_is_malformed(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(client.base_url.copy_with(raw_path=f"/v1/events?{query}".encode()))
    assert code_of(answer) == (400, "INVALID_MESSAGE")
