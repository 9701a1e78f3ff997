"""Who gets what: messages by user, events by subscription, and the clean-up news for operators."""

from __future__ import annotations

from typing import Any

import pytest

from surewire.domain.event import Event
from surewire.domain.message import Message
from surewire.ports.router import Routed
from tests.fakes.plane import Client, MemoryPlane, memory_plane, until_quiet

CLEANUP = {"event_types": ["system_event"]}


def message(sequence: int, chat_id: str = "chat_1", sender: str = "alice") -> Message:
    return Message(f"msg_{sequence}", chat_id, sequence, sender, "hello", "text/plain", "2026-11-21T10:00:00.000000Z")


def route(tested: MemoryPlane, sequence: int, *recipients: str, origin: Client | None = None) -> Routed:
    return tested.hub.route(message(sequence), frozenset(recipients), origin and origin.connection)


async def read(client: Client) -> list[dict[str, Any]]:
    await until_quiet()
    return client.messages()


async def sequences(client: Client) -> list[int]:
    return [got["sequence"] for got in await read(client) if got["type"] == "message"]


async def subscribed(tested: MemoryPlane, user_id: str, subscription_id: str = "s", filters: dict[str, Any] | None = None) -> Client:
    client = await tested.welcomed(user_id)
    client.say({"type": "subscribe", "subscription_id": subscription_id, "filters": filters or {}})
    await read(client)
    return client


# Messages


async def test_every_session_of_every_recipient_gets_a_message_but_the_one_that_sent_it() -> None:
    async with memory_plane() as tested:
        sending, beside, bob, stranger = [await tested.welcomed(user) for user in ("alice", "alice", "bob", "mallory")]
        assert route(tested, 1, "alice", "bob", "carol", origin=sending) == Routed(delivered=1, offline=1, duplicate=0)
        assert [await sequences(client) for client in (sending, beside, bob, stranger)] == [[], [1], [1], []]
        assert tested.counted("gateway_messages_sent_total", type="message") == 2


async def test_a_session_gets_a_sequence_once_and_a_repetition_is_a_duplicate() -> None:
    async with memory_plane() as tested:
        bob = await tested.welcomed("bob")
        route(tested, 1, "alice", "bob")
        assert route(tested, 1, "alice", "bob") == Routed(0, 0, 1)
        late = await tested.welcomed("bob")
        assert route(tested, 1, "alice", "bob") == Routed(1, 0, 0)
        assert (await sequences(bob), await sequences(late)) == ([1], [1])


async def test_a_connection_that_is_closing_is_no_session_any_more() -> None:
    async with memory_plane() as tested:
        bob = await tested.welcomed("bob")
        bob.connection.close(1012)
        assert route(tested, 1, "alice", "bob") == Routed(0, 1, 0)
        assert tested.counted("gateway_messages_sent_total", type="message") == 0


async def test_nothing_is_kept_of_a_connection_that_is_gone() -> None:
    async with memory_plane() as tested:
        clients = [await subscribed(tested, user, filters=CLEANUP) for user in ("alice", "alice", "bob")]
        assert len(tested.hub) == 3
        assert not tested.hub.is_empty.is_set()
        for client in clients:
            client.lose()
            assert client.connection not in tested.hub
        assert route(tested, 1, "alice", "bob") == Routed(0, 1, 0)
        assert (len(tested.hub), list(tested.hub), tested.hub.index.subscriptions) == (0, [], 0)
        assert tested.hub.is_empty.is_set()
        assert tested.hub._users == tested.hub._watchers == {}


async def test_who_never_came_may_leave() -> None:
    async with memory_plane() as tested:
        await tested.welcomed("alice")
        tested.hub.remove(tested.accept("bob").listener)  # type: ignore[arg-type]
        assert len(tested.hub) == 1


async def test_connections_are_spread_evenly_over_the_slots_of_the_sweep() -> None:
    async with memory_plane() as tested:
        for number in range(60):
            await tested.welcomed(f"user{number}")
        assert {len(slot) for slot in tested.hub.slots} == {2}


# Events


@pytest.mark.parametrize("size", [1, 15, 16, 40])
async def test_an_event_reaches_everyone_whose_filter_matches_and_is_counted(size: int) -> None:
    async with memory_plane() as tested:
        watching = [await subscribed(tested, f"user{number}", filters={"sources": ["db"]}) for number in range(size)]
        other = await subscribed(tested, "other", filters={"sources": ["web"]})
        await tested.stream.publish([Event("deployment", source="db"), Event("deployment", source="db")])
        for client in watching:
            assert [got["position"]["offset"] for got in await read(client)] == [1, 2]
        assert await read(other) == []
        assert tested.counted("gateway_events_broadcast_total", event_type="deployment") == 2
        assert tested.counted("gateway_events_matched_total") == 2 * size
        assert tested.counted("gateway_events_delivered_total") == 2 * size
        assert tested.counted("gateway_messages_sent_total", type="event") == 2 * size
        assert sum(tested.instruments.message_latency["deployment", "broadcast"].counts) == 2 * size


