"""Signs of life, and how connections end without anybody meaning harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable

import httpx
import pytest
import pytest_asyncio

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.event_api import numbered, publish
from tests.acceptance.protocol.peer import open_peer
from tests.acceptance.protocol.raw_peer import CLOSE, PING, PONG, TEXT, RawPeer, half_close, open_raw_peer
from tests.acceptance.protocol.scrape import Metrics, scrape, scrape_when_empty
from tests.server_process import ServerProcess, running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")

OFTEN = {
    "SUREWIRE_HEARTBEAT__INTERVAL_S": "1.2",
    "SUREWIRE_HEARTBEAT__TIMEOUT_S": "1.1",
    "SUREWIRE_HEARTBEAT__SWEEP_INTERVAL_S": "0.05",
}
NEVER = {
    "SUREWIRE_HEARTBEAT__INTERVAL_S": "0",
    "SUREWIRE_HEARTBEAT__SESSION_TIMEOUT_S": "3",
    "SUREWIRE_HEARTBEAT__SWEEP_INTERVAL_S": "0.05",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def often(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    """A server that pings often."""
    async with running_server(tmp_path_factory.mktemp("often") / "data", **UNHURRIED, **OFTEN) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def never(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    """A server that does not ping and waits three seconds for a word."""
    async with running_server(tmp_path_factory.mktemp("never") / "data", **UNHURRIED, **NEVER) as server:
        yield server


def endings(metrics: Metrics) -> dict[str, float]:
    return metrics.by("reason", "gateway_disconnections_total")


async def after_pings(peer: RawPeer, count: int, answer: Callable[[], Awaitable[None]]) -> None:
    """Hears so many pings and does something at each."""
    while count:
        frame = await peer.frame()
        assert frame.opcode != CLOSE, frame
        if frame.opcode == PING:
            await answer()
            count -= 1


async def test_who_answers_pings_stays_and_is_counted(often: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=often.http) as api:
        before = await scrape_when_empty(api)
        async with open_raw_peer(often.port) as peer:
            await after_pings(peer, 2, lambda: peer.send_frame(PONG))
            await peer.say("ping")
            await peer.hear("pong")
            counted = (await scrape(api)).since(before)
            sent, pongs = (counted.value(f"gateway_heartbeat_{name}_total") for name in ("pings_sent", "pongs_received"))
            # A third ping may come before the last answer.
            assert 2 <= pongs <= sent <= 3
            assert counted.value("gateway_heartbeat_latency_seconds_count") == pongs
            assert counted.value("gateway_heartbeat_timeouts_total") == 0


ANY_FRAME: dict[str, Callable[[RawPeer], Awaitable[None]]] = {
    "a message": lambda peer: peer.say("ping"),
    "a bad message": lambda peer: peer.send_frame(TEXT, b"{"),
    "a WebSocket ping": lambda peer: peer.send_frame(PING, b"mine"),
    "a pong to no ping": lambda peer: peer.send_frame(PONG, b"unasked"),
}


@pytest.mark.parametrize("name", ANY_FRAME)
async def test_any_frame_is_life(often: ServerProcess, name: str) -> None:
    async with open_raw_peer(often.port) as peer:
        await after_pings(peer, 2, lambda: ANY_FRAME[name](peer))
        await peer.say("ping")
        await peer.hear("pong")


async def test_who_stops_answering_is_closed_with_4000_and_may_come_back(often: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=often.http) as api:
        before = await scrape_when_empty(api)
        async with open_raw_peer(often.port) as peer:
            frames = await peer.closed()
        *_, closing, close = frames
        assert closing.message == {"type": "closing", "reason": "heartbeat timeout", "code": 4000, "reconnect": True, "retry_after_ms": 0}
        assert close.close_code == 4000
        counted = (await scrape_when_empty(api)).since(before)
        assert endings(counted) == {"heartbeat_timeout": 1}
        assert counted.by("cause", "gateway_heartbeat_timeouts_total") == {"client": 1}
        assert counted.value("gateway_heartbeat_pongs_received_total") == 0
        assert (await scrape(api)).value("gateway_stale_connections") == 0


async def test_an_independent_client_stays_as_long_as_it_likes(often: ServerProcess, never: ServerProcess) -> None:
    async with open_peer(often.ws, ping_interval=None) as pinged, open_raw_peer(often.port) as other:
        await other.closed()
        assert await pinged.hears_nothing()


async def test_without_pings_silence_ends_with_4001(never: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=never.http) as api:
        before = await scrape_when_empty(api)
        async with open_raw_peer(never.port) as peer:
            closing, close = await peer.closed()
        assert closing.message == {"type": "closing", "reason": "session timeout", "code": 4001, "reconnect": True, "retry_after_ms": 0}
        assert close.close_code == 4001
        counted = (await scrape_when_empty(api)).since(before)
        assert endings(counted) == {"session_timeout": 1}
        assert counted.value("gateway_heartbeat_pings_sent_total") == 0


async def test_without_pings_a_word_now_and_then_is_enough(never: ServerProcess) -> None:
    async with open_peer(never.ws, ping_interval=0.2) as talking, open_raw_peer(never.port) as silent:
        await silent.closed()
        assert await talking.hears_nothing()


async def leaves_politely(peer: RawPeer) -> None:
    await peer.send_frame(CLOSE, (1000).to_bytes(2, "big"))
    assert (await peer.ended())[-1].close_code == 1000


async def leaves_with_a_code_of_its_own(peer: RawPeer) -> None:
    await peer.send_frame(CLOSE, (4321).to_bytes(2, "big") + b"bored")
    assert (await peer.ended())[-1].close_code == 4321


async def sends_eof(peer: RawPeer) -> None:
    half_close(peer)
    assert await peer.ended() == []


async def resets(peer: RawPeer) -> None:
    peer.reset()


async def breaks_the_protocol(peer: RawPeer) -> None:
    await peer.send_bytes(b"\x81\x02{}")  # not masked
    assert (await peer.ended())[-1].close_code == 1002


@pytest.mark.parametrize(
    ("leave", "reason"),
    [
        (leaves_politely, "client_closed"),
        (leaves_with_a_code_of_its_own, "client_closed"),
        (sends_eof, "client_closed"),
        (resets, "client_closed"),
        (breaks_the_protocol, "policy_violation"),
    ],
)
async def test_every_end_is_counted_once_under_its_reason(
    never: ServerProcess, leave: Callable[[RawPeer], Awaitable[None]], reason: str
) -> None:
    async with httpx.AsyncClient(base_url=never.http) as api:
        before = await scrape_when_empty(api)
        async with open_raw_peer(never.port) as peer:
            await leave(peer)
            counted = (await scrape_when_empty(api)).since(before)
        assert endings(counted) == {reason: 1}
        assert counted.value("gateway_session_duration_seconds_count") == 1


async def test_a_peer_that_breaks_off_in_the_middle_of_everything_disturbs_nobody(never: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=never.http) as api, open_peer(never.ws) as witness:
        await witness.say("subscribe", subscription_id="s", filters={"sources": ["witness"]})
        await witness.hear()
        for piece in (b"\x81", b"\x81\xfe", b"\x81\xfe\xff\xff\x01\x02\x03\x04 half", b"\x01\x82\x00\x00\x00\x00hi"):
            async with open_raw_peer(never.port) as peer:
                await peer.say("subscribe", subscription_id="s", filters={})
                await peer.send_bytes(piece)
                peer.reset()
        await publish(api, *numbered(1, 3, source="witness"))
        assert [(await witness.hear())["event"]["data"]["n"] for _ in range(3)] == [1, 2, 3]


async def test_a_client_that_never_answers_our_close_is_gone_all_the_same(never: ServerProcess) -> None:
    async with httpx.AsyncClient(base_url=never.http) as api, asyncio.timeout(15), open_raw_peer(never.port) as peer:
        while (await peer.frame()).opcode != CLOSE:
            pass
        assert await peer.ended() == []
        await scrape_when_empty(api)
