"""A subscription that begins in the past: everything since then, in order, once, or the word that something is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.event_api import Json, numbered, numbers, pages_since, publish, subscribe
from tests.acceptance.protocol.peer import open_peer
from tests.server_process import ServerProcess, running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    async with running_server(tmp_path_factory.mktemp("recovery") / "data", **UNHURRIED) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def api(shared: ServerProcess) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shared.http) as client:
        yield client


async def publish_all(api: httpx.AsyncClient, events: list[Json]) -> Json:
    """The position before the first of them."""
    published = [place for start in range(0, len(events), 500) for place in await publish(api, *events[start : start + 500])]
    first: Json = published[0]["position"]
    return {**first, "offset": first["offset"] - 1}


async def test_more_than_500_matches_come_in_pages_and_nothing_live_comes_between(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    start = await publish_all(api, numbered(1, 2_000, source="pages"))
    first = start["offset"]
    async with open_peer(shared.ws) as peer:
        answer = await subscribe(peer, "s", start, event_types=["odd"], sources=["pages"])
        assert answer["recovery"] == {"complete": True, "from": first, "to": first + 1_000, "count": 500, "has_more": True}
        assert answer["position"] == {**start, "offset": first + 1_000}
        events = [await peer.hear() for _ in range(500)]
        await publish(api, *numbered(2_001, 2_003, source="pages"))
        assert await peer.hears_nothing()
        pages, rest = await pages_since(peer, answer["position"], event_types=["odd"], sources=["pages"])
        assert [(page["complete"], page["count"], page["has_more"]) for page in pages] == [(True, 500, True), (True, 2, False)]
        assert numbers(events + rest) == list(range(1, 2_004, 2))
        await publish(api, *numbered(2_004, 2_005, source="pages"))
        assert numbers([await peer.hear()]) == [2_005]


async def test_a_page_of_large_events_ends_before_512_kib(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    start = await publish_all(api, numbered(1, 5, source="before"))
    for number in range(1, 25):
        await publish(api, {"event_type": "big", "data": {"n": number, "text": "x" * 50_000}})
    async with open_peer(shared.ws) as peer:
        pages, events = await pages_since(peer, start, event_types=["big"])
        assert numbers(events) == list(range(1, 25))
        assert [page["count"] for page in pages] == [10, 10, 4]


async def test_a_filter_that_matched_nothing_gives_an_empty_page_at_the_head(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    start = await publish_all(api, numbered(1, 3))
    async with open_peer(shared.ws) as peer:
        answer = await subscribe(peer, "s", start, sources=["nobody"])
        head = start["offset"] + 3
        assert answer["recovery"] == {"complete": True, "from": start["offset"], "to": head, "count": 0, "has_more": False}
        again = await subscribe(peer, "s", answer["position"], sources=["nobody"])
        assert again["recovery"] == {"complete": True, "from": head, "to": head, "count": 0, "has_more": False}


async def test_a_replayed_event_comes_again_and_names_only_the_new_subscription(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async with open_peer(shared.ws) as peer:
        position = (await subscribe(peer, "live", sources=["again"]))["position"]
        await publish(api, *numbered(1, 2, source="again"))
        live = [await peer.hear() for _ in range(2)]
        assert [event["subscription_ids"] for event in live] == [["live"]] * 2
        _, replayed = await pages_since(peer, position, "late", sources=["again"])
        assert replayed == [{**event, "subscription_ids": ["late"]} for event in live]
        await publish(api, *numbered(3, 3, source="again"))
        assert (await peer.hear())["subscription_ids"] == ["live", "late"]


async def test_neither_gap_nor_repetition_while_events_are_published_during_the_recovery(
    shared: ServerProcess, api: httpx.AsyncClient
) -> None:
    start = await publish_all(api, numbered(1, 1_500, source="flow"))

    async def publish_more() -> None:
        for number in range(1_501, 2_101, 3):
            await publish(api, *numbered(number, number + 2, source="flow"))

    async def hear_all() -> dict[str, list[int]]:
        heard: dict[str, list[int]] = {"live": [], "late": []}
        async with open_peer(shared.ws) as peer:
            await peer.say("subscribe", subscription_id="live", filters={"sources": ["flow"]})
            await peer.say("subscribe", subscription_id="late", filters={"sources": ["flow"]}, since=start)
            while heard["late"][-1:] != [2_100]:
                message = await peer.hear()
                if message["type"] == "event":
                    for name in message["subscription_ids"]:
                        heard[name] += numbers([message])
                elif message["type"] == "subscribed" and message.get("recovery", {}).get("has_more"):
                    await peer.say("subscribe", subscription_id="late", filters={"sources": ["flow"]}, since=message["position"])
        return heard

    publishing = asyncio.create_task(publish_more())
    for heard in await asyncio.gather(*(hear_all() for _ in range(4))):
        assert heard["late"] == list(range(1, 2_101))
        assert heard["live"] == list(range(heard["live"][0], 2_101))
    await publishing


async def test_who_gives_up_catching_up_gets_live_events_or_none(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    start = await publish_all(api, numbered(1, 600, source="up"))
    async with open_peer(shared.ws) as peer:
        for name in ("first", "second"):
            answer = await subscribe(peer, name, start, sources=["up"])
            assert answer["recovery"]["has_more"] is True
            assert numbers([await peer.hear() for _ in range(500)]) == list(range(1, 501))
        await subscribe(peer, "first", sources=["up"])
        assert (await peer.ask("unsubscribe", subscription_id="second"))["type"] == "unsubscribed"
        await publish(api, *numbered(601, 601, source="up"))
        event = await peer.hear()
        assert (numbers([event]), event["subscription_ids"]) == ([601], ["first"])
        assert await peer.hears_nothing()


async def test_an_unknown_epoch_begins_with_the_oldest_event_and_says_so(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    await publish_all(api, numbered(1, 3, source="epoch"))
    async with open_peer(shared.ws) as peer:
        pages, events = await pages_since(peer, {"epoch": "other", "offset": 10**12}, sources=["epoch"])
        assert (pages[0]["complete"], pages[0]["reason"], pages[0]["from"]) == (False, "epoch_changed", 0)
        assert all(page["complete"] and "reason" not in page for page in pages[1:])
        assert numbers(events) == [1, 2, 3]


async def test_a_stream_that_was_lost_has_a_new_epoch_and_clients_are_told(tmp_path_factory: pytest.TempPathFactory) -> None:
    async with running_server(tmp_path_factory.mktemp("lost") / "data") as server:
        async with httpx.AsyncClient(base_url=server.http) as api:
            start = await publish_all(api, numbered(1, 4))
        await server.kill()
        for file in server.data.glob("events.db*"):
            file.unlink()
        await server.start()
        async with httpx.AsyncClient(base_url=server.http) as api, open_peer(server.ws) as peer:
            answer = await subscribe(peer, "s", {**start, "offset": 4})
            assert answer["recovery"] == {
                "complete": False,
                "from": 0,
                "to": 0,
                "count": 0,
                "has_more": False,
                "reason": "epoch_changed",
            }
            assert answer["position"]["epoch"] != start["epoch"]
            await publish(api, *numbered(5, 6))
            assert numbers([await peer.hear(), await peer.hear()]) == [5, 6]
            _, events = await pages_since(peer, start, "again")
            assert numbers(events) == [5, 6]


async def test_what_is_no_longer_kept_is_said_once_and_the_rest_follows_in_pages(tmp_path_factory: pytest.TempPathFactory) -> None:
    data = tmp_path_factory.mktemp("exceeded") / "data"
    async with (
        running_server(data, SUREWIRE_EVENTS__HISTORY_EVENTS="700") as server,
        httpx.AsyncClient(base_url=server.http) as api,
        open_peer(server.ws) as peer,
    ):
        start = await publish_all(api, numbered(1, 1_000))
        pages, events = await pages_since(peer, start)
        assert pages == [
            {"complete": False, "from": 300, "to": 800, "count": 500, "has_more": True, "reason": "history_exceeded"},
            {"complete": True, "from": 800, "to": 1_000, "count": 200, "has_more": False},
        ]
        assert numbers(events) == list(range(301, 1_001))
        _, kept = await pages_since(peer, {**start, "offset": 300}, "kept")
        assert numbers(kept) == list(range(301, 1_001))
