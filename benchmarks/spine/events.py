"""10,000 connections, 10,000 events a second, each matching five of them: loss, order and latency."""

from __future__ import annotations

import asyncio
import json
import re
import time
from typing import Any, Final

from benchmarks.spine.broadcast import Publish, publisher
from benchmarks.spine.client import Client, close_all, open_all
from benchmarks.spine.measure import percentile
from benchmarks.spine.server import surewire

__all__ = ["events"]

CONNECTIONS: Final = 10_000
EVENTS_PER_S: Final = 10_000
MATCHES: Final = 5
BATCH: Final = 100
DURATION_S: Final = 20.0
_GROUPS: Final = CONNECTIONS // MATCHES
_EVENT: Final = b'{"type":"event"'
_NUMBERS: Final = re.compile(rb'"data":\{"due": ([0-9.]+)\}.*"offset":(\d+)')


class _Received:
    """What all clients got: how much, whether in order, and how late."""

    def __init__(self) -> None:
        self.out_of_order = 0
        self.latencies_s: list[float] = []
        self._last: dict[Client, int] = {}

    def take(self, client: Client, payload: memoryview) -> None:
        if payload[:15] != _EVENT:
            return
        numbers = _NUMBERS.search(payload)
        assert numbers is not None
        offset = int(numbers[2])
        self.out_of_order += offset <= self._last.get(client, 0)
        self._last[client] = offset
        self.latencies_s.append(time.monotonic() - float(numbers[1]))


class _Schedule:
    """Batches with the moment each was due in every event, so that a late batch counts as late and not as rare."""

    def __init__(self) -> None:
        self.started_s = 0.0

    def due_s(self, number: int) -> float:
        return self.started_s + number * BATCH / EVENTS_PER_S

    def batch(self, number: int) -> bytes:
        data = {"due": self.due_s(number)}
        first = number * BATCH
        events = [{"event_type": "metric_update", "incident_id": f"group-{n % _GROUPS}", "data": data} for n in range(first, first + BATCH)]
        return json.dumps({"events": events}).encode()


async def _publish_all(publish: Publish, schedule: _Schedule) -> int:
    schedule.started_s = time.monotonic()
    batches = round(DURATION_S * EVENTS_PER_S / BATCH)
    for number in range(batches):
        await asyncio.sleep(max(0.0, schedule.due_s(number) - time.monotonic()))
        await publish(number)
    return batches * BATCH


async def events() -> dict[str, Any]:
    """Every event is published over HTTP in batches of 100, committed, matched against 2,000 distinct filters, and sent five times."""
    received, schedule = _Received(), _Schedule()
    async with surewire(SUREWIRE_EVENTS__QUEUE_EVENTS="100000") as server:
        clients = await open_all([f"ws://{server.host}:{server.port}/ws"] * CONNECTIONS, received.take)
        for number, client in enumerate(clients):
            filters = {"incident_ids": [f"group-{number % _GROUPS}"]}
            client.send({"type": "subscribe", "subscription_id": "s", "filters": filters})
        await asyncio.sleep(2)
        before = server.usage()
        async with publisher(server, "/v1/events", schedule.batch) as publish:
            published = await _publish_all(publish, schedule)
        late_s = time.monotonic() - schedule.due_s(round(published / BATCH))
        await asyncio.sleep(2)
        after = server.usage()
        await close_all(clients)
    latencies = sorted(received.latencies_s)
    return {
        "published": published,
        "lost": published * MATCHES - len(latencies),
        "out_of_order": received.out_of_order,
        "p50_ms": percentile(latencies, 0.5) * 1e3,
        "p99_ms": percentile(latencies, 0.99) * 1e3,
        "max_ms": latencies[-1] * 1e3,
        "publisher_late_at_end_s": late_s,
        "server_cpu_us_per_delivery": (after.user_s + after.system_s - before.user_s - before.system_s) / len(latencies) * 1e6,
        "resident_mib": after.resident_bytes / 2**20,
    }
