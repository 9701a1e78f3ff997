"""Who gets which events, as a client that knows only the protocol sees it."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.event_api import publish, subscribe
from tests.acceptance.protocol.peer import Peer, open_peer
from tests.server_process import ServerProcess, free_port, running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

INCIDENT = {
    "event_type": "incident_created",
    "severity": "P1",
    "state": "Acknowledged",
    "source": "sentinel",
    "affected_resources": ["checkout", "cart"],
    "labels": {"team": "payments", "region": "eu"},
    "incident_id": "inc_1",
    "channel": "pulse",
}
BARE = {"event_type": "deployment"}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    async with running_server(tmp_path_factory.mktemp("subscriptions") / "data", **UNHURRIED) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def api(shared: ServerProcess) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shared.http) as client:
        yield client


async def ids_heard(peer: Peer) -> list[list[str]]:
    """The subscription ids of every event that has come."""
    await peer.say("ping", timestamp="last")
    heard: list[list[str]] = []
    while (message := await peer.hear())["type"] == "event":
        heard.append(message["subscription_ids"])
    assert (message["type"], message["timestamp"]) == ("pong", "last")
    return heard


MATCHING: dict[str, dict[str, Any]] = {
    "no condition": {},
    "empty lists are none": {"event_types": [], "severities": [], "labels": {}},
    "its type": {"event_types": ["incident_created"]},
    "one of several types": {"event_types": ["escalated", "incident_created"]},
    "its severity": {"severities": ["P0", "P1"]},
    "its state": {"states": ["Detected", "Acknowledged"]},
    "its state by the other name": {"states": ["Triaged"]},
    "its source": {"sources": ["sentinel", "other"]},
    "one of its resources": {"affected_resources": ["cart", "search"]},
    "both of its resources": {"affected_resources": ["cart", "checkout"]},
    "its incident": {"incident_ids": ["inc_1", "inc_2"]},
    "its channel": {"channels": ["pulse"]},
    "one of its labels": {"labels": {"team": "payments"}},
    "all of its labels": {"labels": {"region": "eu", "team": "payments"}},
    "everything at once": {
        "event_types": ["incident_created"],
        "severities": ["P1"],
        "states": ["Triaged"],
        "sources": ["sentinel"],
        "affected_resources": ["cart"],
        "incident_ids": ["inc_1"],
        "channels": ["pulse"],
        "labels": {"team": "payments"},
    },
}
MISSING: dict[str, dict[str, Any]] = {
    "another type": {"event_types": ["incident_closed"]},
    "another severity": {"severities": ["P0", "P2", "P3", "P4"]},
    "another state": {"states": ["Remediating", "Detected"]},
    "another source": {"sources": ["Sentinel"]},
    "other resources": {"affected_resources": ["checkou", "search"]},
    "another incident": {"incident_ids": ["inc_11"]},
    "another channel": {"channels": ["voices"]},
    "another value of a label": {"labels": {"team": "search"}},
    "one label too many": {"labels": {"team": "payments", "tier": "1"}},
    "one condition of two": {"severities": ["P1"], "sources": ["other"]},
    "one list and one label": {"event_types": ["incident_created"], "labels": {"region": "us"}},
}


async def test_every_filter_that_fits_lets_an_event_through_and_every_other_one_does_not(
    shared: ServerProcess, api: httpx.AsyncClient
) -> None:
    async with open_peer(shared.ws) as peer:
        for name, filters in (MISSING | MATCHING).items():
            await subscribe(peer, name, **filters)
        await publish(api, INCIDENT)
        assert await ids_heard(peer) == [list(MATCHING)]


@pytest.mark.parametrize("name", [name for name in MATCHING if name not in ("no condition", "empty lists are none")])
async def test_an_event_that_lacks_an_attribute_matches_no_filter_on_it(shared: ServerProcess, api: httpx.AsyncClient, name: str) -> None:
    async with open_peer(shared.ws) as peer:
        await subscribe(peer, **MATCHING[name])
        await publish(api, BARE)
        assert await ids_heard(peer) == []


async def test_triaged_and_remediating_are_names_for_acknowledged_and_mitigating(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async with open_peer(shared.ws) as peer:
        answer = await subscribe(peer, states=["Remediating", "Triaged", "Acknowledged"])
        assert answer["filters"] == {"states": ["Acknowledged", "Mitigating"]}
        await publish(api, *({"event_type": "incident_updated", "state": state} for state in ("Detected", "Acknowledged", "Mitigating")))
        heard = [(await peer.hear())["event"]["state"] for _ in range(2)]
        assert heard == ["Acknowledged", "Mitigating"]
        assert await peer.hears_nothing()


async def test_subscribed_gives_back_the_filters_in_their_one_form_and_the_position(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    (published,) = await publish(api, BARE)
    async with open_peer(shared.ws) as peer:
        answer = await subscribe(peer, sources=["b", "a", "b"], severities=[], labels={"z": "1", "a": "2"})
        assert answer["filters"] == {"sources": ["a", "b"], "labels": {"a": "2", "z": "1"}}
        assert answer["position"] == published["position"]
        assert "recovery" not in answer


async def test_an_event_names_its_subscriptions_in_the_order_of_subscribing(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async with open_peer(shared.ws) as peer:
        for name in ("z", "a", "m", "b"):
            await subscribe(peer, name, **({} if name in "zb" else {"severities": ["P1"]}))
        await subscribe(peer, "never", severities=["P0"])
        await subscribe(peer, "a")
        await publish(api, INCIDENT, BARE)
        assert await ids_heard(peer) == [["z", "a", "m", "b"], ["z", "a", "b"]]
        await peer.ask("unsubscribe", subscription_id="z")
        await subscribe(peer, "z")
        await publish(api, INCIDENT)
        assert await ids_heard(peer) == [["a", "m", "b", "z"]]


async def test_who_replaces_a_filter_gets_only_what_the_new_one_wants(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async with open_peer(shared.ws) as peer:
        await subscribe(peer, severities=["P1"])
        await subscribe(peer, severities=["P2"])
        await publish(api, INCIDENT, {**INCIDENT, "severity": "P2"})
        assert (await peer.hear())["event"]["severity"] == "P2"
        assert await peer.hears_nothing()


async def test_no_subscription_no_events(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async with open_peer(shared.ws) as silent, open_peer(shared.ws) as former:
        await subscribe(former)
        answer = await former.ask("unsubscribe", subscription_id="s")
        assert answer == {"type": "unsubscribed", "subscription_id": "s"}
        await publish(api, INCIDENT, BARE)
        assert await silent.hears_nothing()
        assert await former.hears_nothing()


async def test_an_event_is_what_was_published_with_its_priority_and_place(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    data = {"n": [1, 2.50, None, True], "text": 'naïve \U0001f422 \\ " \n'}
    async with open_peer(shared.ws) as peer:
        await subscribe(peer, "mine")
        published = await publish(api, {**INCIDENT, "data": data}, BARE)
        full, bare = await peer.hear(), await peer.hear()
        assert full["event"] == {**INCIDENT, "priority": "high", "data": data}
        assert bare["event"] == {**BARE, "priority": "normal", "data": {}}
        for event, place in zip((full, bare), published, strict=True):
            assert set(event) == {"type", "message_id", "event", "timestamp", "position", "subscription_ids"}
            assert {key: event[key] for key in ("message_id", "position")} == place
            assert event["timestamp"].endswith("Z")


PRIORITIES = [
    ("incident_created", "P0", "critical"),
    ("incident_created", "P1", "high"),
    ("incident_created", "P2", "normal"),
    ("incident_created", None, "normal"),
    ("escalated", "P0", "critical"),
    ("escalated", "P3", "high"),
    ("escalated", None, "high"),
    ("alert_received", "P0", "high"),
    ("alert_received", "P1", "high"),
    ("alert_received", "P2", "normal"),
    ("comment_added", "P0", "low"),
    ("playbook_action_executed", None, "low"),
    ("system_event", None, "low"),
    ("playbook_started", "P0", "normal"),
    ("my_own_type", None, "normal"),
]


async def test_types_and_severities_have_the_priorities_that_the_protocol_gives_them(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async with open_peer(shared.ws) as peer:
        await subscribe(peer)
        await publish(api, *({"event_type": kind} | ({"severity": severity} if severity else {}) for kind, severity, _ in PRIORITIES))
        assert [(await peer.hear())["event"]["priority"] for _ in PRIORITIES] == [priority for _, _, priority in PRIORITIES]
        await publish(api, {"event_type": "comment_added", "priority": "critical"})
        assert (await peer.hear())["event"]["priority"] == "critical"


async def test_a_channel_in_the_path_is_subscribed_right_after_the_welcome(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async with open_peer(f"{shared.ws}/pulse") as peer:
        answer = await peer.hear()
        assert (answer["type"], answer["subscription_id"]) == ("subscribed", "channel:pulse")
        assert answer["filters"] == {"channels": ["pulse"]}
        await publish(api, INCIDENT, BARE, {**BARE, "channel": "seams"})
        assert await ids_heard(peer) == [["channel:pulse"]]
        await subscribe(peer, "all")
        await publish(api, INCIDENT)
        assert await ids_heard(peer) == [["channel:pulse", "all"]]
        assert (await peer.ask("unsubscribe", subscription_id="channel:pulse"))["type"] == "unsubscribed"
        await publish(api, INCIDENT)
        assert await ids_heard(peer) == [["all"]]


async def test_a_channels_name_may_be_percent_encoded(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async with open_peer(f"{shared.ws}/two%20words") as peer:
        assert (await peer.hear())["filters"] == {"channels": ["two words"]}
        await publish(api, {**BARE, "channel": "two words"})
        assert await ids_heard(peer) == [["channel:two words"]]


async def test_the_versioned_path_is_the_same_server(shared: ServerProcess) -> None:
    async with open_peer(f"{shared.http}/v1/ws".replace("http", "ws")) as peer:
        assert peer.welcome["type"] == "welcome"


async def test_a_listener_with_a_channel_subscribes_its_connections(tmp_path_factory: pytest.TempPathFactory) -> None:
    main, seams = free_port(), free_port()
    listeners = json.dumps([{"port": main}, {"port": seams, "channel": "seams"}])
    async with (
        running_server(tmp_path_factory.mktemp("listener") / "data", SUREWIRE_LISTENERS=listeners),
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{main}") as api,
        open_peer(f"ws://127.0.0.1:{seams}/ws") as peer,
        open_peer(f"ws://127.0.0.1:{seams}/ws/pulse") as elsewhere,
        open_peer(f"ws://127.0.0.1:{main}/ws") as silent,
    ):
        answer = await peer.hear()
        assert (answer["subscription_id"], answer["filters"]) == ("channel:seams", {"channels": ["seams"]})
        assert (await elsewhere.hear())["subscription_id"] == "channel:pulse"
        await publish(api, INCIDENT, {**BARE, "channel": "seams"})
        assert await ids_heard(peer) == [["channel:seams"]]
        assert await ids_heard(elsewhere) == [["channel:pulse"]]
        assert await silent.hears_nothing()