async def test_an_event_comes_once_and_names_every_subscription_that_matched() -> None:
    async with memory_plane() as tested:
        client = await subscribed(tested, "alice", "first")
        client.say({"type": "subscribe", "subscription_id": "second", "filters": {"sources": ["db"]}})
        await read(client)
        await tested.stream.publish([Event("deployment", source="db")])
        (event,) = await read(client)
        assert event["subscription_ids"] == ["first", "second"]


async def test_events_that_waited_for_a_client_are_measured_when_they_go_out() -> None:
    async with memory_plane() as tested:
        client = tested.connect("alice", kernel_bytes=10)
        client.say({"type": "subscribe", "subscription_id": "s", "filters": {}})
        await until_quiet()
        await tested.stream.publish([Event("deployment")])
        latency = tested.instruments.message_latency["deployment", "broadcast"]
        assert sum(latency.counts) == 0
        tested.clock.advance(0.7)
        await read(client)
        assert latency.sum == pytest.approx(0.7)
        assert tested.counted("gateway_events_delivered_total") == 1


async def test_a_clock_that_went_back_makes_no_latency() -> None:
    async with memory_plane() as tested:
        client = tested.connect("alice", kernel_bytes=10)
        client.say({"type": "subscribe", "subscription_id": "s", "filters": {}})
        await until_quiet()
        await tested.stream.publish([Event("deployment")])
        tested.clock.wall_micros -= 1_000_000
        await read(client)
        assert sum(tested.instruments.message_latency["deployment", "broadcast"].counts) == 0
        assert tested.counted("messaging_clock_skew_samples_total", source_plane="durability", dest_plane="connection") == 1


# Clean-up news


async def test_operators_who_name_system_event_hear_of_connections_that_end() -> None:
    async with memory_plane() as tested:
        watcher = await subscribed(tested, "ops", "watch", CLEANUP)
        everything = await subscribed(tested, "alice", "all")
        leaving = await tested.welcomed("bob")
        connection_id = leaving.connection.connection_id
        leaving.lose()
        (news,) = await read(watcher)
        assert news["subscription_ids"] == ["watch"]
        assert "position" not in news
        assert news["event"]["event_type"] == "system_event"
        assert news["event"]["data"] == {
            "category": "connection_cleanup",
            "connection_id": connection_id,
            "reason": "client_closed",
            "resources_freed": True,
        }
        assert await read(everything) == []
        assert tested.stream.head.offset == 0


async def test_clean_up_news_are_counted_as_every_event() -> None:
    async with memory_plane() as tested:
        watcher = await subscribed(tested, "ops", "watch", CLEANUP)
        (await tested.welcomed("bob")).lose()
        await read(watcher)
        assert tested.counted("gateway_events_broadcast_total", event_type="system_event") == 1
        assert tested.counted("gateway_events_matched_total") == tested.counted("gateway_events_delivered_total") == 1


async def test_clean_up_news_obey_the_rest_of_the_filter_and_replacement() -> None:
    async with memory_plane() as tested:
        watcher = await subscribed(tested, "ops", "watch", {**CLEANUP, "severities": ["P0"]})
        (await tested.welcomed("bob")).lose()
        assert await read(watcher) == []
        watcher.say({"type": "subscribe", "subscription_id": "watch", "filters": CLEANUP})
        await read(watcher)
        (await tested.welcomed("bob")).lose()
        assert len(await read(watcher)) == 1
        watcher.say({"type": "subscribe", "subscription_id": "watch", "filters": {}})
        await read(watcher)
        (await tested.welcomed("bob")).lose()
        assert await read(watcher) == []


async def test_clean_up_news_wait_until_a_subscription_has_caught_up() -> None:
    async with memory_plane() as tested:
        await tested.stream.publish([Event("system_event") for _ in range(600)])
        client = await tested.welcomed("ops")
        epoch = tested.stream.head.epoch
        client.say({"type": "subscribe", "subscription_id": "s", "filters": CLEANUP, "since": {"epoch": epoch, "offset": 0}})
        answer, *events = await read(client)
        assert answer["recovery"]["has_more"] is True
        assert len(events) == 500
        (await tested.welcomed("bob")).lose()
        assert await read(client) == []
        client.say({"type": "subscribe", "subscription_id": "s", "filters": CLEANUP, "since": answer["position"]})
        assert len(await read(client)) == 101
        (await tested.welcomed("bob")).lose()
        assert len(await read(client)) == 1
