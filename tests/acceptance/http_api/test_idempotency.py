"""`Idempotency-Key`: the effect happens once, and its answer comes again."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.http_api.running_api import RunningApi, running_api
from tests.acceptance.http_api.test_chats import ALICE, BOB, code_of, make_chat


async def post(client: httpx.AsyncClient, path: str, body: Any, key: str, **headers: str) -> httpx.Response:
    return await client.post(path, json=body, headers={"Idempotency-Key": key, **headers})


def is_replay(answer: httpx.Response) -> bool:
    return answer.headers.get("idempotency-replayed") == "true"


async def test_every_post_is_done_once_and_answered_the_same(client: httpx.AsyncClient) -> None:
    chat_id = await make_chat(client)
    for path, body in (
        ("/v1/chats", {"members": ["bob"]}),
        (f"/v1/chats/{chat_id}/messages", {"client_message_id": "1", "content": "Hello"}),
        ("/v1/events", {"event_type": "deployment"}),
        ("/v1/events", {"events": [{"event_type": "deployment"}, {"event_type": "x"}]}),
    ):
        key = f"key of {len(str(body))}".replace(" ", "-")
        first, again = await post(client, path, body, key, **ALICE), await post(client, path, body, key, **ALICE)
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert (is_replay(first), is_replay(again)) == (False, True)
    assert len((await client.get("/v1/chats", headers=ALICE)).json()["items"]) == 2
    assert (await client.get("/v1/events")).json()["position"]["offset"] == 3


async def test_a_message_that_was_a_duplicate_stays_one(client: httpx.AsyncClient) -> None:
    chat_id = await make_chat(client)
    path, body = f"/v1/chats/{chat_id}/messages", {"client_message_id": "1", "content": "Hello"}
    await client.post(path, json=body, headers=ALICE)
    answers = [await post(client, path, body, "k", **ALICE) for _ in range(2)]
    assert [(answer.status_code, answer.json()["duplicate"]) for answer in answers] == [(200, True)] * 2


async def test_the_answer_outlives_the_process(tmp_path: Path) -> None:
    answers = list[httpx.Response]()
    for _ in range(2):
        async with running_api(tmp_path) as api:
            answers.append(await post(api.client, "/v1/chats", {}, "k", **ALICE))
    assert answers[0].content == answers[1].content
    assert is_replay(answers[1])


async def test_another_body_is_a_conflict(client: httpx.AsyncClient) -> None:
    await post(client, "/v1/chats", {}, "k", **ALICE)
    answer = await post(client, "/v1/chats", {"name": "x"}, "k", **ALICE)
    assert code_of(answer) == (409, "CONFLICT")
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"


async def test_a_key_belongs_to_a_caller_and_a_path(client: httpx.AsyncClient) -> None:
    first = await post(client, "/v1/chats", {}, "k", **ALICE)
    assert (await post(client, "/v1/chats", {}, "k", **BOB)).json()["chat_id"] != first.json()["chat_id"]
    assert (await post(client, "/v1/events", {"event_type": "x"}, "k", **ALICE)).status_code == 202
    chats = [await make_chat(client), await make_chat(client)]
    body = {"client_message_id": "1", "content": "Hello"}
    answers = [await post(client, f"/v1/chats/{chat_id}/messages", body, "k", **ALICE) for chat_id in chats]
    assert [answer.json()["chat_id"] for answer in answers] == chats


async def test_callers_without_a_name_share_their_keys(client: httpx.AsyncClient) -> None:
    first, again = await post(client, "/v1/chats", {}, "k"), await post(client, "/v1/chats", {}, "k")
    assert first.content == again.content
    assert is_replay(again)


async def test_a_key_that_is_in_use_is_a_conflict_until_it_is_answered(api: RunningApi) -> None:
    chat_id = await make_chat(api.client)
    path, body = f"/v1/chats/{chat_id}/messages", {"client_message_id": "1", "content": "Hello"}
    is_held = api.ingest.hold()
    running = asyncio.create_task(post(api.client, path, body, "k", **ALICE))
    await is_held.wait()
    assert code_of(await post(api.client, path, body, "k", **ALICE)) == (409, "CONFLICT")
    api.ingest.release()
    assert (await running).status_code == 201
    assert is_replay(await post(api.client, path, body, "k", **ALICE))


async def test_a_refusal_is_not_kept(api: RunningApi) -> None:
    assert code_of(await post(api.client, "/v1/chats", {"members": [""]}, "k", **ALICE))[0] == 422
    assert (await post(api.client, "/v1/chats", {"members": []}, "k", **ALICE)).status_code == 201
    absent = "/v1/chats/chat_01AAAAAAAAAAAAAAAAAAAAAAAA/messages"
    for _ in range(2):
        answer = await post(api.client, absent, {"client_message_id": "1", "content": "x"}, "k2", **ALICE)
        assert code_of(answer) == (404, "NOT_FOUND")
        assert not is_replay(answer)


async def test_the_answer_is_forgotten_after_a_day(api: RunningApi) -> None:
    first = await post(api.client, "/v1/chats", {}, "k", **ALICE)
    api.clock.advance(24 * 3_600 + 1)
    assert (await post(api.client, "/v1/chats", {}, "k", **ALICE)).json()["chat_id"] != first.json()["chat_id"]


@pytest.mark.parametrize("key", ["", "x" * 256, "a b", "a\tb", "é".encode()])
async def test_what_is_no_key_is_refused(client: httpx.AsyncClient, key: str | bytes) -> None:
    answer = await client.post("/v1/chats", json={}, headers={"Idempotency-Key": key})
    assert code_of(answer) == (422, "INVALID_MESSAGE")
    assert answer.json()["errors"][0]["path"] == "Idempotency-Key"


async def test_two_keys_are_none(client: httpx.AsyncClient) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert code_of(await client.post("/v1/chats", json={}, headers=headers)) == (422, "INVALID_MESSAGE")


@pytest.mark.parametrize("key", ["!", "~" * 255, '"8e03978e-40d5-43dd-bc93-6894a57f9324"'])
async def test_any_visible_key_is_taken(client: httpx.AsyncClient, key: str) -> None:
    answers = [await client.post("/v1/chats", json={}, headers={"Idempotency-Key": key}) for _ in range(2)]
    assert [is_replay(answer) for answer in answers] == [False, True]
