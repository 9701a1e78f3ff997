"""With every heartbeat a client hears how far the stream has come, so that one whose filter matched nothing may come back there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.event_api import numbered, publish, subscribe
from tests.acceptance.protocol.peer import open_peer
from tests.acceptance.protocol.raw_peer import PING, PONG, Frame, RawPeer, open_raw_peer
from tests.server_process import ServerProcess, running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

OFTEN = {
    "SUREWIRE_HEARTBEAT__INTERVAL_S": "0.6",
    "SUREWIRE_HEARTBEAT__TIMEOUT_S": "0.55",
    "SUREWIRE_HEARTBEAT__SWEEP_INTERVAL_S": "0.05",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    """Heartbeats more than once a second."""
    async with running_server(tmp_path_factory.mktemp("positions") / "data", **UNHURRIED, **OFTEN) as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def api(shared: ServerProcess) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shared.http) as client:
        yield client


async def frames_of(peer: RawPeer, pings: int) -> list[Frame]:
    """Everything that comes until so many pings have come and were answered, and the pong to a last word."""
    frames: list[Frame] = []
    while pings:
        frames.append(await peer.frame())
        if frames[-1].opcode == PING:
            await peer.send_frame(PONG, frames[-1].payload)
            pings -= 1
    await peer.say("ping")
    while frames[-1].opcode == PING or frames[-1].message["type"] != "pong":
        frames.append(await peer.frame())
        if frames[-1].opcode == PING:
            await peer.send_frame(PONG, frames[-1].payload)
    return frames


def kinds(frames: list[Frame]) -> list[str]:
    return ["PING" if frame.opcode == PING else frame.message["type"] for frame in frames[:-1]]


async def test_a_position_follows_every_ping_and_is_the_head_even_if_nothing_matched(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async with open_raw_peer(shared.port) as peer:
        await peer.say("subscribe", subscription_id="s", filters={"sources": ["nobody"]})
        await peer.hear("subscribed")
        (*_, last) = await publish(api, *numbered(1, 5))
        frames = await frames_of(peer, 3)
        heard = kinds(frames)
        assert heard.count("position") >= 2
        assert set(heard) == {"PING", "position"}
        positions = [frame.message for frame in frames[:-1] if frame.opcode != PING]
        assert positions[-1] == {"type": "position", "position": last["position"]}


async def test_who_has_no_subscription_gets_no_position(shared: ServerProcess) -> None:
    async with open_raw_peer(shared.port) as peer:
        assert set(kinds(await frames_of(peer, 3))) == {"PING"}


async def test_while_one_subscription_is_behind_there_is_no_position(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    (first, *_) = await publish(api, *numbered(1, 600, source="behind"))
    since = {**first["position"], "offset": first["position"]["offset"] - 1}
    async with open_raw_peer(shared.port) as peer:
        await peer.say("subscribe", subscription_id="live", filters={})
        await peer.hear("subscribed")
        await peer.say("subscribe", subscription_id="late", filters={}, since=since)
        page = await peer.hear("subscribed")
        assert page["recovery"]["has_more"] is True
        assert "position" not in kinds(await frames_of(peer, 3))
        await peer.say("subscribe", subscription_id="late", filters={}, since=page["position"])
        assert (await peer.hear("subscribed"))["recovery"]["has_more"] is False
        assert "position" in kinds(await frames_of(peer, 3))


async def test_no_event_comes_that_a_position_before_it_had_passed(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    async def publish_many() -> None:
        for number in range(150):
            await publish(api, *numbered(number, number, source="order"))

    async with open_peer(shared.ws) as peer:
        reached = (await subscribe(peer, sources=["order"]))["position"]["offset"]
        publishing = asyncio.create_task(publish_many())
        events = positions = 0
        while events < 150 or not positions:
            message = await peer.hear_any()
            offset = message["position"]["offset"]
            if message["type"] == "event":
                assert offset > reached
                events += 1
            else:
                assert message["type"] == "position"
                assert offset >= reached
                positions += 1
            reached = offset
        await publishing
