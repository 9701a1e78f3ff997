"""Clients that come back: complete, or told what is lost, page by page, with a real server that is stopped, killed and robbed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.event_client import EventClient, connected, publish
from tests.server_process import ServerProcess, running_server

RAISED = {"SUREWIRE_LIMITS__ACCEPT_RATE_PER_S": "10000", "SUREWIRE_EVENTS__HISTORY_EVENTS": "3000"}


@pytest.fixture
async def server(tmp_path: Path) -> AsyncGenerator[ServerProcess]:
    async with running_server(tmp_path / "data", **RAISED) as running:
        yield running


def numbered(first: int, last: int, **attributes: Any) -> list[dict[str, Any]]:
    return [{"event_type": "even" if n % 2 == 0 else "odd", "data": {"n": n}, **attributes} for n in range(first, last + 1)]


def numbers(found: list[dict[str, Any]]) -> list[int]:
    return [event["event"]["data"]["n"] for event in found]


async def publish_all(server: ServerProcess, events: list[dict[str, Any]]) -> None:
    for start in range(0, len(events), 500):
        await publish(server.http, *events[start : start + 500])


async def position_now(server: ServerProcess) -> dict[str, Any]:
    async with connected(server.ws) as client:
        position: dict[str, Any] = (await client.subscribe())["position"]
        return position


async def test_what_was_missed_comes_first_then_live_events_without_a_hole(server: ServerProcess) -> None:
    since = await position_now(server)
    await publish_all(server, numbered(1, 5))
    async with connected(server.ws) as client:
        pages, found = await client.recover(since, event_types=["odd"])
        assert pages == [{"complete": True, "from": 0, "to": 5, "count": 3, "has_more": False}]
        await publish_all(server, numbered(6, 8))
        found += await client.events(1)
        assert numbers(found) == [1, 3, 5, 7]
        await client.nothing_more()


async def test_a_client_that_matched_nothing_and_comes_back_twice_misses_nothing(server: ServerProcess) -> None:
    since = await position_now(server)
    for round_number in range(2):
        await publish_all(server, numbered(1, 4))
        async with connected(server.ws) as client:
            answer = await client.subscribe("s", since, event_types=["other"])
            assert (answer["recovery"]["count"], answer["recovery"]["complete"]) == (0, True)
            since = answer["position"]
            assert since["offset"] == 4 * (round_number + 1)
    await publish_all(server, [{"event_type": "other"}])
    async with connected(server.ws) as client:
        _, found = await client.recover(since, event_types=["other"])
        assert len(found) == 1


async def test_a_long_absence_comes_in_pages_and_no_live_event_comes_between_them(server: ServerProcess) -> None:
    since = await position_now(server)
    await publish_all(server, numbered(1, 1_300))
    async with connected(server.ws) as client:
        first = await client.subscribe("s", since)
        assert first["recovery"] == {"complete": True, "from": 0, "to": 500, "count": 500, "has_more": True}
        found = await client.events(500)
        await publish_all(server, numbered(1_301, 1_310))
        await client.nothing_more()
        pages, rest = await client.recover(first["position"])
        assert [page["to"] for page in pages] == [1_000, 1_310]
        assert numbers(found + rest) == list(range(1, 1_311))
        await publish_all(server, numbered(1_311, 1_311))
        assert numbers(await client.events(1)) == [1_311]


async def test_events_published_during_the_recovery_come_once(server: ServerProcess) -> None:
    since = await position_now(server)
    await publish_all(server, numbered(1, 700))

    async def come_back() -> list[int]:
        async with connected(server.ws) as client:
            _, found = await client.recover(since)
            return numbers(found + await client.events(900 - len(found)))

    publisher = asyncio.create_task(_publish_one_by_one(server, 701, 900))
    seen = await asyncio.gather(*(come_back() for _ in range(5)))
    await publisher
    assert seen == [list(range(1, 901))] * 5


async def _publish_one_by_one(server: ServerProcess, first: int, last: int) -> None:
    for number in range(first, last + 1):
        await publish(server.http, *numbered(number, number))


async def test_what_is_no_longer_kept_is_said_and_the_rest_follows(server: ServerProcess) -> None:
    since = await position_now(server)
    await publish_all(server, numbered(1, 3_200))
    async with connected(server.ws) as client:
        pages, found = await client.recover(since)
    assert (pages[0]["complete"], pages[0]["reason"], pages[0]["from"]) == (False, "history_exceeded", 200)
    assert all(page["complete"] for page in pages[1:])
    assert numbers(found) == list(range(201, 3_201))


async def test_an_offset_above_the_head_is_refused_and_the_connection_lives(server: ServerProcess) -> None:
    since = await position_now(server)
    async with connected(server.ws) as client:
        await client.say(type="subscribe", subscription_id="s", filters={}, since={**since, "offset": 1})
        error = await client.hear("error")
        assert (error["code"], error["subscription_id"]) == ("INVALID_MESSAGE", "s")
        await client.nothing_more()


async def test_a_page_ends_at_512_kib(server: ServerProcess) -> None:
    since = await position_now(server)
    for number in range(1, 21):
        await publish(server.http, {"event_type": "big", "data": {"n": number, "text": "x" * 60_000}})
    async with connected(server.ws) as client:
        pages, found = await client.recover(since)
        assert numbers(found) == list(range(1, 21))
        assert max(page["count"] for page in pages) == 8


@pytest.mark.parametrize("fault", ["killed", "terminated"])
async def test_the_position_survives_a_restart(server: ServerProcess, fault: str) -> None:
    since = await position_now(server)
    await publish_all(server, numbered(1, 600))
    await (server.kill() if fault == "killed" else server.terminate())
    await server.start()
    async with connected(server.ws) as client:
        pages, found = await client.recover(since)
        assert all(page["complete"] for page in pages)
        assert numbers(found) == list(range(1, 601))
        await publish_all(server, numbered(601, 601))
        (event,) = await client.events(1)
        assert event["position"] == {"epoch": since["epoch"], "offset": 601}


@pytest.mark.parametrize("loss", ["file lost", "older copy"])
async def test_a_lost_or_restored_file_changes_the_epoch_and_clients_are_told(server: ServerProcess, loss: str) -> None:
    await publish_all(server, numbered(1, 3))
    await server.terminate()
    copy = (server.data / "events.db").read_bytes()
    await server.start()
    await publish_all(server, numbered(4, 6))
    since = await position_now(server)
    await server.kill()
    for file in server.data.glob("events.db-*"):
        file.unlink()
    if loss == "older copy":
        (server.data / "events.db").write_bytes(copy)
    else:
        (server.data / "events.db").unlink()
    await server.start()
    async with connected(server.ws) as client:
        pages, found = await client.recover(since)
        assert (pages[0]["complete"], pages[0]["reason"], pages[0]["from"]) == (False, "epoch_changed", 0)
        assert numbers(found) == ([1, 2, 3] if loss == "older copy" else [])
        assert (await _published_position(client, server))["epoch"] != since["epoch"]


async def _published_position(client: EventClient, server: ServerProcess) -> dict[str, Any]:
    (published,) = await publish(server.http, {"event_type": "next"})
    (event,) = await client.events(1)
    assert event["position"] == published["position"]
    position: dict[str, Any] = event["position"]
    return position
