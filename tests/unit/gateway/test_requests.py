"""What a client may ask for, request by request, over stores in memory."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from surewire.domain.event import Event
from surewire.errors import BackendUnavailableError, ClientError
from surewire.ports.event_stream import RecoveredPage
from tests.fakes.plane import Client, MemoryPlane, configured, memory_plane, until_quiet
from tests.fakes.web_socket import frames_of


async def ask(client: Client, **request: Any) -> list[dict[str, Any]]:
    """Everything that the client gets once all is answered."""
    client.say({key: value for key, value in request.items() if value is not None})
    await until_quiet()
    return client.messages()


async def subscribe(client: Client, subscription_id: str = "s", since: Any = None, **filters: Any) -> list[dict[str, Any]]:
    return await ask(client, type="subscribe", subscription_id=subscription_id, filters=filters, since=since)


async def chat_with(tested: MemoryPlane, client: Client, *others: str, messages: int = 0) -> str:
    """A chat of the client's user, with messages of its own."""
    chat = await tested.store.messages.create_chat(client.connection.user_id, others, None)
    for number in range(messages):
        await ask(client, type="send_message", chat_id=chat.chat_id, client_message_id=f"m{number}", content=f"text {number}")
    return chat.chat_id


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


# Subscriptions


async def test_subscribing_says_the_filters_normalised_and_the_head() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await tested.stream.publish([Event("deployment")] * 3)
        (answer,) = await subscribe(client, states=["Triaged", "Closed", "Triaged"], sources=[])
        assert answer["filters"] == {"states": ["Acknowledged", "Closed"]}
        assert answer["position"] == {"epoch": tested.stream.head.epoch, "offset": 3}
        assert "recovery" not in answer


async def test_subscribing_again_replaces_the_filters() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await subscribe(client, sources=["db"])
        await subscribe(client, sources=["web"])
        await tested.stream.publish([Event("deployment", source="db"), Event("deployment", source="web")])
        await until_quiet()
        assert [got["event"]["source"] for got in client.messages()] == ["web"]
        assert tested.hub.index.subscriptions == 1


async def test_a_connection_has_so_many_subscriptions_and_no_more() -> None:
    async with memory_plane(configured(limits={"max_subscriptions": 2})) as tested:
        client = await tested.welcomed("alice")
        await subscribe(client, "one")
        await subscribe(client, "two")
        (error,) = await subscribe(client, "three")
        assert (error["code"], error["subscription_id"]) == ("LIMIT_EXCEEDED", "three")
        assert kinds(await subscribe(client, "two")) == ["subscribed"]
        assert kinds(await ask(client, type="unsubscribe", subscription_id="one")) == ["unsubscribed"]
        assert kinds(await subscribe(client, "three")) == ["subscribed"]


async def test_unsubscribing_ends_a_subscription_once() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await subscribe(client)
        assert kinds(await ask(client, type="unsubscribe", subscription_id="s")) == ["unsubscribed"]
        (error,) = await ask(client, type="unsubscribe", subscription_id="s")
        assert (error["code"], error["subscription_id"]) == ("NOT_FOUND", "s")
        await tested.stream.publish([Event("deployment")])
        await until_quiet()
        assert client.messages() == []


async def test_events_of_one_turn_come_before_the_answer_that_follows_them() -> None:
    async with memory_plane() as tested:
        clients = [await tested.welcomed(f"user{number}") for number in range(20)]
        for client in clients:
            await subscribe(client)
        (event,) = (await tested.stream.publish([Event("deployment")])).events
        tested.hub.event_committed(event, tested.stream.head.epoch)
        clients[3].say({"type": "unsubscribe", "subscription_id": "s"})
        await until_quiet()
        assert kinds(clients[3].messages()) == ["event", "event", "unsubscribed"]


async def test_a_recovery_comes_before_what_is_live_and_nothing_comes_twice() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await tested.stream.publish([Event("deployment", source=f"s{number % 2}") for number in range(10)])
        since = {"epoch": tested.stream.head.epoch, "offset": 4}
        answer, *events = await subscribe(client, since=since, sources=["s1"])
        assert answer["recovery"] == {"complete": True, "from": 4, "to": 10, "count": 3, "has_more": False}
        assert [event["position"]["offset"] for event in events] == [6, 8, 10]
        assert {tuple(event["subscription_ids"]) for event in events} == {("s",)}
        await tested.stream.publish([Event("deployment", source="s1")])
        await until_quiet()
        assert [event["position"]["offset"] for event in client.messages()] == [11]


