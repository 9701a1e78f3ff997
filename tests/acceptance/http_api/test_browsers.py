"""What a browser may be made to do by a page, and the headers that keep it from more."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import msgspec
import pytest

from surewire.config.model import Config, Listener, OpenAuth
from tests.acceptance.http_api.running_api import RunningApi, running_api
from tests.acceptance.http_api.test_chats import code_of

SHARED = msgspec.structs.replace(Config(), auth=OpenAuth(allowed_origins=("https://app.example",)))
SAFE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
}


def own(api: RunningApi) -> str:
    return f"http://localhost:{httpx.URL(api.url).port}"


async def test_every_answer_keeps_browsers_safe(client: httpx.AsyncClient) -> None:
    answers = [
        await client.get("/"),
        await client.get("/health"),
        await client.get("/nothing"),
        await client.options("/v1/chats"),
        await client.post("/v1/chats", json={}),
        await client.post("/v1/chats", content=b"{", headers={"Content-Type": "application/json"}),
        await client.put("/v1/chats", headers={"Origin": "https://evil.example"}),
    ]
    for answer in answers:
        assert {name: answer.headers[name] for name in SAFE} == SAFE
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "x-request-id" in answer.headers
        assert "access-control-allow-origin" not in answer.headers
        assert "server" not in answer.headers
    assert {answer.headers["cache-control"] for answer in answers[1:]} == {"no-store"}


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "https://app.example.evil.org"},
    ],
)
async def test_a_page_of_another_origin_changes_nothing(client: httpx.AsyncClient, method: str, headers: dict[str, str]) -> None:
    answer = await client.request(method, "/v1/chats/chat_lobby/members/eve?user_id=eve", headers=headers)
    assert code_of(answer) == (403, "FORBIDDEN")
    assert (await client.get("/v1/chats?user_id=eve")).json() == {"items": []}


async def test_a_page_of_the_own_origin_may_do_everything(api: RunningApi) -> None:
    host = own(api).removeprefix("http://")
    for headers in (
        {"Host": host, "Origin": own(api), "Sec-Fetch-Site": "same-origin"},
        {"Host": host, "Origin": own(api)},
        {"Sec-Fetch-Site": "none"},
        {},
    ):
        assert (await api.client.post("/v1/chats", json={}, headers=headers)).status_code == 201


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8080", "127.0.0.1.nip.io", "10.0.0.1"])
async def test_a_rebound_name_is_not_answered(client: httpx.AsyncClient, host: str) -> None:
    for path in ("/", "/v1/events", "/metrics", "/nothing"):
        assert code_of(await client.get(path, headers={"Host": host})) == (403, "FORBIDDEN")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST", "my.localhost"])
async def test_every_name_of_this_machine_is_answered(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.get("/health", headers={"Host": host})).status_code == 200


async def test_an_allowed_origin_may_ask_and_read(tmp_path: Path) -> None:
    origin = {"Origin": "https://app.example", "Sec-Fetch-Site": "cross-site"}
    async with running_api(tmp_path, SHARED) as api:
        made = await api.client.post("/v1/chats", json={}, headers=origin)
        assert made.status_code == 201
        assert made.headers["access-control-allow-origin"] == "https://app.example"
        assert "X-Request-ID" in made.headers["access-control-expose-headers"]
        refused = await api.client.get("/nothing", headers=origin)
        assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (404, "https://app.example")
        assert (await api.client.get("/health", headers={"Host": "app.example"})).status_code == 200


async def test_a_preflight_is_answered_to_allowed_origins_only(tmp_path: Path) -> None:
    question = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    async with running_api(tmp_path, SHARED) as api:
        allowed = await api.client.options("/v1/chats", headers={**question, "Origin": "https://app.example"})
        assert allowed.status_code == 204
        assert "POST" in allowed.headers["access-control-allow-methods"]
        assert "Content-Type" in allowed.headers["access-control-allow-headers"]
        assert allowed.headers["access-control-allow-origin"] == "https://app.example"
        foreign = await api.client.options("/v1/chats", headers={**question, "Origin": "https://evil.example"})
        assert not [name for name in foreign.headers if name.startswith("access-control-")]


async def test_answers_of_a_shared_server_are_cached_by_origin(tmp_path: Path) -> None:
    async with running_api(tmp_path, SHARED) as api:
        for headers in ({}, {"Origin": "https://evil.example"}, {"Origin": "https://app.example"}):
            assert (await api.client.get("/health", headers=headers)).headers["vary"] == "Origin"


async def test_a_public_server_answers_to_any_name_but_not_to_any_page(tmp_path: Path) -> None:
    public = msgspec.structs.replace(Config(), listeners=(Listener(host="0.0.0.0"),))
    async with running_api(tmp_path, public) as api:
        host = {"Host": "chat.example.org"}
        assert (await api.client.get("/health", headers=host)).status_code == 200
        assert (await api.client.post("/v1/chats", json={}, headers={**host, "Origin": "https://chat.example.org"})).status_code == 201
        assert (await api.client.post("/v1/chats", json={}, headers={**host, "Origin": "https://evil.example"})).status_code == 403


async def test_the_page_runs_nothing_and_loads_nothing(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<script" not in page.text
    assert "style=" not in page.text
    assert not re.findall(r"(?:src|href)=\"(?!/)", page.text)
    for link in re.findall(r'href="([^"]+)"', page.text):
        assert (await client.get(link)).status_code == 200
    assert re.search(r"style-src 'sha256-[A-Za-z0-9+/]{43}='", page.headers["content-security-policy"])
