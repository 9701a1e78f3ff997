"""Events on their whole way: published over HTTP, seen over WebSocket, by a real server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.acceptance.event_client import connected, publish
from tests.server_process import ServerProcess, running_server

INCIDENT = {
    "event_type": "incident_created",
    "severity": "P1",
    "source": "llm-sentinel",
    "labels": {"team": "payments"},
    "affected_resources": ["checkout", "cart"],
    "incident_id": "inc_1",
    "data": {"title": "Checkout is slow \U0001f422", "n": [1, 2.50, None]},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    async with running_server(tmp_path_factory.mktemp("events") / "data") as server:
        yield server


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_event_comes_as_it_was_published_with_its_id_place_and_subscription(shared: ServerProcess) -> None:
    async with connected(shared.ws) as client:
        subscribed = await client.subscribe("mine", event_types=["incident_created"], severities=["P1", "P0"])
        assert "recovery" not in subscribed
        assert subscribed["filters"] == {"event_types": ["incident_created"], "severities": ["P0", "P1"]}
        (published,) = await publish(shared.http, INCIDENT)
        (event,) = await client.events(1)
        assert event["message_id"] == published["message_id"]
        assert event["position"] == published["position"]
        assert event["position"]["offset"] == subscribed["position"]["offset"] + 1
        assert event["event"] == {**INCIDENT, "priority": "high"}
        assert event["subscription_ids"] == ["mine"]


async def test_an_event_comes_once_and_names_every_subscription_that_matched(shared: ServerProcess) -> None:
    async with connected(shared.ws) as client:
        await client.subscribe("by severity", severities=["P1"])
        await client.subscribe("by resource", affected_resources=["cart", "other"])
        await client.subscribe("by label", labels={"team": "search"})
        await publish(shared.http, INCIDENT)
        (event,) = await client.events(1)
        assert set(event["subscription_ids"]) == {"by severity", "by resource"}
        await client.nothing_more()


@pytest.mark.parametrize(
    "filters",
    [
        {"event_types": ["incident_closed"]},
        {"severities": ["P0"]},
        {"states": ["Detected"]},
        {"sources": ["sentinel"]},
        {"affected_resources": ["api"]},
        {"incident_ids": ["inc_2"]},
        {"channels": ["pulse"]},
        {"labels": {"team": "payments", "region": "eu"}},
    ],
)
async def test_an_event_that_misses_one_condition_does_not_come(shared: ServerProcess, filters: dict[str, object]) -> None:
    async with connected(shared.ws) as client:
        await client.subscribe(**filters)
        await publish(shared.http, INCIDENT)
        await client.nothing_more()


async def test_everyone_sees_all_events_in_one_order(shared: ServerProcess) -> None:
    async with connected(shared.ws) as one, connected(shared.ws) as other:
        await one.subscribe(sources=["order"])
        await other.subscribe(sources=["order"])
        batches = [
            [{"event_type": "deployment", "source": "order", "data": {"batch": batch, "n": n}} for n in range(7)] for batch in range(12)
        ]
        await asyncio.gather(*(publish(shared.http, *batch) for batch in batches))
        seen = await one.events(84)
        assert await other.events(84) == seen
        offsets = [event["position"]["offset"] for event in seen]
        assert offsets == list(range(offsets[0], offsets[0] + 84))
        for batch in range(12):
            assert [event["event"]["data"]["n"] for event in seen if event["event"]["data"]["batch"] == batch] == list(range(7))


async def test_who_unsubscribed_gets_nothing_more(shared: ServerProcess) -> None:
    async with connected(shared.ws) as client:
        await client.subscribe()
        await client.say(type="unsubscribe", subscription_id="s")
        await client.hear("unsubscribed")
        await publish(shared.http, INCIDENT)
        await client.nothing_more()


async def test_subscribing_again_under_the_same_id_replaces_the_filters(shared: ServerProcess) -> None:
    async with connected(shared.ws) as client:
        await client.subscribe(event_types=["incident_created"])
        await client.subscribe(event_types=["mood_event"])
        await publish(shared.http, INCIDENT, {"event_type": "mood_event"})
        (event,) = await client.events(1)
        assert event["event"]["event_type"] == "mood_event"
        await client.nothing_more()


async def test_a_channel_in_the_path_is_subscribed_at_once(shared: ServerProcess) -> None:
    async with connected(f"{shared.ws}/pulse") as client:
        subscribed = await client.hear("subscribed")
        assert (subscribed["subscription_id"], subscribed["filters"]) == ("channel:pulse", {"channels": ["pulse"]})
        await publish(shared.http, INCIDENT, {"event_type": "now_playing", "channel": "pulse", "data": {"track": "x"}})
        (event,) = await client.events(1)
        assert (event["event"]["event_type"], event["subscription_ids"]) == ("now_playing", ["channel:pulse"])


async def test_an_event_that_was_answered_is_on_disk_after_kill_9(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        async with connected(server.ws) as client:
            position = (await client.subscribe())["position"]
        published = await publish(server.http, *[INCIDENT] * 50)
        await server.kill()
        await server.start()
        async with connected(server.ws) as client:
            _, found = await client.recover(position)
        assert [(event["message_id"], event["position"]) for event in found] == [
            (event["message_id"], event["position"]) for event in published
        ]
