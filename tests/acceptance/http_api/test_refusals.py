"""Every way to be refused, and that it always looks the same."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, NoReturn

import httpx
import pytest

from surewire.errors import BackendCorruptError, BackendUnavailableError
from tests.acceptance.http_api.running_api import RunningApi, running_api
from tests.acceptance.http_api.test_chats import ALICE, code_of, make_chat

JSON = {"Content-Type": "application/json"}


class FailingStore:
    """A `MessageStore` of which every method raises the same."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:
        async def fail(*_: object, **__: object) -> NoReturn:
            raise self._error

        return fail


async def test_a_problem_has_every_member_and_repeats_what_the_answer_says(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/chats", json={"members": ["a b"]}, headers={"X-Request-ID": "my-request.1"})
    assert answer.json() == {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "members[0]: " + answer.json()["errors"][0]["message"],
        "code": "INVALID_MESSAGE",
        "request_id": "my-request.1",
        "errors": [{"path": "members[0]", "message": answer.json()["errors"][0]["message"]}],
    }
    assert answer.status_code == 422
    assert answer.headers["x-request-id"] == "my-request.1"


async def test_a_store_that_cannot_be_used_is_unavailable_and_says_when_to_come_back(tmp_path: Path) -> None:
    store = FailingStore(BackendUnavailableError("sqlite", "disk I/O error at /var/lib/secret"))
    async with running_api(tmp_path, store=store) as api:
        for answer in (
            await api.client.get("/v1/chats"),
            await api.client.post("/v1/chats", json={}),
            await api.client.get("/v1/chats/chat_lobby/messages"),
        ):
            assert code_of(answer) == (503, "UNAVAILABLE")
            assert answer.headers["retry-after"] == "1"
            assert "secret" not in answer.text
        assert api.services.instruments.history["error"].n == 1


@pytest.mark.parametrize(
    "error", [RuntimeError("secret"), BackendCorruptError("sqlite", "secret"), KeyError("secret"), RecursionError("secret")]
)
async def test_nothing_internal_leaks(tmp_path: Path, error: Exception) -> None:
    async with running_api(tmp_path, store=FailingStore(error)) as api:
        answer = await api.client.get("/v1/chats", headers={"X-Request-ID": "r1"})
        assert code_of(answer) == (500, "INTERNAL")
        assert "secret" not in answer.text
        assert answer.json()["request_id"] == "r1"
        assert api.observed == [("/v1/chats", 500)]


async def test_a_message_that_cannot_be_stored_is_unavailable_and_counted(tmp_path: Path) -> None:
    async with running_api(tmp_path) as api:
        chat_id = await make_chat(api.client)
        is_held = api.ingest.hold()
        request = asyncio.create_task(
            api.client.post(f"/v1/chats/{chat_id}/messages", json={"client_message_id": "1", "content": "x"}, headers=ALICE)
        )
        await is_held.wait()
        api.ingest.refuse(BackendUnavailableError("sqlite", "secret"))
        answer = await request
        assert code_of(answer) == (503, "UNAVAILABLE")
        assert "secret" not in answer.text
        assert api.services.instruments.send["error"].n == 1


async def test_every_answer_is_observed_under_its_route(api: RunningApi) -> None:
    await api.client.get("/v1/chats/chat_lobby", headers=ALICE)
    await api.client.get("/nothing")
    await api.client.get("/health")
    assert api.observed == [("/v1/chats/{chat_id}", 404), (None, 404), ("/health", 200)]
