"""Chats and members over HTTP."""

from __future__ import annotations

import re

import httpx

from tests.acceptance.http_api.running_api import running_api, with_limits

ALICE, BOB, EVE = ({"X-User-Id": name} for name in ("alice", "bob", "eve"))


async def make_chat(client: httpx.AsyncClient, *members: str, name: str | None = None) -> str:
    answer = await client.post("/v1/chats", json={"members": members, "name": name}, headers=ALICE)
    assert answer.status_code == 201
    return answer.json()["chat_id"]


def code_of(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


async def test_a_chat_is_made_with_its_creator_as_owner(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/chats", json={"members": ["bob", "alice"], "name": "Release"}, headers=ALICE)
    assert answer.status_code == 201
    chat = answer.json()
    assert re.fullmatch(r"chat_[0-9A-Z]{26}", chat["chat_id"])
    assert (chat["name"], chat["owner"], chat["latest_sequence"]) == ("Release", "alice", 0)
    assert {member["user_id"]: member["role"] for member in chat["members"]} == {"alice": "owner", "bob": "member"}
    assert (await client.get(f"/v1/chats/{chat['chat_id']}", headers=BOB)).json() == chat


async def test_a_body_may_be_empty_of_members_and_name(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/chats", json={}, headers=ALICE)
    assert (answer.status_code, len(answer.json()["members"]), answer.json()["name"]) == (201, 1, None)


async def test_the_query_names_the_caller_too(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/chats?user_id=bob%40example.org", json={})
    assert answer.json()["owner"] == "bob@example.org"


async def test_two_names_for_one_caller_are_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/chats?user_id=bob%40example.org", json={}, headers=ALICE)
    assert (answer.status_code, answer.json()["code"], answer.json()["errors"][0]["path"]) == (422, "INVALID_MESSAGE", "user_id")


async def test_nobody_in_particular_is_anonymous(client: httpx.AsyncClient) -> None:
    answer = await client.post("/v1/chats", json={})
    assert re.fullmatch(r"user_[0-9A-Z]{26}", answer.json()["owner"])


async def test_outsiders_cannot_tell_a_chat_from_none(client: httpx.AsyncClient) -> None:
    chat_id = await make_chat(client, "bob")
    absent = "chat_01AAAAAAAAAAAAAAAAAAAAAAAA"
    for wanted in (chat_id, absent):
        path = f"/v1/chats/{wanted}"
        answers = [
            await client.get(path, headers=EVE),
            await client.patch(path, json={"name": "x"}, headers=EVE),
            await client.delete(path, headers=EVE),
            await client.put(f"{path}/members/eve", headers=EVE),
            await client.delete(f"{path}/members/alice", headers=EVE),
            await client.get(f"{path}/messages", headers=EVE),
            await client.post(f"{path}/messages", json={"client_message_id": "1", "content": "x"}, headers=EVE),
            await client.get(f"{path}/delivery", headers=EVE),
        ]
        assert [code_of(answer) for answer in answers] == [(404, "NOT_FOUND")] * len(answers)
        assert {answer.json()["detail"] for answer in answers} == {answers[0].json()["detail"]}


async def test_what_no_chat_can_be_called_is_not_found(client: httpx.AsyncClient) -> None:
    for name in ("x", "chat_", "chat_lobby2", "chat_01aaaaaaaaaaaaaaaaaaaaaaaa", "%00", "..%2f", "a" * 1_000, "%F0%9F%98%80"):
        assert code_of(await client.get(f"/v1/chats/{name}", headers=ALICE)) == (404, "NOT_FOUND")


async def test_the_owner_renames_and_deletes_and_members_do_not(client: httpx.AsyncClient) -> None:
    chat_id = await make_chat(client, "bob")
    path = f"/v1/chats/{chat_id}"
    assert code_of(await client.patch(path, json={"name": "Mine"}, headers=BOB)) == (403, "FORBIDDEN")
    assert (await client.patch(path, json={"name": "New"}, headers=ALICE)).json()["name"] == "New"
    assert (await client.patch(path, json={"name": None}, headers=ALICE)).json()["name"] is None
    assert code_of(await client.delete(path, headers=BOB)) == (403, "FORBIDDEN")
    gone = await client.delete(path, headers=ALICE)
    assert (gone.status_code, gone.content, "content-type" in gone.headers) == (204, b"", False)
    assert code_of(await client.get(path, headers=ALICE)) == (404, "NOT_FOUND")


async def test_members_come_and_go(client: httpx.AsyncClient) -> None:
    chat_id = await make_chat(client)
    members = f"/v1/chats/{chat_id}/members"
    added = await client.put(f"{members}/bob@example.org", headers=ALICE)
    assert {member["user_id"] for member in added.json()["members"]} == {"alice", "bob@example.org"}
    assert (await client.put(f"{members}/bob@example.org", headers=ALICE)).json() == added.json()
    assert code_of(await client.put(f"{members}/eve", headers={"X-User-Id": "bob@example.org"})) == (403, "FORBIDDEN")
    assert (await client.delete(f"{members}/bob@example.org", headers={"X-User-Id": "bob@example.org"})).status_code == 204
    assert code_of(await client.delete(f"{members}/alice", headers=ALICE)) == (409, "CONFLICT")


async def test_anyone_joins_the_lobby(client: httpx.AsyncClient) -> None:
    answer = await client.put("/v1/chats/chat_lobby/members/eve", headers=EVE)
    assert (answer.status_code, answer.json()["owner"]) == (200, None)


async def test_lists_continue_where_they_ended(client: httpx.AsyncClient) -> None:
    made = sorted([await make_chat(client, name=str(number)) for number in range(5)])
    seen: list[str] = []
    cursor = ""
    while True:
        page = (await client.get(f"/v1/chats?limit=2{cursor}", headers=ALICE)).json()
        seen += [chat["chat_id"] for chat in page["items"]]
        assert all("members" not in chat for chat in page["items"])
        if "next" not in page:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == made
    assert (await client.get("/v1/chats", headers=EVE)).json() == {"items": []}


async def test_a_chat_has_no_more_members_than_allowed(tmp_path: object) -> None:
    async with running_api(tmp_path, with_limits(max_members=3)) as api:  # type: ignore[arg-type]
        answer = await api.client.post("/v1/chats", json={"members": ["b", "c", "d"]}, headers=ALICE)
        assert code_of(answer) == (422, "LIMIT_EXCEEDED")


async def test_a_member_of_dots_that_a_client_took_out_of_the_path_is_not_the_chat(client: httpx.AsyncClient) -> None:
    chat_id = await make_chat(client, "bob")
    as_sent_for_dots = client.base_url.copy_with(raw_path=f"/v1/chats/{chat_id}/".encode())
    assert code_of(await client.delete(as_sent_for_dots, headers=ALICE)) == (404, "NOT_FOUND")
    assert (await client.get(f"/v1/chats/{chat_id}", headers=ALICE)).status_code == 200
