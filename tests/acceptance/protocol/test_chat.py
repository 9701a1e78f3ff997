"""Chat on the wire: sent, acknowledged, delivered, read again, by independent clients against the real server."""

from __future__ import annotations

from typing import Any

import httpx

from tests.acceptance.protocol.peer import Peer, open_peer
from tests.server_process import ServerProcess


async def make_chat(http: httpx.AsyncClient, *members: str) -> str:
    answer = await http.post("/v1/chats", params={"user_id": members[0]}, json={"members": list(members)})
    return answer.raise_for_status().json()["chat_id"]


async def send(peer: Peer, chat: str, client_id: str, content: str = "hello", **more: Any) -> dict[str, Any]:
    """The answer; messages that arrive before it are dropped."""
    await peer.say("send_message", chat_id=chat, client_message_id=client_id, content=content, **more)
    while (answer := await peer.hear())["type"] == "message":
        pass
    return answer


async def test_welcome_says_who_and_what_is_allowed(server: ServerProcess) -> None:
    async with open_peer(server.ws, "alice") as alice, open_peer(server.ws) as nobody:
        assert alice.welcome["type"] == "welcome"
        assert alice.welcome["user_id"] == "alice"
        assert alice.welcome["protocol_version"] == 1
        assert alice.welcome["heartbeat_interval_ms"] == 30_000
        assert alice.welcome["session_timeout_ms"] == 300_000
        assert alice.welcome["limits"] == {
            "max_message_bytes": 65_536,
            "max_content_bytes": 16_384,
            "max_subscriptions": 100,
            "messages_per_s": 50,
            "burst": 100,
        }
        assert alice.welcome["session_id"].startswith("sess_")
        assert alice.welcome["connection_id"].startswith("conn_")
        assert alice.welcome["resume_token"] != nobody.welcome["resume_token"]
        assert nobody.welcome["user_id"].startswith("user_")


async def test_a_message_is_acknowledged_and_reaches_every_session_but_the_sending_one(
    server: ServerProcess, http: httpx.AsyncClient
) -> None:
    chat = await make_chat(http, "alice", "bob")
    async with open_peer(server.ws, "alice") as alice, open_peer(server.ws, "alice") as alice_too, open_peer(server.ws, "bob") as bob:
        ack = await send(alice, chat, "c1", request_id="r1")
        assert ack["type"] == "message_ack"
        assert (ack["request_id"], ack["client_message_id"], ack["sequence"], ack["duplicate"]) == ("r1", "c1", 1, False)
        for other in (bob, alice_too):
            message = await other.hear()
            assert message == {
                "type": "message",
                "message_id": ack["message_id"],
                "chat_id": chat,
                "sequence": 1,
                "sender_id": "alice",
                "content": "hello",
                "content_type": "text/plain",
                "created_at": ack["created_at"],
            }
        assert await alice.hears_nothing()


async def test_a_client_message_id_is_stored_once_and_other_content_conflicts(server: ServerProcess, http: httpx.AsyncClient) -> None:
    chat = await make_chat(http, "alice", "bob")
    async with open_peer(server.ws, "alice") as alice, open_peer(server.ws, "bob") as bob:
        first, again = await send(alice, chat, "c1"), await send(alice, chat, "c1")
        assert again == first | {"duplicate": True}
        conflict = await send(alice, chat, "c1", content="something else")
        assert (conflict["type"], conflict["code"], conflict["temporary"]) == ("error", "CONFLICT", False)
        assert (await bob.hear())["sequence"] == 1
        assert await bob.hears_nothing()


async def test_outsiders_and_missing_chats_get_the_same_answer(server: ServerProcess, http: httpx.AsyncClient) -> None:
    chat = await make_chat(http, "alice", "bob")
    missing = "chat_" + "0" * 26
    async with open_peer(server.ws, "eve") as eve:
        for request in ({"client_message_id": "c1", "content": "x"}, None):
            kind = "send_message" if request else "history"
            answers = [await eve.ask(kind, chat_id=one, request_id="r", **(request or {})) for one in (chat, missing)]
            assert answers[0] == answers[1]
            assert (answers[0]["code"], answers[0]["request_id"]) == ("NOT_FOUND", "r")
        answer = await eve.ask("sync_request", chats=[{"chat_id": chat, "after_sequence": 0}], request_id="s")
        assert (answer["code"], answer["details"]["chat_ids"], answer["request_id"]) == ("NOT_FOUND", [chat], "s")
        refused = await eve.ask("ack", chat_id=chat, sequence=1)
        assert refused["code"] == "NOT_FOUND"


async def test_sync_and_history_give_pages_in_order(server: ServerProcess, http: httpx.AsyncClient) -> None:
    chat = await make_chat(http, "alice", "bob")
    missing = "chat_" + "0" * 26
    async with open_peer(server.ws, "alice") as alice, open_peer(server.ws, "bob") as bob:
        for number in range(1, 8):
            await send(alice, chat, f"c{number}", content=f"text {number}")
        await bob.say("sync_request", chats=[{"chat_id": missing, "after_sequence": 0}, {"chat_id": chat, "after_sequence": 2}], limit=3)
        error, response = await bob.hear_until("error"), await bob.hear_until("sync_response")
        assert error["details"]["chat_ids"] == [missing]
        (page,) = response["chats"]
        assert [message["sequence"] for message in page["messages"]] == [3, 4, 5]
        assert (page["has_more"], page["latest_sequence"], "gap" in page) == (True, 7, False)
        await bob.say("history", chat_id=chat, limit=2)
        newest = await bob.hear_until("history_result")
        assert [message["sequence"] for message in newest["messages"]] == [6, 7]
        assert newest["has_more"] is True
        before = await bob.ask("history", chat_id=chat, before_sequence=3, limit=10)
        assert [message["content"] for message in before["messages"]] == ["text 1", "text 2"]
        assert before["has_more"] is False
        both = await bob.ask("history", chat_id=chat, before_sequence=3, after_sequence=1, request_id="both")
        assert (both["code"], both["request_id"]) == ("INVALID_MESSAGE", "both")


