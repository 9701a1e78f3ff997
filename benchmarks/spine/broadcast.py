"""CPU of the server per delivery, one message of 290 bytes to many subscribers: beside nchan in the same run, and in bursts."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from benchmarks.spine.client import Client, close_all, open_all
from benchmarks.spine.measure import spread
from benchmarks.spine.nchan import is_installed, nchan
from benchmarks.spine.server import ServerProcess, surewire

__all__ = ["Publish", "broadcast", "publisher"]

MESSAGE_BYTES = 290
ROUNDS = 5
ROUND_S = 4.0
_EVENT_OVERHEAD = 261
"""What our event frame holds around the text, so that the whole message has the size that was asked for."""

Publish = Callable[[int], Awaitable[None]]
"""Publishes so many messages with one request, or (events) the batch of that number."""


class _Publisher:
    """One HTTP connection that is kept; its requests cost the server as little as possible, and the same for both."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, body: Callable[[int], bytes]) -> None:
        self._reader, self._writer, self._path, self._body = reader, writer, path, body

    async def publish(self, count: int) -> None:
        body = self._body(count)
        head = f"POST {self._path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self._writer.write(head.encode() + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        length = next(int(line.split(b":")[1]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await self._reader.readexactly(length)


@asynccontextmanager
async def publisher(server: ServerProcess, path: str, body: Callable[[int], bytes]) -> AsyncGenerator[Publish]:
    """A publisher on a connection of its own; `body` makes the request's body from the number it is called with."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    yield _Publisher(reader, writer, path, body).publish
    writer.close()


def _events(count: int) -> bytes:
    event = {"event_type": "metric_update", "data": {"text": "x" * (MESSAGE_BYTES - _EVENT_OVERHEAD)}}
    return json.dumps({"events": [event] * count} if count > 1 else event).encode()


def _plain(_: int) -> bytes:
    return b"x" * MESSAGE_BYTES


async def _measure(
    server: ServerProcess, path: str, request: tuple[str, Callable[[int], bytes]], subscribers: int, per_s: float, count: int
) -> dict[str, Any]:
    received = 0
    sizes: Counter[int] = Counter()

    def take(_: Client, payload: memoryview) -> None:
        nonlocal received
        received += 1
        sizes[len(payload)] += 1

    url = f"ws://{server.host}:{server.port}{path}"
    clients = await open_all([url] * subscribers, take, wait_ready=path != "/sub")
    for client in clients:
        if path == "/sub":
            client.ready.set_result(None)
        else:
            client.send({"type": "subscribe", "subscription_id": "s", "filters": {}})
    await asyncio.sleep(1)
    user: list[float] = []
    system: list[float] = []
    for _ in range(ROUNDS):
        before, started = server.usage(), received
        async with publisher(server, *request) as publish:
            await _publish_for(publish, per_s, count)
        after, deliveries = server.usage(), received - started
        user.append((after.user_s - before.user_s) / deliveries * 1e6)
        system.append((after.system_s - before.system_s) / deliveries * 1e6)
    await close_all(clients)
    total = [one + other for one, other in zip(user, system, strict=True)]
    return {"user_us": spread(user), "system_us": spread(system), "total_us": spread(total), "message_bytes": sizes.most_common(1)[0][0]}


async def _publish_for(publish: Publish, per_s: float, count: int) -> None:
    loop = asyncio.get_running_loop()
    started = loop.time()
    sent = 0
    while loop.time() - started < ROUND_S:
        await publish(count)
        sent += 1
        await asyncio.sleep(max(0.0, started + sent / per_s - loop.time()))
    await asyncio.sleep(0.2)


async def broadcast() -> dict[str, Any]:
    """2,000 subscribers at 50 messages/s, ours and nchan; and 200 subscribers with bursts of 25, 40 times a second."""
    figures: dict[str, Any] = {"subscribers": 2000, "messages_per_s": 50}
    ours, theirs = ("/v1/events", _events), ("/pub", _plain)
    if is_installed():
        async with nchan() as server:
            figures["nchan"] = await _measure(server, "/sub", theirs, 2000, 50, 1)
    async with surewire() as server:
        figures["surewire"] = await _measure(server, "/ws", ours, 2000, 50, 1)
    async with surewire() as server:
        figures["surewire_bursts_of_25"] = await _measure(server, "/ws", ours, 200, 40, 25)
    if is_installed():
        figures["ratio_to_nchan"] = figures["surewire"]["total_us"]["median"] / figures["nchan"]["total_us"]["median"]
    return figures