async def test_while_there_is_more_to_recover_nothing_comes_live() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await tested.stream.publish([Event("deployment")] * 501)
        answer, *events = await subscribe(client, since={"epoch": tested.stream.head.epoch, "offset": 0})
        assert len(events) == 500
        await tested.stream.publish([Event("deployment")])
        await until_quiet()
        assert client.messages() == []
        tested.tick(30)
        await until_quiet()
        assert client.messages() == []
        answer, *events = await subscribe(client, since=answer["position"])
        assert [event["position"]["offset"] for event in events] == [501, 502]
        tested.tick(30)
        await until_quiet()
        assert kinds(client.messages()) == ["position"]


async def test_a_place_that_the_stream_has_not_reached_is_refused_with_its_field() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await subscribe(client)
        (error,) = await subscribe(client, since={"epoch": tested.stream.head.epoch, "offset": 1})
        assert (error["code"], error["subscription_id"], error["details"]) == ("INVALID_MESSAGE", "s", {"path": "since.offset"})
        await tested.stream.publish([Event("deployment")])
        await until_quiet()
        assert kinds(client.messages()) == ["event"]


async def test_another_epoch_gets_what_is_kept() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await tested.stream.publish([Event("deployment")] * 2)
        answer, *events = await subscribe(client, since={"epoch": "before", "offset": 77})
        assert answer["recovery"] == {"complete": False, "from": 0, "to": 2, "count": 2, "has_more": False, "reason": "epoch_changed"}
        assert len(events) == 2


class SlowStream:
    """The events stream of a plane, whose recoveries wait until they are let go, or fail."""

    def __init__(self, tested: MemoryPlane) -> None:
        self._stream = tested.stream
        self.gates: list[asyncio.Future[None]] = []
        object.__setattr__(tested.plane.gateway._context, "stream", self)

    @property
    def head(self) -> Any:
        return self._stream.head

    def recover(self, since: Any, filters: Any) -> RecoveredPage | Awaitable[RecoveredPage]:
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.gates.append(gate)
        return self._wait(gate, lambda: self._stream.recover(since, filters))

    async def _wait(self, gate: asyncio.Future[None], recover: Callable[[], Any]) -> RecoveredPage:
        await gate
        return recover()


async def test_a_subscription_that_was_replaced_while_it_recovered_is_forgotten() -> None:
    async with memory_plane() as tested:
        slow, client = SlowStream(tested), await tested.welcomed("alice")
        await tested.stream.publish([Event("deployment", source="db"), Event("deployment", source="web")])
        since = {"epoch": tested.stream.head.epoch, "offset": 0}
        assert await subscribe(client, since=since, sources=["db"]) == []
        assert await subscribe(client, since=since, sources=["web"]) == []
        for at in range(2):
            slow.gates[at].set_result(None)
            await until_quiet()
        answer, event = client.messages()
        assert answer["filters"] == {"sources": ["web"]}
        assert event["event"]["source"] == "web"


async def test_only_the_last_of_many_recoveries_under_one_id_is_read() -> None:
    async with memory_plane() as tested:
        slow, client = SlowStream(tested), await tested.welcomed("alice")
        for _ in range(10):
            await subscribe(client, since={"epoch": tested.stream.head.epoch, "offset": 0})
        slow.gates[0].set_result(None)
        await until_quiet()
        slow.gates[1].set_result(None)
        await until_quiet()
        assert kinds(client.messages()) == ["subscribed"]
        assert len(slow.gates) == 2


async def test_a_subscription_that_ended_while_it_recovered_stays_ended() -> None:
    async with memory_plane() as tested:
        slow, client = SlowStream(tested), await tested.welcomed("alice")
        await subscribe(client, since={"epoch": tested.stream.head.epoch, "offset": 0})
        assert kinds(await ask(client, type="unsubscribe", subscription_id="s")) == ["unsubscribed"]
        slow.gates[0].set_result(None)
        await tested.stream.publish([Event("deployment")])
        await until_quiet()
        assert client.messages() == []


