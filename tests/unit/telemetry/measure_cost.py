"""What an instrument, a log line and a scrape cost: `python -m tests.unit.telemetry.measure_cost`. Prints figures, judges nothing."""

from __future__ import annotations

import asyncio
import os
import timeit
from collections.abc import Callable
from functools import partial
from typing import Any

import prometheus_client

from surewire.telemetry.exposition import Exposition
from surewire.telemetry.logging import configure, logger
from tests.unit.telemetry.planes import Planes, all_planes


def nanoseconds(statement: str, names: dict[str, Any]) -> float:
    """The best of seven runs of a statement, without the loop around it."""
    number = 200_000
    empty = min(timeit.repeat("pass", number=number, repeat=7))
    return (min(timeit.repeat(statement, globals=names, number=number, repeat=7)) - empty) / number * 1e9


def instruments() -> None:
    planes = all_planes()
    theirs = prometheus_client.Histogram("h", "h", buckets=planes.gateway.send_latency.bounds, registry=None)
    names = {"g": planes.gateway, "their_counter": prometheus_client.Counter("c", "c", registry=None), "their_histogram": theirs}
    for statement in (
        "g.events_delivered.n += 1",
        "g.connections['accepted'].n += 1",
        "g.send_latency.observe(0.004)",
        "g.send_latency.observe_many(0.004, 100)",
        "g.message_latency['escalated', 'direct'].observe(0.004)",
        "g.events_broadcast['from_a_stranger'].n += 1",
        "their_counter.inc()",
        "their_histogram.observe(0.004)",
    ):
        print(f"{nanoseconds(statement, names):8.0f} ns  {statement}")


def log_lines() -> None:
    with open(os.devnull, "w", encoding="utf-8") as sink, configure("info", "json", sink):  # noqa: PTH123 - a device, not a path
        names = {"log": logger("surewire.gateway")}
        for statement in ("log.debug('frame', size_bytes=12)", "log.info('connected', connection_id='conn_1', subscriptions=3)"):
            print(f"{nanoseconds(statement, names):8.0f} ns  {statement}")


def fill(planes: Planes, routes: int, event_types: tuple[str, ...]) -> None:
    templates = [f"/v1/route/{number}/{{id}}" for number in range(routes)]
    planes.registry.allow_routes(templates)
    for template in templates:
        for status in ("200", "422"):
            planes.gateway.http_request_duration[template, status].observe(0.02)
    for event_type in event_types:
        planes.gateway.message_latency[event_type, "broadcast"].observe(0.01)


def milliseconds(action: Callable[[], Any]) -> float:
    return min(timeit.repeat(action, number=1, repeat=15)) * 1e3


def scrape(exposition: Exposition, accept: str) -> bytes:
    return asyncio.run(exposition.render(accept))[0]


def scrapes() -> None:
    planes = all_planes()
    fill(planes, routes=15, event_types=("incident_created", "alert_received", "escalated", "now_playing", "utterance"))
    exposition = Exposition(planes.registry)
    print(f"{milliseconds(exposition.collect):8.2f} ms  all numbers of a scrape, in one piece")
    for accept in ("text/plain", "application/openmetrics-text"):
        body = scrape(exposition, accept)
        took = milliseconds(partial(scrape, exposition, accept))
        print(f"{took:8.2f} ms  {accept}, {body.count(b'# TYPE')} families, {len(body):,} bytes, in pieces")


if __name__ == "__main__":
    instruments()
    log_lines()
    scrapes()
