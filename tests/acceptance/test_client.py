"""The Python client against a real server: nothing acknowledged is lost, nothing comes twice, order holds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from surewire.client import LOBBY, BackoffPolicy, ClientError, Connected, Disconnected, Filters, HttpApi, Inbox, Notice, Position, connect
from tests.server_process import ServerProcess, free_port, running_server

IMPATIENT = BackoffPolicy(first_s=0.02, most_s=0.2)
GENEROUS = {
    "SUREWIRE_LIMITS__CHAT_MESSAGES_PER_S": "100000",
    "SUREWIRE_LIMITS__CHAT_BURST": "100000",
    "SUREWIRE_LIMITS__MESSAGES_PER_S": "100000",
    "SUREWIRE_LIMITS__BURST": "100000",
}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[ServerProcess]:
    async with running_server(tmp_path / "data", **GENEROUS) as running:
        yield running


async def read(messages: Inbox, count: int) -> list[str]:
    async with asyncio.timeout(60):
        return [(await anext(messages)).content for _ in range(count)]


async def test_two_people_talk_in_the_lobby(server: ServerProcess) -> None:
    async with connect(server.http, user_id="alice") as alice, connect(server.http, user_id="bob") as bob:
        await alice.join(LOBBY)
        await bob.join(LOBBY)
        to_alice, to_bob = await alice.messages().ready(), await bob.messages().ready()
        assert (await alice.send(LOBBY, "hello")).sequence == 1
        assert await read(to_bob, 1) == ["hello"]
        assert (await bob.send(LOBBY, "hello yourself")).sequence == 2
        assert await read(to_alice, 1) == ["hello yourself"]


async def test_a_chat_of_two_is_made_and_read_page_by_page(server: ServerProcess) -> None:
    async with connect(server.http, user_id="alice") as alice, connect(server.http, user_id="bob") as bob:
        chat = await alice.create_chat(["bob"], "Release")
        for number in range(5):
            await alice.send(chat.chat_id, f"{number}")
        assert [one.chat_id for one in await bob.chats()] == [chat.chat_id]
        page = await bob.history(chat.chat_id, after=0, limit=3)
        assert ([message.content for message in page.messages], page.has_more) == (["0", "1", "2"], True)
        newest = await bob.history(chat.chat_id, limit=2)
        assert [message.content for message in newest.messages] == ["3", "4"]


async def test_kill_9_loses_nothing_and_repeats_nothing(server: ServerProcess) -> None:
    notices: list[Notice] = []
    async with (
        connect(server.http, user_id="alice", reconnect=IMPATIENT) as alice,
        connect(server.http, user_id="bob", reconnect=IMPATIENT, on_notice=notices.append) as bob,
    ):
        await alice.join(LOBBY)
        await bob.join(LOBBY)
        to_alice, to_bob = await alice.messages().ready(), await bob.messages().ready()
        for life in range(3):
            sending = [asyncio.create_task(alice.send(LOBBY, f"{life}.{number}")) for number in range(40)]
            await asyncio.wait(sending, return_when=asyncio.FIRST_COMPLETED)
            await server.kill()
            sending += [asyncio.create_task(alice.send(LOBBY, f"{life}.down"))]
            await server.start()
            acks = await asyncio.gather(*sending)
            assert sorted(ack.sequence for ack in acks) == list(range(acks[0].sequence, acks[0].sequence + 41))
            stored = sorted(
                (ack.sequence, content) for ack, content in zip(acks, [*(f"{life}.{n}" for n in range(40)), f"{life}.down"], strict=True)
            )
            assert await read(to_bob, 41) == [content for _, content in stored]
        await bob.send(LOBBY, "the end")
        assert await read(to_alice, 1) == ["the end"], "alice was shown something of her own"
        assert sum(isinstance(notice, Connected) and notice.again for notice in notices) == 3


async def test_events_survive_kill_9_once_and_in_order(server: ServerProcess) -> None:
    async with (
        connect(server.http, reconnect=IMPATIENT) as listener,
        HttpApi(server.http) as api,
        listener.subscribe(Filters(severities=("P0", "P1"))) as urgent,
        listener.subscribe(Filters(sources=("none",))) as silent,
    ):
        seen: list[int] = []
        for life in range(3):
            for number in range(10):
                await api.publish("incident_created", {"number": life * 10 + number}, severity="P1")
                await api.publish("incident_created", {"number": -1}, severity="P3")
            await server.kill()
            await server.start()
            seen += [(await anext(urgent)).event.data["number"] for _ in range(10)]
        assert seen == list(range(30))
        await api.publish("incident_created", {"number": 99}, source="none")
        assert (await anext(silent)).event.data == {"number": 99}


async def test_missed_events_are_read_in_pages_from_any_position(server: ServerProcess) -> None:
    async with connect(server.http) as client, HttpApi(server.http) as api:
        first = await api.publish("system_event", {"number": 0})
        async with httpx.AsyncClient(base_url=server.http) as http:
            events = [{"event_type": "system_event", "data": {"number": number}} for number in range(1, 1_000)]
            assert (await http.post("/v1/events", json={"events": events})).status_code == 202
            assert (await http.post("/v1/events", json={"events": events})).status_code == 202
        async with client.subscribe(since=Position(first.position.epoch, 0)) as everything:
            numbers = [(await anext(everything)).event.data["number"] for _ in range(1_999)]
            await api.publish("system_event", {"number": -1})
            assert (await anext(everything)).event.data == {"number": -1}
        assert numbers == [*range(1_000), *range(1, 1_000)]


async def test_a_drained_server_brings_its_clients_back_when_it_returns(server: ServerProcess) -> None:
    notices: list[Notice] = []
    async with connect(server.http, user_id="alice", on_notice=notices.append, reconnect=IMPATIENT) as alice:
        await alice.join(LOBBY)
        assert await server.terminate() == 0
        sending = asyncio.create_task(alice.send(LOBBY, "written while the server was away"))
        await server.start()
        assert (await sending).sequence == 1
    assert next(notice.reason for notice in notices if isinstance(notice, Disconnected))


async def test_a_reader_who_sleeps_misses_nothing(server: ServerProcess) -> None:
    async with connect(server.http, user_id="alice") as alice, connect(server.http, user_id="bob") as bob:
        await alice.join(LOBBY)
        await bob.join(LOBBY)
        to_bob = await bob.messages().ready()
        contents = [f"{number}" for number in range(3_000)]
        for start in range(0, 3_000, 100):
            await asyncio.gather(*(alice.send(LOBBY, content) for content in contents[start : start + 100]))
        assert sorted(await read(to_bob, 3_000)) == sorted(contents)
        assert to_bob.positions == {LOBBY: 3_000}


async def test_two_sessions_of_one_user_see_each_other(server: ServerProcess) -> None:
    async with connect(server.http, user_id="alice") as phone, connect(server.http, user_id="alice") as laptop:
        await phone.join(LOBBY)
        to_phone, to_laptop = await phone.messages().ready(), await laptop.messages().ready()
        await asyncio.gather(*(phone.send(LOBBY, f"phone {n}") for n in range(20)), *(laptop.send(LOBBY, f"laptop {n}") for n in range(20)))
        assert await read(to_phone, 20) == [f"laptop {n}" for n in range(20)]
        assert await read(to_laptop, 20) == [f"phone {n}" for n in range(20)]


async def test_reading_goes_on_where_another_life_of_the_program_stopped(server: ServerProcess) -> None:
    async with connect(server.http, user_id="alice") as alice:
        await alice.join(LOBBY)
        async with connect(server.http, user_id="bob") as bob:
            await bob.join(LOBBY)
            to_bob = await bob.messages().ready()
            await alice.send(LOBBY, "one")
            assert await read(to_bob, 1) == ["one"]
        await alice.send(LOBBY, "two")
        async with connect(server.http, user_id="bob") as bob:
            assert await read(bob.messages(after=to_bob.positions), 1) == ["two"]


async def test_watermarks_reach_the_server_before_the_client_leaves(server: ServerProcess) -> None:
    async with connect(server.http, user_id="alice") as alice:
        await alice.join(LOBBY)
        await alice.send(LOBBY, "one")
        async with connect(server.http, user_id="bob") as bob:
            await bob.join(LOBBY)
            bob.ack(LOBBY, 1, "read")
        async with httpx.AsyncClient(base_url=server.http, headers={"X-User-Id": "alice"}) as http:
            members = (await http.get(f"/v1/chats/{LOBBY}/delivery")).json()["members"]
        assert {"user_id": "bob", "delivered_sequence": 1, "read_sequence": 1} in members


async def test_the_same_client_message_id_is_stored_once(server: ServerProcess) -> None:
    async with connect(server.http, user_id="alice") as alice:
        await alice.join(LOBBY)
        first = await alice.send(LOBBY, "once", client_message_id="m1")
        again = await alice.send(LOBBY, "once", client_message_id="m1")
        assert (again.message_id, again.duplicate) == (first.message_id, True)
        with pytest.raises(ClientError) as raised:
            await alice.send(LOBBY, "something else", client_message_id="m1")
        assert raised.value.code == "CONFLICT"


async def test_what_is_wrong_with_a_request_is_an_error_with_its_code(server: ServerProcess) -> None:
    async with connect(server.http, user_id="alice") as alice:
        for request, code in (
            (alice.send("chat_of_others", "x"), "NOT_FOUND"),
            (alice.history("chat_of_others"), "NOT_FOUND"),
            (alice.join("chat_of_others"), "NOT_FOUND"),
            (alice.send(LOBBY, "x" * 20_000), "TOO_LARGE"),
        ):
            await alice.join(LOBBY)
            with pytest.raises(ClientError) as raised:
                await request
            assert raised.value.code == code


async def test_limits_slow_a_sender_down_and_lose_nothing(tmp_path: Path) -> None:
    limits = {"SUREWIRE_LIMITS__CHAT_BURST": "2", "SUREWIRE_LIMITS__CHAT_MESSAGES_PER_S": "50"}
    async with running_server(tmp_path / "data", **limits) as server, connect(server.http, user_id="alice") as alice:
        await alice.join(LOBBY)
        acks = await asyncio.gather(*(alice.send(LOBBY, f"{n}") for n in range(12)))
        assert sorted(ack.sequence for ack in acks) == list(range(1, 13))


async def test_an_anonymous_client_stays_the_same_user(server: ServerProcess) -> None:
    async with connect(server.http, reconnect=IMPATIENT) as client:
        user_id = client.user_id
        assert user_id.startswith("user_")
        await client.join(LOBBY)
        await server.kill()
        await server.start()
        await client.send(LOBBY, "still a member")
        assert client.user_id == user_id


async def test_iterators_end_with_the_client_and_nothing_can_be_asked_afterwards(server: ServerProcess) -> None:
    async with connect(server.http, user_id="alice") as alice:
        messages, events = alice.messages(), alice.subscribe()
        reading = asyncio.create_task(anext(messages, None))
    assert await reading is None
    assert [event async for event in events] == []
    with pytest.raises(ClientError, match="the client was closed"):
        await alice.send(LOBBY, "too late")


async def test_a_server_that_is_not_there_is_said_at_once() -> None:
    with pytest.raises(ClientError, match=r"cannot reach http://127\.0\.0\.1:[0-9]+: nobody listens there") as raised:
        async with connect(f"http://127.0.0.1:{free_port()}"):
            pass
    assert (raised.value.code, raised.value.temporary) == ("UNAVAILABLE", True)