async def test_a_recovery_that_fails_leaves_no_subscription_behind() -> None:
    async with memory_plane() as tested:
        slow, client = SlowStream(tested), await tested.welcomed("alice")
        await subscribe(client, since={"epoch": tested.stream.head.epoch, "offset": 0})
        slow.gates[0].set_exception(ClientError("UNAVAILABLE", "not now", temporary=True))
        await until_quiet()
        (error,) = client.messages()
        assert (error["code"], error["subscription_id"]) == ("UNAVAILABLE", "s")
        assert tested.hub.index.subscriptions == 0
        await subscribe(client, "other")
        tested.tick(30)
        await until_quiet()
        assert kinds(client.messages()) == ["position"]


async def test_a_failed_recovery_does_not_end_the_subscription_that_replaced_it() -> None:
    async with memory_plane() as tested:
        slow, client = SlowStream(tested), await tested.welcomed("alice")
        await subscribe(client, since={"epoch": tested.stream.head.epoch, "offset": 0})
        assert kinds(await subscribe(client)) == ["subscribed"]
        slow.gates[0].set_exception(ClientError("UNAVAILABLE", "not now", temporary=True))
        await tested.stream.publish([Event("deployment")])
        await until_quiet()
        assert kinds(client.messages()) == ["event"]


# Much at once


async def read_on(client: Client) -> list[dict[str, Any]]:
    """Everything that comes to a client that reads as fast as it can, a socket's worth at a time."""
    data = bytearray()
    while part := client.underlying_transport.read():
        data += part
        await until_quiet()
    return [json.loads(payload) for opcode, payload in frames_of(bytes(data)) if opcode == 1]


async def test_catching_up_with_many_subscriptions_at_once_makes_no_slow_consumer() -> None:
    async with memory_plane() as tested:
        await tested.stream.publish([Event("deployment", source="x" * 250) for _ in range(500)])
        client = await tested.welcomed("alice", kernel_bytes=65_536)
        await until_quiet()
        for number in range(20):
            since = {"epoch": tested.stream.head.epoch, "offset": 0}
            client.say({"type": "subscribe", "subscription_id": f"s{number}", "filters": {}, "since": since})
        await until_quiet()
        messages = await read_on(client)
        assert client.connection.is_open
        assert [got["subscription_id"] for got in messages if got["type"] == "subscribed"] == [f"s{number}" for number in range(20)]
        assert kinds(messages).count("event") == 20 * 500
        await tested.stream.publish([Event("deployment")])
        await until_quiet()
        (event,) = client.messages()
        assert len(event["subscription_ids"]) == 20


async def test_many_pages_asked_for_at_once_come_in_their_order_as_fast_as_they_are_read() -> None:
    async with memory_plane(configured(limits={"chat_burst": 100})) as tested:
        client = await tested.welcomed("alice", kernel_bytes=65_536)
        chat_id = await chat_with(tested, client)
        for number in range(30):
            await ask(client, type="send_message", chat_id=chat_id, client_message_id=f"m{number}", content="x" * 16_384)
        for number in range(12):
            if number % 2:
                client.say({"type": "history", "chat_id": chat_id, "request_id": f"r{number}"})
            else:
                client.say({"type": "sync_request", "chats": [{"chat_id": chat_id, "after_sequence": 0}], "request_id": f"r{number}"})
        await until_quiet()
        messages = await read_on(client)
        assert client.connection.is_open
        assert [got["request_id"] for got in messages] == [f"r{number}" for number in range(12)]


async def test_so_many_requests_may_wait_for_a_client_to_read_and_no_more() -> None:
    async with memory_plane(configured(limits={"burst": 1_000, "chat_burst": 100})) as tested:
        client = await tested.welcomed("alice", kernel_bytes=10)
        chat_id = (await tested.store.messages.create_chat("alice", (), None)).chat_id
        client.say({"type": "history", "chat_id": chat_id})
        await until_quiet()
        for number in range(101):
            client.say({"type": "history", "chat_id": chat_id, "request_id": f"r{number}"})
        messages = await read_on(client)
        assert kinds(messages).count("history_result") == 101
        (error,) = [got for got in messages if got["type"] == "error"]
        assert (error["code"], error["request_id"], error["temporary"]) == ("RATE_LIMITED", "r100", True)


