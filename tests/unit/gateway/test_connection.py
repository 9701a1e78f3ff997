"""One client's life on a connection: what it is told, how its errors are answered and counted, how it ends."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from surewire.errors import BackendUnavailableError, ClientError
from surewire.gateway.frames import EndCause
from surewire.gateway.long_answers import LongRequest
from surewire.protocol.codes import CloseCode
from tests.fakes.plane import Client, MemoryPlane, configured, memory_plane, until_quiet
from tests.fakes.settable_loop import SettableLoop, run_without_time

CLOSE = 8


async def chat_of(tested: MemoryPlane, *members: str) -> str:
    return (await tested.store.messages.create_chat(members[0], members[1:], None)).chat_id


def sent(chat_id: str, client_message_id: str = "m1", **more: Any) -> dict[str, Any]:
    return {"type": "send_message", "chat_id": chat_id, "client_message_id": client_message_id, "content": "hello", **more}


def errors_of(messages: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(message["code"], message.get("request_id")) for message in messages if message["type"] == "error"]


async def test_the_first_frame_is_the_welcome() -> None:
    async with memory_plane() as tested:
        client = tested.connect("alice")
        client.say({"type": "ping", "timestamp": 1})
        await until_quiet()
        welcome, pong = client.messages()
        assert pong["type"] == "pong"
        assert welcome["user_id"] == "alice"
        assert welcome["session_id"].startswith("sess_")
        assert welcome["connection_id"].startswith("conn_")
        assert len(welcome["resume_token"]) >= 32
        assert (welcome["protocol_version"], welcome["heartbeat_interval_ms"], welcome["session_timeout_ms"]) == (1, 30_000, 300_000)
        assert welcome["limits"] == {
            "max_message_bytes": 65_536,
            "max_content_bytes": 16_384,
            "max_subscriptions": 100,
            "messages_per_s": 50,
            "burst": 100,
        }


async def test_a_channel_in_the_path_is_subscribed_right_after_the_welcome() -> None:
    async with memory_plane() as tested:
        client = tested.connect("alice", path="/ws/ops")
        await until_quiet()
        welcome, subscribed = client.messages()
        assert welcome["type"] == "welcome"
        assert (subscribed["subscription_id"], subscribed["filters"]) == ("channel:ops", {"channels": ["ops"]})
        assert subscribed["position"]["offset"] == 0


async def test_what_a_connection_is_counted_as() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        assert tested.counted("gateway_connections_total", status="accepted") == 1
        assert tested.instruments.connections_active.current() == 1
        client.lose()
        assert tested.instruments.connections_active.current() == 0
        assert tested.counted("gateway_disconnections_total", reason="client_closed") == 1


def break_down(client: Client) -> None:
    try:
        raise RuntimeError("no")
    except RuntimeError as error:
        client.connection.fail(error)


ENDINGS: dict[str, tuple[Any, str]] = {
    "the client closes": (lambda client: client.say_close(1000), "client_closed"),
    "the client closes with a code of ours": (lambda client: client.say_close(4002), "client_closed"),
    "the client is gone": (lambda client: None, "client_closed"),
    "a restart": (lambda client: client.connection.end(CloseCode.RESTART, "bye"), "graceful_shutdown"),
    "no answer to a ping": (lambda client: client.connection.end(CloseCode.HEARTBEAT_TIMEOUT, "bye"), "heartbeat_timeout"),
    "silence": (lambda client: client.connection.end(CloseCode.SESSION_TIMEOUT, "bye"), "session_timeout"),
    "not reading": (lambda client: client.connection.overflow(), "slow_consumer"),
    "too many errors": (lambda client: client.connection.end(CloseCode.TOO_MANY_ERRORS, "bye"), "policy_violation"),
    "a violation": (lambda client: client.connection.violate(CloseCode.PROTOCOL_ERROR, "bad"), "policy_violation"),
    "an error of ours": (break_down, "task_panic"),
    "the server is stopping": (lambda client: client.connection.close(CloseCode.SERVER_ERROR), "server_error"),
}


@pytest.mark.parametrize("name", ENDINGS)
async def test_every_end_has_its_reason(name: str) -> None:
    act, reason = ENDINGS[name]
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        act(client)
        client.lose()
        assert tested.counted("gateway_disconnections_total", reason=reason) == 1
        assert sum(counter.n for counter in tested.instruments.disconnections.values()) == 1
        assert tested.counted("gateway_slow_consumer_disconnects_total") == (reason == "slow_consumer")
        assert len(tested.hub) == 0


async def test_an_end_is_told_before_the_close_frame() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        client.connection.end(CloseCode.RESTART, "the server restarts", 1_500)
        client.connection.end(CloseCode.RESTART, "again")
        (_, closing), (opcode, close) = client.frames()
        assert json.loads(closing) == {
            "type": "closing",
            "reason": "the server restarts",
            "code": 1012,
            "reconnect": True,
            "retry_after_ms": 1_500,
        }
        assert (opcode, close[:2]) == (CLOSE, (1012).to_bytes(2, "big"))


async def test_an_end_is_told_to_a_client_that_is_behind_after_all_that_waits() -> None:
    async with memory_plane() as tested:
        client = tested.connect("alice", kernel_bytes=10)
        await until_quiet()
        for number in range(5):
            client.say({"type": "ping", "timestamp": number})
            await until_quiet()
        client.connection.end(CloseCode.RESTART, "the server restarts")
        messages = client.frames()
        kinds = [json.loads(payload)["type"] for opcode, payload in messages if opcode == 1]
        assert kinds == ["welcome", *["pong"] * 5, "closing"]
        assert messages[-1][0] == CLOSE


# Errors of form

MALFORMED: dict[str, tuple[str, str]] = {
    "no JSON": ("{", "INVALID_MESSAGE"),
    "no object": ("[1]", "INVALID_MESSAGE"),
    "no type": ('{"request_id":"r"}', "INVALID_MESSAGE"),
    "a type that nobody knows": ('{"type":"dance","request_id":"r"}', "UNSUPPORTED"),
    "a type of later": ('{"type":"resume","resume_token":"x","request_id":"r"}', "UNSUPPORTED"),
    "a field too many": (
        '{"type":"send_message","chat_id":"c","client_message_id":"m","content":"x","request_id":"r","y":1}',
        "INVALID_MESSAGE",
    ),
    "a field too few": ('{"type":"history","request_id":"r"}', "INVALID_MESSAGE"),
    "a wrong type": ('{"type":"history","chat_id":5,"request_id":"r"}', "INVALID_MESSAGE"),
    "an ack of nothing": ('{"type":"ack"}', "INVALID_MESSAGE"),
    "an ack of half a place": ('{"type":"ack","chat_id":"c"}', "INVALID_MESSAGE"),
    "history in both directions": (
        '{"type":"history","chat_id":"c","before_sequence":5,"after_sequence":1,"request_id":"r"}',
        "INVALID_MESSAGE",
    ),
    "a negative offset": (
        '{"type":"subscribe","subscription_id":"s","filters":{},"since":{"epoch":"e","offset":-1}}',
        "INVALID_MESSAGE",
    ),
}


@pytest.mark.parametrize("name", MALFORMED)
async def test_an_error_of_form_is_answered_and_the_tenth_closes(name: str) -> None:
    text, code = MALFORMED[name]
    request_id = "r" if '"request_id"' in text else None
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        for _ in range(9):
            client.say(text)
        await until_quiet()
        assert errors_of(client.messages()) == [(code, request_id)] * 9
        assert client.connection.is_open
        client.say(text)
        frames = client.frames()
        assert [json.loads(payload)["type"] for opcode, payload in frames if opcode == 1] == ["error", "closing"]
        assert frames[-1][1][:2] == (4502).to_bytes(2, "big")
        assert tested.counted("gateway_protocol_errors_total", error_code=code) == 10


async def test_errors_of_form_are_forgiven_after_a_minute() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        for _ in range(30):
            client.say("{")
            tested.clock.advance(60 / 9)
        assert client.connection.is_open


async def test_errors_of_form_cost_no_token() -> None:
    async with memory_plane(configured(limits={"burst": 1, "messages_per_s": 1})) as tested:
        client = await tested.welcomed("alice")
        client.say("{")
        client.say({"type": "ping"})
        client.say({"type": "ping"})
        await until_quiet()
        kinds = [(message["type"], message.get("code")) for message in client.messages()]
        assert kinds == [("error", "INVALID_MESSAGE"), ("pong", None), ("error", "RATE_LIMITED")]


async def test_binary_is_not_supported() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        client.say_binary(b"{}")
        await until_quiet()
        assert errors_of(client.messages()) == [("UNSUPPORTED", None)]
        assert client.connection.is_open


async def test_over_the_rate_nothing_is_done_and_the_wait_is_told() -> None:
    async with memory_plane(configured(limits={"burst": 2, "messages_per_s": 30})) as tested:
        client = await tested.welcomed("alice")
        chat_id = await chat_of(tested, "alice")
        for number in range(4):
            client.say(sent(chat_id, f"m{number}", request_id=f"r{number}"))
        await until_quiet()
        messages = client.messages()
        assert errors_of(messages) == [("RATE_LIMITED", "r2"), ("RATE_LIMITED", "r3")]
        error = next(message for message in messages if message["type"] == "error")
        assert error["temporary"] is True
        assert error["retry_after_ms"] == 34
        assert (await tested.store.messages.chat(chat_id, "alice")).latest_sequence == 2
        tested.clock.advance(error["retry_after_ms"] / 1000)
        client.say(sent(chat_id, "m9"))
        await until_quiet()
        assert [message["type"] for message in client.messages()] == ["message_ack"]


async def test_a_long_burst_over_the_rate_does_not_close() -> None:
    async with memory_plane(configured(limits={"burst": 1})) as tested:
        client = await tested.welcomed("alice")
        for _ in range(50):
            client.say({"type": "ping"})
        await until_quiet()
        assert client.connection.is_open


RECEIVED: dict[str, str] = {
    '{"type":"ping"}': "ping",
    '{"type":"send_message","chat_id":5}': "send_message",
    '{"type":"resume"}': "resume",
    '{"type":"dance"}': "unknown",
    '{"type":"welcome"}': "unknown",
    '{"type":7}': "unknown",
    "{": "unknown",
}


@pytest.mark.parametrize("text", RECEIVED)
async def test_what_comes_is_counted_by_its_type_whether_it_is_right_or_wrong(text: str) -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        client.say(text)
        assert {name: counter.n for name, counter in tested.instruments.messages_received.items() if counter.n} == {RECEIVED[text]: 1}


async def test_over_the_rate_a_message_is_still_counted_by_its_type() -> None:
    async with memory_plane(configured(limits={"burst": 1})) as tested:
        client = await tested.welcomed("alice")
        for _ in range(3):
            client.say({"type": "ping"})
        assert tested.counted("gateway_messages_received_total", type="ping") == 3


# What fails inside


async def test_a_backend_that_fails_is_said_without_its_words() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        client.connection.refuse(BackendUnavailableError("sqlite", "disk I/O error at /var/lib"), "r1")
        await until_quiet()
        (error,) = client.messages()
        assert (error["code"], error["temporary"], error["request_id"]) == ("UNAVAILABLE", True, "r1")
        assert "disk" not in json.dumps(error)


async def test_an_error_names_its_field_in_the_details() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        client.connection.refuse(ClientError("INVALID_MESSAGE", "too high", path="since.offset"))
        await until_quiet()
        (error,) = client.messages()
        assert error["details"] == {"path": "since.offset"}


async def test_a_waiting_request_that_fails_by_itself_ends_only_its_connection() -> None:
    async with memory_plane() as tested:
        client, other = await tested.welcomed("alice"), await tested.welcomed("bob")

        async def fails(_started_s: float) -> None:
            await asyncio.sleep(0)
            raise RuntimeError("the secret is 42")

        client.connection.run(LongRequest(fails, 0.0, "r1", None))
        await until_quiet()
        assert client.frames() == [(CLOSE, (1011).to_bytes(2, "big"))]
        assert other.connection.is_open


async def test_an_answer_for_a_client_that_left_is_not_counted_as_sent() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        chat_id = await chat_of(tested, "alice")
        client.say(sent(chat_id))
        client.lose()
        await until_quiet()
        assert (await tested.store.messages.chat(chat_id, "alice")).latest_sequence == 1
        assert tested.counted("gateway_messages_sent_total", type="message_ack") == 0
        assert tested.counted("gateway_send_total", status="success") == 1
        assert sum(tested.instruments.send_latency.counts) == 0


async def test_a_connection_that_never_got_its_welcome_is_an_error_and_gives_its_permit_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async with memory_plane(configured(limits={"max_connections": 1, "permit_queue": 0})) as tested:
        acceptance = tested.accept("alice")
        monkeypatch.setattr(tested.clock, "now_micros", lambda: 10**30)
        client = tested.open(acceptance)
        monkeypatch.undo()
        assert client.connection._ending is not None
        assert client.connection._ending.cause is EndCause.FAILURE
        client.lose()
        assert len(tested.hub) == 0
        assert tested.counted("gateway_connections_total", status="accepted") == 0
        assert tested.counted("gateway_connections_total", status="error") == 1
        assert sum(counter.n for counter in tested.instruments.disconnections.values()) == 0
        await tested.welcomed("alice")


# Pongs


async def test_only_the_first_pong_to_an_open_ping_is_an_answer() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        client.pong()
        assert tested.counted("gateway_heartbeat_pongs_received_total") == 0
        tested.tick(30)
        tested.clock.advance(0.02)
        client.pong(b"unasked, with words of its own")
        assert tested.counted("gateway_heartbeat_pongs_received_total") == 0
        client.pong()
        client.pong()
        assert tested.counted("gateway_heartbeat_pongs_received_total") == 1
        assert tested.instruments.heartbeat_latency.sum == pytest.approx(0.02)


def test_who_goes_on_after_a_hundred_refusals_is_not_read_for_a_second() -> None:
    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, SettableLoop)
        async with memory_plane(configured(limits={"messages_per_s": 1.0, "burst": 1})) as tested:
            client = await tested.welcomed("alice")
            for number in range(101):
                assert client.underlying_transport.is_reading, number
                client.say({"type": "ping"})
            await loop.advance(0)
            assert [message["type"] for message in client.messages()] == ["pong", *["error"] * 100]
            assert not client.underlying_transport.is_reading
            await loop.advance(0.9)
            assert not client.underlying_transport.is_reading
            await loop.advance(0.2)
            assert client.underlying_transport.is_reading

    run_without_time(scenario())
