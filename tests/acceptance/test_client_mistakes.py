"""What is wrong with one call of the client fails that call, at once, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import pytest

from surewire.client import BackoffPolicy, Client, ClientError, Filters, HttpApi, Notice, connect
from surewire.client.outgoing import frame_of
from surewire.protocol.client_messages import SendMessage
from tests.fakes.scripted_server import LIMITS, Line, scripted_server

IMPATIENT = BackoffPolicy(first_s=0.01, most_s=0.05)

Call = Callable[[Client], Awaitable[object]]


async def acknowledging(line: Line) -> None:
    """Stores whatever is sent."""
    await line.welcome()
    while True:
        send = await line.hear("send_message")
        ids = {"chat_id": "chat_x", "client_message_id": send["client_message_id"], "message_id": "msg_1", "created_at": ""}
        await line.say(type="message_ack", request_id=send["request_id"], sequence=1, duplicate=False, **ids)


@pytest.fixture
async def notices() -> list[Notice]:
    return []


@pytest.fixture
async def client(notices: list[Notice]) -> AsyncGenerator[Client]:
    async with (
        asyncio.timeout(20),
        scripted_server(acknowledging) as url,
        connect(url, user_id="alice", on_notice=notices.append, reconnect=IMPATIENT) as connected,
    ):
        yield connected


async def acknowledge(client: Client, *what: object) -> None:
    client.ack(*what)  # type: ignore[arg-type]


async def read_on(client: Client, positions: dict[str, int]) -> None:
    client.messages(after=positions)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda client: client.send("chat_x", "x" * 1_000_000), "TOO_LARGE"),
        (lambda client: client.send("chat_x", "bad \ud800"), "INVALID_MESSAGE"),
        (lambda client: client.send("chat_x", ""), "INVALID_MESSAGE"),
        (lambda client: client.send("", "hello"), "INVALID_MESSAGE"),
        (lambda client: client.history("chat_x", before=2, after=1), "INVALID_MESSAGE"),
        (lambda client: client.history("\udfff"), "INVALID_MESSAGE"),
        (lambda client: anext(client.subscribe(Filters(sources=("\ud800",)))), "INVALID_MESSAGE"),
        (lambda client: anext(client.subscribe(Filters(sources=("x" * 100_000,)))), "INVALID_MESSAGE"),
        (lambda client: client.subscribe(Filters(sources=("",))).ready(), "INVALID_MESSAGE"),
        (lambda client: acknowledge(client, "chat_x", -1), "INVALID_MESSAGE"),
        (lambda client: acknowledge(client, "chat_x", 2**60), "INVALID_MESSAGE"),
        (lambda client: acknowledge(client, "chat_x", 1, "foo"), "INVALID_MESSAGE"),
        (lambda client: read_on(client, {"chat_x": -1}), "INVALID_MESSAGE"),
        (lambda client: client.chat(""), "INVALID_MESSAGE"),
        (lambda client: client.chat(".."), "INVALID_MESSAGE"),
        (lambda client: client.chat("\ud800"), "INVALID_MESSAGE"),
        (lambda client: client.join(""), "INVALID_MESSAGE"),
        (lambda client: client.create_chat(["\ud800"]), "INVALID_MESSAGE"),
        (lambda client: client.create_chat(["bob"], "\ud800"), "INVALID_MESSAGE"),
    ],
)
async def test_a_call_that_no_server_takes_fails_alone(client: Client, notices: list[Notice], call: Call, code: str) -> None:
    for _ in range(12):
        with pytest.raises(ClientError) as raised:
            await call(client)
        assert raised.value.code == code
    assert (await client.send("chat_x", "after it")).sequence == 1
    assert len(notices) == 1, "the connection was lost over it"


async def test_a_message_of_the_servers_limit_is_sent_and_one_byte_more_is_not(client: Client) -> None:
    shortest = frame_of(SendMessage("chat_x", "m1", "x", request_id="r1"))
    content = "x" * (LIMITS["max_message_bytes"] - len(shortest) + 1)
    assert (await client.send("chat_x", content, client_message_id="m1")).sequence == 1
    with pytest.raises(ClientError, match=r"takes 65,537 bytes to say, and the server takes at most 65,536 at once") as raised:
        await client.send("chat_x", f"{content}x", client_message_id="m2")
    assert raised.value.details == {"max_bytes": 65_536}


async def test_what_only_the_next_server_finds_too_large_fails_when_it_is_there() -> None:
    async def script(line: Line) -> None:
        await line.welcome(limits=LIMITS | {"max_message_bytes": 65_536 if line.number == 1 else 1_000})
        if line.number == 1:
            await line.hear("subscribe")
            await line.hear("send_message")
            await line.cut()
        else:
            await line.wait()

    filters = Filters(sources=tuple(f"source-{number}" for number in range(90)))
    async with asyncio.timeout(20), scripted_server(script) as url, connect(url, reconnect=IMPATIENT) as client:
        events = client.subscribe(filters)
        with pytest.raises(ClientError) as send:
            await client.send("chat_x", "x" * 2_000)
        with pytest.raises(ClientError) as subscription:
            await anext(events)
        assert (send.value.code, subscription.value.code) == ("TOO_LARGE", "TOO_LARGE")
        assert client.is_connected


async def test_a_mistake_made_while_away_fails_at_once_too() -> None:
    async def script(line: Line) -> None:
        await line.welcome()
        await line.say(type="closing", reason="restart", code=1012, reconnect=True, retry_after_ms=60_000)
        await line.close(1012)

    gone: asyncio.Queue[Notice] = asyncio.Queue()
    async with asyncio.timeout(20), scripted_server(script) as url, connect(url, on_notice=gone.put_nowait) as client:
        await gone.get()
        await gone.get()
        with pytest.raises(ClientError, match="half of a character"):
            await client.send("chat_x", "bad \ud800")
        with pytest.raises(ClientError, match="half of a character"):
            await anext(client.subscribe(Filters(sources=("\ud800",))))


async def test_everything_asked_of_a_client_that_must_stay_away_fails_with_the_reason() -> None:
    async def script(line: Line) -> None:
        await line.welcome()
        await line.close(4502)

    async with asyncio.timeout(20), scripted_server(script) as url, connect(url, reconnect=IMPATIENT) as client:
        with pytest.raises(ClientError, match="close code 4502"):
            await anext(client.messages())
        calls: list[Call] = [
            lambda client: anext(client.subscribe()),
            lambda client: client.subscribe().ready(),
            lambda client: client.send("chat_x", "too late"),
            lambda client: client.history("chat_x"),
            lambda client: client.chats(),
            lambda client: client.chat("chat_x"),
            lambda client: client.join("chat_x"),
            lambda client: client.create_chat(["bob"]),
        ]
        for call in calls:
            with pytest.raises(ClientError, match="close code 4502"):
                await call(client)
        client.ack("chat_x", 1)
    with pytest.raises(ClientError, match="close code 4502"):
        await anext(client.subscribe())


async def test_a_closed_client_says_so_to_whoever_asks() -> None:
    async def script(line: Line) -> None:
        await line.welcome()
        await line.wait()

    async with asyncio.timeout(20), scripted_server(script) as url:
        async with connect(url) as client, HttpApi(url) as api:
            pass
        calls: list[Call] = [
            lambda client: anext(client.subscribe()),
            lambda client: client.send("chat_x", "too late"),
            lambda client: client.chats(),
            lambda _: api.chats(),
        ]
        for call in calls:
            with pytest.raises(ClientError, match="the client was closed"):
                await call(client)


async def test_what_cannot_be_published_is_refused_and_the_next_event_is_not() -> None:
    async def script(line: Line) -> None:
        raise AssertionError

    async with asyncio.timeout(20), scripted_server(script) as url, HttpApi(url, user_id="alice") as api:
        for call in (
            api.publish("system_event", {"text": "bad \ud800"}),
            api.publish("system_event", source="\ud800"),
            api.create_chat(["bob"], "\ud800"),
            api.add_member("chat_x", ".."),
            api.call("GET", "/v1/\ud800", dict),
        ):
            with pytest.raises(ClientError) as raised:
                await call
            assert raised.value.code == "INVALID_MESSAGE"
        assert [chat.chat_id for chat in await api.chats()] == ["chat_x"]


async def test_an_answer_of_another_kind_of_server_is_a_client_error() -> None:
    async def script(line: Line) -> None:
        raise AssertionError

    async with asyncio.timeout(20), scripted_server(script) as url, HttpApi(url) as api:
        with pytest.raises(ClientError, match="does not speak the surewire protocol") as raised:
            await api.chat("chat_x")
        assert raised.value.code == "UNSUPPORTED"


@pytest.mark.parametrize("user_id", ["b b", "bob\n", "ü", "\ud800", "x" * 129])
async def test_a_name_that_no_server_takes_is_refused_before_anything_is_asked(user_id: str) -> None:
    with pytest.raises(ClientError, match="a user id is 1 to 128"):
        async with connect("http://127.0.0.1:9", user_id=user_id):
            pass
    async with HttpApi("http://127.0.0.1:9", user_id=user_id) as api:
        with pytest.raises(ClientError, match="a user id is 1 to 128"):
            await api.chats()