async def test_a_recovery_for_which_the_line_has_no_room_leaves_the_live_subscription_as_it_was() -> None:
    async with memory_plane(configured(limits={"burst": 1_000})) as tested:
        slow, client = SlowStream(tested), await tested.welcomed("alice")
        await subscribe(client, sources=["db"])
        since = {"epoch": tested.stream.head.epoch, "offset": 0}
        await subscribe(client, "behind", since=since, sources=["none"])
        for _ in range(100):
            client.say({"type": "history", "chat_id": "chat_none"})
        (error,) = await subscribe(client, since=since, sources=["web"])
        assert (error["code"], error["subscription_id"]) == ("RATE_LIMITED", "s")
        await tested.stream.publish([Event("deployment", source="db"), Event("deployment", source="web")])
        await until_quiet()
        assert [got["event"]["source"] for got in client.messages()] == ["db"]
        slow.gates[0].set_result(None)


async def test_what_waits_for_a_client_that_leaves_is_never_begun() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice", kernel_bytes=10)
        chat_id = (await tested.store.messages.create_chat("alice", (), None)).chat_id
        for _ in range(5):
            client.say({"type": "history", "chat_id": chat_id})
        await until_quiet()
        client.lose()
        await until_quiet()
        assert tested.counted("gateway_history_total", status="success") == 1


async def test_the_time_that_a_client_takes_to_read_is_no_latency_of_the_server() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice", kernel_bytes=10)
        chat_id = (await tested.store.messages.create_chat("alice", (), None)).chat_id
        for _ in range(2):
            client.say({"type": "history", "chat_id": chat_id})
        await until_quiet()
        tested.clock.advance(30)
        await read_on(client)
        assert (sum(tested.instruments.history_latency.counts), tested.instruments.history_latency.sum) == (2, 0.0)


# Ping


@pytest.mark.parametrize("timestamp", [None, 1.5, "now", [1, {"a": None}], {"x": "ü"}, True])
async def test_a_ping_comes_back_with_whatever_it_brought(timestamp: Any) -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        client.say({"type": "ping", "timestamp": timestamp})
        await until_quiet()
        (pong,) = client.messages()
        assert pong["timestamp"] == timestamp
        assert pong["server_time"].endswith("Z")


# Messages


async def test_a_message_is_acknowledged_once_it_is_stored_and_delivered_to_the_others() -> None:
    async with memory_plane() as tested:
        alice, beside, bob = [await tested.welcomed(user) for user in ("alice", "alice", "bob")]
        chat_id = await chat_with(tested, alice, "bob")
        request = {"type": "send_message", "chat_id": chat_id, "client_message_id": "m1", "content": "hello", "request_id": "r1"}
        (ack,) = await ask(alice, **request)
        assert (ack["type"], ack["request_id"], ack["client_message_id"]) == ("message_ack", "r1", "m1")
        assert (ack["sequence"], ack["duplicate"]) == (1, False)
        (message,) = bob.messages()
        assert message == {
            "type": "message",
            "message_id": ack["message_id"],
            "chat_id": chat_id,
            "sequence": 1,
            "sender_id": "alice",
            "content": "hello",
            "content_type": "text/plain",
            "created_at": ack["created_at"],
        }
        assert kinds(beside.messages()) == ["message"]
        (again,) = await ask(alice, **request)
        assert again == {**ack, "duplicate": True}
        assert bob.messages() == []
        assert tested.counted("gateway_send_total", status="success") == 2
        assert sum(tested.instruments.send_latency.counts) == 2


@pytest.mark.parametrize(
    ("content", "code"),
    [("x" * 16_384, None), ("x" * 16_385, "TOO_LARGE"), ("ü" * 8_192, None), ("ü" * 8_193, "TOO_LARGE"), ("", "INVALID_MESSAGE")],
)
async def test_content_is_measured_in_utf8(content: str, code: str | None) -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        chat_id = await chat_with(tested, client)
        (answer,) = await ask(client, type="send_message", chat_id=chat_id, client_message_id="m", content=content, request_id="r")
        assert (answer.get("code"), answer["request_id"]) == (code, "r")


async def test_a_chat_that_is_not_ours_and_one_that_does_not_exist_look_the_same() -> None:
    async with memory_plane() as tested:
        alice, mallory = await tested.welcomed("alice"), await tested.welcomed("mallory")
        chat_id = await chat_with(tested, alice, messages=1)
        for request in (
            {"type": "send_message", "client_message_id": "m", "content": "x"},
            {"type": "history"},
        ):
            (to_theirs,) = await ask(mallory, **request, chat_id=chat_id, request_id="r")
            (to_none,) = await ask(mallory, **request, chat_id="chat_none", request_id="r")
            assert to_theirs == to_none
            assert (to_none["code"], to_none["request_id"]) == ("NOT_FOUND", "r")
        assert tested.counted("gateway_send_total", status="error") == tested.counted("gateway_history_total", status="error") == 0


