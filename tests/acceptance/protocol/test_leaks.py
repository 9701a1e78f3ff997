"""Clients that come and go leave nothing behind."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import httpx

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.event_api import publish
from tests.acceptance.protocol.raw_peer import CLOSE, TEXT, knock, open_raw_peer
from tests.acceptance.protocol.scrape import Metrics, open_files, resident_bytes, scrape_when_empty, threads
from tests.server_process import ServerProcess, running_server

WAVES = 4
CLIENTS = 80
VISITS = 10
MIB = 1_048_576


async def visits(server: ServerProcess, client: int, wave: int) -> None:
    """Comes and goes, each time saying and leaving otherwise."""
    for visit in range(VISITS):
        async with open_raw_peer(server.port, f"user{wave}.{client}") as peer:
            await peer.say("subscribe", subscription_id="own", filters={"sources": [f"{wave}.{client}.{visit}"]})
            await peer.say("subscribe", subscription_id="all", filters={}, since={"epoch": "other", "offset": 0})
            await peer.say("subscribe", subscription_id="ops", filters={"event_types": ["system_event"], "labels": {"n": str(visit)}})
            if visit % 3:
                await peer.say("send_message", chat_id="chat_none", client_message_id="c", content="x")
                await peer.say("history", chat_id="chat_none")
                await peer.hear("error")
            match visit % 4:
                case 0:
                    await peer.send_frame(CLOSE, (1000).to_bytes(2, "big"))
                    await peer.ended()
                case 1:
                    peer.reset()
                case 2:
                    await peer.send_bytes(b"\x01\x84\x00\x00\x00\x00half")
                    peer.reset()
                case _:
                    await peer.send_frame(TEXT, b"\xff")
                    await peer.ended()
    async with knock(server.port, Origin="https://evil.example") as (_, answer):
        assert answer.status == 403


async def wave(server: ServerProcess, number: int) -> Metrics:
    """The metrics after many clients came and went."""
    async with httpx.AsyncClient(base_url=server.http) as api:
        coming = [asyncio.create_task(visits(server, client, number)) for client in range(CLIENTS)]
        for _ in range(20):
            await publish(api, {"event_type": "deployment", "source": f"{number}.1.1"}, {"event_type": "system_event"})
        await asyncio.gather(*coming)
        return await scrape_when_empty(api)


async def until_sockets(server: ServerProcess, count: int) -> None:
    """Returns once the server has closed what its clients have closed."""
    async with asyncio.timeout(10):
        while open_files(server.pid)[0] != count:
            await asyncio.to_thread(os.sched_yield)


async def test_waves_of_clients_leave_no_descriptor_thread_entry_or_memory(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", **UNHURRIED) as server:
        listening, _ = open_files(server.pid)
        await wave(server, 0)
        await until_sockets(server, listening)
        base_files, base_threads, base_bytes = open_files(server.pid), threads(server.pid), resident_bytes(server.pid)
        for number in range(1, WAVES):
            metrics = await wave(server, number)
            for gauge in (
                "gateway_connections_active",
                "gateway_connections_live",
                "gateway_connections_subscribed",
                "gateway_subscriptions_active",
                "gateway_stale_connections",
                "messaging_messages_in_flight",
                "fanout_consumer_lag",
            ):
                assert metrics.value(gauge) == 0, gauge
        assert metrics.value("gateway_connections_total", status="accepted") == WAVES * CLIENTS * VISITS
        assert metrics.value("gateway_disconnections_total") == WAVES * CLIENTS * VISITS
        await until_sockets(server, listening)
        assert open_files(server.pid) == base_files
        assert threads(server.pid) - base_threads < 8, "pools start their few threads when they first need them"
        assert resident_bytes(server.pid) - base_bytes < 10 * MIB, "2,400 clients came and went since, of which each took 10 KB or so"
