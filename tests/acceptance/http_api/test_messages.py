"""Messages over HTTP: sent once, in order, and read back."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import httpx
import pytest

from surewire.ports.message_store import WatermarkUpdate
from tests.acceptance.http_api.running_api import RunningApi, running_api, with_limits
from tests.acceptance.http_api.test_chats import ALICE, BOB, code_of, make_chat


async def send(client: httpx.AsyncClient, chat_id: str, number: int, content: str = "Hello", **headers: str) -> httpx.Response:
    body = {"client_message_id": f"m{number}", "content": content}
    return await client.post(f"/v1/chats/{chat_id}/messages", json=body, headers={**ALICE, **headers})


def counted(api: RunningApi, family: str, status: str) -> int:
    return getattr(api.services.instruments, family)[status].n


async def test_a_message_is_answered_like_an_ack(api: RunningApi) -> None:
    chat_id = await make_chat(api.client)
    answer = await send(api.client, chat_id, 1)
    sent = answer.json()
    assert answer.status_code == 201
    assert re.fullmatch(r"msg_[0-9A-Z]{26}", sent.pop("message_id"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", sent.pop("created_at"))
    assert sent == {"chat_id": chat_id, "client_message_id": "m1", "sequence": 1, "duplicate": False}


async def test_the_same_message_is_stored_once_and_says_so(api: RunningApi) -> None:
    chat_id = await make_chat(api.client)
    first, again = await send(api.client, chat_id, 1), await send(api.client, chat_id, 1)
    assert (again.status_code, again.json()) == (200, {**first.json(), "duplicate": True})
    assert counted(api, "send", "success") == 2


async def test_the_same_id_with_other_content_is_a_conflict(api: RunningApi) -> None:
    chat_id = await make_chat(api.client)
    await send(api.client, chat_id, 1)
    answer = await send(api.client, chat_id, 1, "Other")
    assert code_of(answer) == (409, "CONFLICT")
    assert answer.json()["errors"][0]["path"] == "client_message_id"


async def test_pages_go_either_way(client: httpx.AsyncClient) -> None:
    chat_id = await make_chat(client)
    for number in range(1, 8):
        await send(client, chat_id, number, f"text {number}")
    path = f"/v1/chats/{chat_id}/messages"

    async def page(query: str) -> tuple[list[int], bool]:
        read = (await client.get(f"{path}?{query}", headers=ALICE)).json()
        assert read["chat_id"] == chat_id
        assert read["latest_sequence"] == 7
        return [message["sequence"] for message in read["messages"]], read["has_more"]

    assert await page("limit=3") == ([5, 6, 7], True)
    assert await page("before_sequence=5&limit=3") == ([2, 3, 4], True)
    assert await page("before_sequence=2") == ([1], False)
    assert await page("after_sequence=0&limit=3") == ([1, 2, 3], True)
    assert await page("after_sequence=5") == ([6, 7], False)
    assert await page("after_sequence=7") == ([], False)


async def test_reads_are_counted_with_their_latency_and_mistakes_are_not(api: RunningApi) -> None:
    chat_id = await make_chat(api.client)
    await api.client.get(f"/v1/chats/{chat_id}/messages", headers=ALICE)
    await api.client.get(f"/v1/chats/{chat_id}/messages", headers=BOB)
    await api.client.get(f"/v1/chats/{chat_id}/messages?limit=0", headers=ALICE)
    assert (counted(api, "history", "success"), counted(api, "history", "error")) == (1, 0)


async def test_both_directions_at_once_are_refused(client: httpx.AsyncClient) -> None:
    chat_id = await make_chat(client)
    answer = await client.get(f"/v1/chats/{chat_id}/messages?before_sequence=5&after_sequence=1", headers=ALICE)
    assert code_of(answer) == (422, "INVALID_MESSAGE")


async def test_a_sender_has_a_rate_in_each_chat(api: RunningApi) -> None:
    chat_id, other = await make_chat(api.client), await make_chat(api.client)
    answers = [await send(api.client, chat_id, number) for number in range(21)]
    assert [answer.status_code for answer in answers] == [201] * 20 + [429]
    assert code_of(answers[-1]) == (429, "RATE_LIMITED")
    assert answers[-1].headers["retry-after"] == "1"
    assert (await send(api.client, other, 1)).status_code == 201
    api.clock.advance(0.1)
    assert (await send(api.client, chat_id, 20)).status_code == 201
    assert counted(api, "send", "error") == 0


async def test_what_is_malformed_costs_nothing(api: RunningApi) -> None:
    chat_id = await make_chat(api.client)
    for _ in range(30):
        await api.client.post(f"/v1/chats/{chat_id}/messages", json={"content": "no id"}, headers=ALICE)
    assert (await send(api.client, chat_id, 1)).status_code == 201


@pytest.mark.parametrize(("content", "status"), [("x" * 64, 201), ("x" * 65, 413), ("é" * 32, 201), ("é" * 33, 413), ("😀" * 17, 413)])
async def test_content_is_measured_in_bytes_of_utf_8(tmp_path: Path, content: str, status: int) -> None:
    async with running_api(tmp_path, with_limits(max_content_bytes=64)) as api:
        answer = await send(api.client, await make_chat(api.client), 1, content)
        assert answer.status_code == status
        if status == 413:
            assert code_of(answer) == (413, "TOO_LARGE")


async def test_everything_unicode_comes_back_as_it_was(client: httpx.AsyncClient) -> None:
    chat_id = await make_chat(client)
    content = 'é \u0000 "\\ \U0001f600 \u2028 <script>&amp; \u202e ﷽'
    await send(client, chat_id, 1, content)
    (message,) = (await client.get(f"/v1/chats/{chat_id}/messages", headers=ALICE)).json()["messages"]
    assert message["content"] == content


async def test_many_senders_at_once_get_every_sequence_once(client: httpx.AsyncClient) -> None:
    chat_id = await make_chat(client, *(f"user{number}" for number in range(10)))
    answers = await asyncio.gather(
        *(send(client, chat_id, number, **{"X-User-Id": f"user{number % 10}"}) for number in range(100)),
    )
    assert sorted(answer.json()["sequence"] for answer in answers) == list(range(1, 101))


async def test_delivery_knows_every_watermark_given_before(api: RunningApi) -> None:
    chat_id = await make_chat(api.client, "bob")
    for number in range(3):
        await send(api.client, chat_id, number)
    api.services.receipts.acknowledge(WatermarkUpdate("bob", "read", chat_id, 2))
    api.services.receipts.acknowledge(WatermarkUpdate("bob", "delivered", chat_id, 3))
    delivery = (await api.client.get(f"/v1/chats/{chat_id}/delivery", headers=ALICE)).json()
    assert delivery["latest_sequence"] == 3
    assert {"user_id": "bob", "delivered_sequence": 3, "read_sequence": 2} in delivery["members"]
    assert {member["user_id"] for member in delivery["members"]} == {"alice", "bob"}