async def test_one_sender_may_send_so_fast_to_one_chat() -> None:
    async with memory_plane(configured(limits={"chat_burst": 1, "chat_messages_per_s": 1})) as tested:
        client = await tested.welcomed("alice")
        one, two = await chat_with(tested, client), await chat_with(tested, client)
        for chat_id in (one, two):
            assert kinds(await ask(client, type="send_message", chat_id=chat_id, client_message_id="1", content="x")) == ["message_ack"]
        (error,) = await ask(client, type="send_message", chat_id=one, client_message_id="2", content="x", request_id="r")
        assert (error["code"], error["request_id"], error["temporary"], error["retry_after_ms"]) == ("RATE_LIMITED", "r", True, 1_000)
        assert tested.counted("gateway_send_total", status="error") == 0


async def test_a_store_that_fails_is_counted_and_said() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        chat_id = await chat_with(tested, client)
        tested.store.message_writer.problem = BackendUnavailableError("sqlite", "disk full")
        (error,) = await ask(client, type="send_message", chat_id=chat_id, client_message_id="m", content="x", request_id="r")
        assert (error["code"], error["temporary"], error["request_id"]) == ("UNAVAILABLE", True, "r")
        assert tested.counted("gateway_send_total", status="error") == 1


# Reading


async def test_history_answers_a_page_of_one_chat() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        chat_id = await chat_with(tested, client, messages=5)
        (page,) = await ask(client, type="history", chat_id=chat_id, before_sequence=4, limit=2, request_id="r")
        assert [message["sequence"] for message in page["messages"]] == [2, 3]
        assert (page["has_more"], page["latest_sequence"], page["request_id"]) == (True, 5, "r")
        (empty,) = await ask(client, type="history", chat_id=chat_id, after_sequence=5)
        assert (empty["messages"], empty["has_more"]) == ([], False)
        assert tested.counted("gateway_history_total", status="success") == 2


async def test_sync_answers_every_chat_and_names_those_that_are_not_ours_before() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        one, two = await chat_with(tested, client, messages=3), await chat_with(tested, client)
        asked = [{"chat_id": chat_id, "after_sequence": 1} for chat_id in (one, "chat_none", two)]
        error, response = await ask(client, type="sync_request", chats=asked, request_id="r")
        assert (error["code"], error["details"], error["request_id"]) == ("NOT_FOUND", {"chat_ids": ["chat_none"]}, "r")
        first, second = response["chats"]
        assert (first["chat_id"], [message["sequence"] for message in first["messages"]]) == (one, [2, 3])
        assert second == {"chat_id": two, "messages": [], "has_more": False, "latest_sequence": 0}
        assert response["request_id"] == "r"
        assert tested.counted("gateway_sync_total", status="success") == 1


async def test_sync_of_nothing_of_ours_is_only_the_error() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        answers = await ask(client, type="sync_request", chats=[{"chat_id": "chat_none", "after_sequence": 0}], request_id="r")
        assert kinds(answers) == ["error"]


async def test_sync_says_what_retention_removed() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        chat_id = await chat_with(tested, client, messages=3)
        tested.clock.advance(100)
        await tested.store.messages.prune(tested.clock.now_micros(), 2)
        (response,) = await ask(client, type="sync_request", chats=[{"chat_id": chat_id, "after_sequence": 0}])
        assert response["chats"][0]["gap"] == {"from": 1, "to": 2}
        assert tested.counted("gateway_sync_total", status="gap") == 1


# How long those who were away had to wait


async def away(tested: MemoryPlane) -> tuple[str, Client]:
    """A chat of alice and bob with three messages of alice, sent 5 s ago while bob was away, who is here now."""
    alice = await tested.welcomed("alice")
    chat_id = await chat_with(tested, alice, "bob", messages=3)
    tested.clock.advance(5)
    return chat_id, await tested.welcomed("bob")


def waits(tested: MemoryPlane) -> tuple[int, float]:
    """How many messages the one who was away was seen to wait for, and how long in all."""
    latency = tested.registry.histogram("fanout_delivery_latency_seconds", recipient_online="false")
    return sum(latency.counts), round(latency.sum, 3)