async def test_watermarks_are_cumulative_clamped_and_shown(server: ServerProcess, http: httpx.AsyncClient) -> None:
    chat = await make_chat(http, "alice", "bob")
    async with open_peer(server.ws, "alice") as alice, open_peer(server.ws, "bob") as bob:
        acks = [await send(alice, chat, f"c{number}") for number in range(3)]
        for _ in acks:
            await bob.hear()
        await bob.say("ack", message_id=acks[1]["message_id"])
        await bob.say("ack", chat_id=chat, sequence=1, state="read")
        await bob.say("ack", chat_id=chat, sequence=1)
        assert await bob.hears_nothing()
        delivery = (await http.get(f"/v1/chats/{chat}/delivery", params={"user_id": "alice"})).raise_for_status().json()
        assert delivery["latest_sequence"] == 3
        assert {"user_id": "bob", "delivered_sequence": 2, "read_sequence": 1} in delivery["members"]
        await bob.say("ack", chat_id=chat, sequence=999, state="read")
        assert await bob.hears_nothing()
        delivery = (await http.get(f"/v1/chats/{chat}/delivery", params={"user_id": "alice"})).json()
        assert {"user_id": "bob", "delivered_sequence": 3, "read_sequence": 3} in delivery["members"]


async def test_many_senders_give_every_member_one_order(server: ServerProcess, http: httpx.AsyncClient) -> None:
    members = ["a", "b", "c"]
    chat = await make_chat(http, *members)
    async with open_peer(server.ws, "a") as a, open_peer(server.ws, "b") as b, open_peer(server.ws, "c") as c:
        peers = dict(zip(members, (a, b, c), strict=True))
        for number in range(15):
            for name, peer in peers.items():
                await peer.say("send_message", chat_id=chat, client_message_id=f"{name}{number}", content=f"{name}{number}")
        log: dict[int, str] = {}
        for peer in peers.values():
            mine: dict[str, int] = {}
            seen: list[int] = []
            for _ in range(45):
                message = await peer.hear()
                if message["type"] == "message_ack":
                    mine[message["client_message_id"]] = message["sequence"]
                else:
                    seen.append(message["sequence"])
                    assert log.setdefault(message["sequence"], message["content"]) == message["content"]
            assert seen == sorted(seen)
            assert sorted([*seen, *mine.values()]) == list(range(1, 46))


async def test_new_members_see_everything_and_removed_ones_nothing(server: ServerProcess, http: httpx.AsyncClient) -> None:
    chat = await make_chat(http, "alice", "bob")
    async with open_peer(server.ws, "alice") as alice, open_peer(server.ws, "carol") as carol, open_peer(server.ws, "bob") as bob:
        await send(alice, chat, "c1")
        assert (await bob.hear())["sequence"] == 1
        (await http.put(f"/v1/chats/{chat}/members/carol", params={"user_id": "alice"})).raise_for_status()
        (await http.delete(f"/v1/chats/{chat}/members/bob", params={"user_id": "alice"})).raise_for_status()
        page = await carol.ask("history", chat_id=chat)
        assert [message["content"] for message in page["messages"]] == ["hello"]
        await send(alice, chat, "c2")
        assert (await carol.hear())["sequence"] == 2
        assert (await bob.ask("history", chat_id=chat))["code"] == "NOT_FOUND"


async def test_the_lobby_is_made_at_first_use_and_anyone_may_join(server: ServerProcess, http: httpx.AsyncClient) -> None:
    for name in ("alice", "bob"):
        (await http.put(f"/v1/chats/chat_lobby/members/{name}", params={"user_id": name})).raise_for_status()
    async with open_peer(server.ws, "alice") as alice, open_peer(server.ws, "bob") as bob:
        assert (await send(alice, "chat_lobby", "c1"))["sequence"] == 1
        assert (await bob.hear())["content"] == "hello"


async def test_messages_survive_a_kill_and_sequences_go_on(server: ServerProcess, http: httpx.AsyncClient) -> None:
    chat = await make_chat(http, "alice", "bob")
    async with open_peer(server.ws, "alice") as alice:
        first = await send(alice, chat, "c1")
    await server.kill()
    await server.start()
    async with open_peer(server.ws, "alice") as alice, open_peer(server.ws, "bob") as bob:
        assert await send(alice, chat, "c1") == first | {"duplicate": True}
        assert (await send(alice, chat, "c2"))["sequence"] == 2
        await bob.say("sync_request", chats=[{"chat_id": chat, "after_sequence": 0}])
        response = await bob.hear_until("sync_response")
        assert [message["sequence"] for message in response["chats"][0]["messages"]] == [1, 2]
