"""Clients that do not read: they lose what may be lost, then their connection, and nobody else notices."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.event_api import Json, numbered, numbers, publish
from tests.acceptance.protocol.peer import open_peer
from tests.acceptance.protocol.raw_peer import PING, TEXT, Frame, RawPeer, client_frame, open_raw_peer
from tests.acceptance.protocol.scrape import Metrics, resident_bytes, scrape, scrape_until, scrape_when_empty
from tests.acceptance.protocol.test_chat import make_chat
from tests.server_process import ServerProcess, running_server

PATIENT = {"SUREWIRE_LIMITS__SLOW_CONSUMER_GRACE_S": "600"}
UNLIMITED_RATES = {"SUREWIRE_LIMITS__CHAT_MESSAGES_PER_S": "1000000", "SUREWIRE_LIMITS__CHAT_BURST": "1000000"}
MIB = 1_048_576


@asynccontextmanager
async def patient_server(folder: Path, **settings: str) -> AsyncGenerator[tuple[ServerProcess, httpx.AsyncClient]]:
    """A server that closes nobody for a buffer that merely stays full, and its HTTP API."""
    async with (
        running_server(folder / "data", **UNHURRIED | PATIENT | UNLIMITED_RATES | settings) as server,
        httpx.AsyncClient(base_url=server.http, timeout=20) as api,
    ):
        yield server, api


@asynccontextmanager
async def staring_peer(server: ServerProcess, user: str | None = None, **filters: list[str]) -> AsyncGenerator[RawPeer]:
    """A subscribed client that has small socket buffers and reads nothing from now on."""
    async with open_raw_peer(server.port, user, receive_buffer_bytes=4_096) as peer:
        await peer.say("subscribe", subscription_id="s", filters=filters)
        await peer.hear("subscribed")
        yield peer


def large(number: int, **attributes: object) -> Json:
    return {"event_type": "big", "data": {"n": number, "text": "x" * 50_000}, **attributes}


async def publish_until(api: httpx.AsyncClient, reason: str, size: int, event: Json) -> int:
    """Publishes batches until something was dropped for that reason: how many events."""
    published = 0
    while not (await scrape(api)).value("gateway_events_dropped_total", reason=reason):
        await publish(api, *([event] * size))
        published += size
    return published


def events_in(frames: list[Frame]) -> list[Json]:
    messages = [frame.message for frame in frames if frame.opcode == TEXT]
    return [message for message in messages if message["type"] == "event"]


def conserved(metrics: Metrics) -> bool:
    """Whether every match has become a delivery or a counted drop."""
    matched, delivered = (metrics.value(f"gateway_events_{what}_total") for what in ("matched", "delivered"))
    return matched == delivered + metrics.value("gateway_events_dropped_total")


async def test_who_does_not_read_is_closed_with_4002_when_a_mebibyte_waits(tmp_path: Path) -> None:
    async with patient_server(tmp_path) as (server, api), staring_peer(server) as staring:
        published = await publish_until(api, "queue_full", 10, large(0))
        frames = await staring.closed()
        assert frames[-1].close_code == 4002
        assert 0 < len(events_in(frames)) < published
        counted = await scrape_when_empty(api)
        assert counted.by("reason", "gateway_disconnections_total") == {"slow_consumer": 1}
        assert counted.value("gateway_slow_consumer_disconnects_total") == 1
        assert counted.value("gateway_outbound_warnings_total") == 1
        assert counted.value("gateway_buffer_size_bytes_count") == 1
        assert 0.8 * MIB < counted.value("gateway_buffer_size_bytes_sum") <= MIB
        assert counted.value("gateway_events_delivered_total") == len(events_in(frames))
        assert conserved(counted)


async def test_who_does_not_read_is_closed_with_4002_when_a_thousand_messages_wait(tmp_path: Path) -> None:
    async with patient_server(tmp_path) as (server, api), staring_peer(server) as staring:
        await publish_until(api, "queue_full", 500, {"event_type": "small"})
        frames = await staring.closed()
        assert frames[-1].close_code == 4002
        counted = await scrape_when_empty(api)
        assert counted.value("gateway_buffer_size_bytes_sum") < MIB
        dropped = counted.by("reason", "gateway_events_dropped_total")
        assert dropped["queue_full"] == 1
        assert 1_000 <= dropped["connection_closed"] < 1_500, "a thousand that waited, and what its batch brought after the end"
        assert counted.by("reason", "gateway_disconnections_total") == {"slow_consumer": 1}
        assert conserved(counted)


async def test_low_priority_events_go_first_and_the_client_stays(tmp_path: Path) -> None:
    async with patient_server(tmp_path) as (server, api), staring_peer(server) as staring:
        published = await publish_until(api, "queue_full", 10, large(0, priority="low"))
        before = await scrape(api)
        assert before.value("gateway_connections_active") == 1
        await staring.say("ping", timestamp="still here")
        heard: list[Json] = []
        while not heard or heard[-1]["type"] != "pong":
            heard.append(await staring.hear("event", "pong"))
        counted = await scrape(api)
        dropped = counted.value("gateway_events_dropped_total", reason="queue_full")
        assert len(heard) - 1 == published - dropped
        assert conserved(counted)
        assert counted.by("reason", "gateway_disconnections_total") == {}
        await publish(api, *numbered(1, 1))
        assert numbers([await staring.hear("event")]) == [1]


async def test_an_event_that_may_not_be_dropped_ends_a_full_buffer(tmp_path: Path) -> None:
    async with patient_server(tmp_path) as (server, api), staring_peer(server) as staring:
        await publish_until(api, "queue_full", 10, large(0, priority="low"))
        assert (await scrape(api)).value("gateway_connections_active") == 1
        await publish(api, large(1))
        frames = await staring.closed()
        assert frames[-1].close_code == 4002
        assert numbers(events_in(frames)[-1:]) == [0]


async def test_a_buffer_that_stays_full_ends_the_connection(tmp_path: Path) -> None:
    settings = {"SUREWIRE_LIMITS__SLOW_CONSUMER_GRACE_S": "0.2", "SUREWIRE_HEARTBEAT__SWEEP_INTERVAL_S": "0.1"}
    async with patient_server(tmp_path, **settings) as (server, api), staring_peer(server) as staring:
        await publish_until(api, "queue_full", 10, large(0, priority="low"))
        await scrape_until(api, lambda now: now.value("gateway_events_dropped_total", reason="connection_closed"))
        assert (await staring.closed())[-1].close_code == 4002
        assert conserved(await scrape_when_empty(api))


async def test_chat_messages_are_never_dropped_but_synced_after_the_connection_is_lost(tmp_path: Path) -> None:
    async with patient_server(tmp_path) as (server, api), AsyncExitStack() as stack:
        chat = await make_chat(api, "ann", "bob", "eve")
        staring = await stack.enter_async_context(open_raw_peer(server.port, "bob", receive_buffer_bytes=4_096))
        eve = await stack.enter_async_context(open_peer(server.ws, "eve", max_queue=None))
        sent = 0
        while not (await scrape(api)).value("gateway_buffer_size_bytes_count"):
            for number in range(sent, sent + 20):
                body = {"client_message_id": f"c{number}", "content": f"{number} " + "x" * 16_000}
                (await api.post(f"/v1/chats/{chat}/messages", params={"user_id": "ann"}, json=body)).raise_for_status()
            sent += 20
        frames = await staring.closed()
        assert frames[-1].close_code == 4002
        messages = [frame.message for frame in frames if frame.opcode == TEXT]
        last = messages[-1]["sequence"]
        assert [message["sequence"] for message in messages] == list(range(1, last + 1))
        assert last < sent
        assert [(await eve.hear())["sequence"] for _ in range(sent)] == list(range(1, sent + 1))
        bob = await stack.enter_async_context(open_peer(server.ws, "bob"))
        while last < sent:
            (page,) = (await bob.ask("sync_request", chats=[{"chat_id": chat, "after_sequence": last}]))["chats"]
            assert [message["sequence"] for message in page["messages"]] == list(range(last + 1, last + 1 + len(page["messages"])))
            last = page["messages"][-1]["sequence"]
            assert page["has_more"] is (last < sent)


async def test_others_get_every_event_in_order_while_thirty_clients_stare_and_memory_is_bounded(tmp_path: Path) -> None:
    async with patient_server(tmp_path) as (server, api), AsyncExitStack() as stack:
        for number in range(30):
            await stack.enter_async_context(staring_peer(server, event_types=["big"] if number % 2 else []))
        reading = await stack.enter_async_context(open_peer(server.ws, max_queue=None))
        await reading.ask("subscribe", subscription_id="s", filters={"sources": ["seen"]})
        before = resident_bytes(server.pid)

        async def read_all() -> list[int]:
            return numbers([await reading.hear_until("event") for _ in range(200)])

        hearing = asyncio.create_task(read_all())
        for first in range(0, 200, 10):
            await publish(api, *(large(number, source="seen") for number in range(first, first + 10)))
        assert await hearing == list(range(200))
        assert await reading.hears_nothing()
        grown = resident_bytes(server.pid) - before
        assert grown < 120 * MIB, "each of 30 clients was due 10 MB"
        counted = await scrape_until(api, lambda now: now.value("gateway_connections_active") == 1)
        assert counted.by("reason", "gateway_disconnections_total") == {"slow_consumer": 30}
        assert counted.value("gateway_events_matched_total") == 31 * 200
        assert conserved(counted)


async def test_who_reads_slowly_but_reads_gets_everything(tmp_path: Path) -> None:
    async with patient_server(tmp_path) as (server, api), staring_peer(server) as slow:
        heard: list[Json] = []
        for first in range(0, 200, 10):
            await publish(api, *(large(number) for number in range(first, first + 10)))
            heard += [await slow.hear("event") for _ in range(8 if first < 190 else 48)]
        assert numbers(heard) == list(range(200))
        counted = await scrape(api)
        assert counted.value("gateway_events_delivered_total") == 200
        assert counted.value("gateway_events_dropped_total") == 0


async def test_what_waits_for_a_client_that_leaves_is_counted(tmp_path: Path) -> None:
    async with patient_server(tmp_path) as (server, api):
        async with staring_peer(server) as staring:
            while (await scrape(api)).value("gateway_outbound_warnings_total") == 0:
                await publish(api, *([large(0)] * 2))
            staring.reset()
        counted = await scrape_when_empty(api)
        assert counted.by("reason", "gateway_disconnections_total") == {"client_closed": 1}
        assert counted.value("gateway_events_dropped_total", reason="connection_closed") > 10
        assert conserved(counted)


async def test_pings_of_a_client_that_does_not_read_their_pongs_take_no_memory(tmp_path: Path) -> None:
    async with patient_server(tmp_path) as (server, api), open_raw_peer(server.port, receive_buffer_bytes=4_096) as peer:
        before = resident_bytes(server.pid)
        for _ in range(200):
            await peer.send_bytes(client_frame(PING, b"x" * 125) * 100)
        await scrape(api)
        assert resident_bytes(server.pid) - before < 20 * MIB
        await peer.say("ping", timestamp="and still")
        assert (await peer.hear("pong"))["timestamp"] == "and still"


async def test_who_floods_with_pings_goes_unread_for_a_second(server: ServerProcess) -> None:
    loop = asyncio.get_running_loop()
    async with open_raw_peer(server.port) as flooding, open_peer(server.ws) as other:
        began = loop.time()
        await flooding.send_bytes(client_frame(PING, b"") * 1_000)
        await flooding.say("ping", timestamp="in the same read")
        await flooding.hear("pong")
        await flooding.say("ping", timestamp="later")
        assert (await other.ask("ping"))["type"] == "pong"
        assert (await flooding.hear("pong"))["timestamp"] == "later"
        assert loop.time() - began >= 1.0