async def sync(client: Client, chat_id: str, after: int = 0, limit: int = 100) -> list[int]:
    (answer,) = await ask(client, type="sync_request", chats=[{"chat_id": chat_id, "after_sequence": after}], limit=limit)
    return [message["sequence"] for message in answer["chats"][0]["messages"]]


async def test_a_sync_shows_how_long_messages_waited_for_who_was_away() -> None:
    async with memory_plane() as tested:
        chat_id, bob = await away(tested)
        assert await sync(bob, chat_id) == [1, 2, 3]
        assert waits(tested) == (3, 15.0)


async def test_a_message_has_waited_once_however_often_it_is_synced() -> None:
    async with memory_plane() as tested:
        chat_id, bob = await away(tested)
        assert await sync(bob, chat_id, limit=2) == [1, 2]
        assert await sync(bob, chat_id) == [1, 2, 3]
        assert await sync(bob, chat_id) == [1, 2, 3]
        assert waits(tested) == (3, 15.0)


async def test_nobody_waits_for_messages_of_its_own() -> None:
    async with memory_plane() as tested:
        chat_id, _ = await away(tested)
        assert await sync(await tested.welcomed("alice"), chat_id) == [1, 2, 3]
        assert waits(tested) == (0, 0.0)


async def test_what_a_member_has_acknowledged_did_not_wait() -> None:
    async with memory_plane() as tested:
        chat_id, bob = await away(tested)
        await ask(bob, type="ack", chat_id=chat_id, sequence=2)
        await tested.receipts.flush()
        assert await sync(bob, chat_id) == [1, 2, 3]
        assert waits(tested) == (1, 5.0)


async def test_what_came_live_did_not_wait_but_what_was_missed_before_did() -> None:
    async with memory_plane() as tested:
        chat_id, bob = await away(tested)
        alice = await tested.welcomed("alice")
        await ask(alice, type="send_message", chat_id=chat_id, client_message_id="live", content="x")
        assert kinds(bob.messages()) == ["message"]
        tested.clock.advance(1)
        assert await sync(bob, chat_id) == [1, 2, 3, 4]
        assert waits(tested) == (3, 18.0)


# Acknowledgements


async def acknowledged(tested: MemoryPlane, chat_id: str, user_id: str) -> tuple[int, int]:
    await tested.receipts.flush()
    delivery = await tested.store.messages.delivery(chat_id, user_id)
    (mine,) = [member for member in delivery.members if member.user_id == user_id]
    return mine.delivered_sequence, mine.read_sequence


@pytest.mark.parametrize("form", ["place", "message", "message and chat", "everything"])
async def test_an_ack_raises_the_watermark_however_it_names_its_place(form: str) -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        chat_id = await chat_with(tested, client, messages=2)
        (page,) = await ask(client, type="history", chat_id=chat_id)
        message_id = page["messages"][1]["message_id"]
        named: dict[str, Any] = {
            "place": {"chat_id": chat_id, "sequence": 2},
            "message": {"message_id": message_id},
            "message and chat": {"message_id": message_id, "chat_id": chat_id},
            "everything": {"message_id": message_id, "chat_id": chat_id, "sequence": 2},
        }[form]
        assert await ask(client, type="ack", **named) == []
        assert await acknowledged(tested, chat_id, "alice") == (2, 0)
        await ask(client, type="ack", **named, state="read")
        assert await acknowledged(tested, chat_id, "alice") == (2, 2)


async def test_an_outsider_hears_that_there_is_no_such_chat() -> None:
    async with memory_plane() as tested:
        alice, mallory = await tested.welcomed("alice"), await tested.welcomed("mallory")
        chat_id = await chat_with(tested, alice, messages=1)
        (page,) = await ask(alice, type="history", chat_id=chat_id)
        message_id = page["messages"][0]["message_id"]
        mallory.say({"type": "ack", "chat_id": chat_id, "sequence": 1})
        mallory.say({"type": "ack", "message_id": message_id})
        mallory.say({"type": "ack", "message_id": "msg_of_an_event"})
        await tested.receipts.flush()
        await until_quiet()
        errors = mallory.messages()
        assert [error["code"] for error in errors] == ["NOT_FOUND", "NOT_FOUND"]
        assert [error["details"] for error in errors] == [{"chat_id": chat_id}, {"message_id": message_id}]
