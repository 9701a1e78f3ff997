"""`python -m benchmarks.events_history [FOLDER]`: the price of appends and of recovery pages, without network. See the README."""

from __future__ import annotations

import asyncio
import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from statistics import median
from typing import Any, Final

from msgspec import Raw

from surewire.adapters.sqlite.event_history import SqliteEventHistory, sqlite_event_history
from surewire.adapters.system.clock import SystemClock
from surewire.domain.event import Event
from surewire.domain.filters import Filters
from surewire.domain.stream import Position, StreamEvent
from surewire.ports.event_stream import RecoveredPage
from surewire.streams.events import DurableEventStream, event_stream

RESULTS: Final = Path(__file__).parent / "results.json"
KEPT: Final = 10_000
BATCH: Final = 100
RUNS: Final = 5
EVENT: Final = Event(
    "incident_updated",
    severity="P1",
    source="llm-sentinel",
    affected_resources=("api-7",),
    labels={"service": "checkout", "region": "eu-1"},
    incident_id="inc_01KAJ5R0K6T1B8D3F5H7J9M2PQ",
    data=Raw(b'{"title":"Checkout is slow","p99_ms":1234,"detail":"0123456789012345678901234567890123456789"}'),
)
EVERYTHING: Final = Filters()
NOTHING: Final = Filters(event_types=("none",))


class Nobody:
    """A subscriber that costs nothing."""

    def event_committed(self, event: StreamEvent, epoch: str) -> None:
        pass


async def paced(stream: DurableEventStream, events_per_s: int, seconds: float) -> dict[str, float]:
    """Batches at their due moments, whether or not earlier ones were answered. Latency is counted from the due moment."""
    latencies_s: list[float] = []
    begun_s, begun_cpu_s = time.monotonic(), time.process_time()
    batches = round(events_per_s * seconds / BATCH)

    async def publish(number: int) -> None:
        due_s = begun_s + number * BATCH / events_per_s
        await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        await stream.publish([EVENT] * BATCH)
        latencies_s.append(time.monotonic() - due_s)

    await asyncio.gather(*map(publish, range(batches)))
    elapsed_s, cpu_s = time.monotonic() - begun_s, time.process_time() - begun_cpu_s
    latencies_s.sort()
    return {
        "p99_ms": latencies_s[int(len(latencies_s) * 0.99)] * 1e3,
        "p50_ms": latencies_s[len(latencies_s) // 2] * 1e3,
        "events_per_s": batches * BATCH / elapsed_s,
        "cores": cpu_s / elapsed_s,
        "cpu_us_per_event": cpu_s / batches / BATCH * 1e6,
    }


async def as_fast_as_possible(stream: DurableEventStream, batch: int, in_flight: int, appends: int) -> dict[str, float]:
    """So many publishers, each waiting for its answer before the next batch."""

    async def publish() -> None:
        for _ in range(appends // in_flight):
            await stream.publish([EVENT] * batch)

    begun_s, begun_cpu_s = time.monotonic(), time.process_time()
    await asyncio.gather(*(publish() for _ in range(in_flight)))
    elapsed_s, cpu_s = time.monotonic() - begun_s, time.process_time() - begun_cpu_s
    return {"events_per_s": appends * batch / elapsed_s, "cores": cpu_s / elapsed_s, "cpu_us_per_event": cpu_s / appends / batch * 1e6}


async def recovery(stream: DurableEventStream, behind: int, filters: Filters, pages: int = 50) -> dict[str, float]:
    """One page for a client that is so many events behind."""
    since = Position(stream.head.epoch, stream.head.offset - behind)
    wall_ms: list[float] = []
    begun_cpu_s = time.process_time()
    for _ in range(pages):
        begun_s = time.perf_counter()
        page = stream.recover(since, filters)
        found = page if isinstance(page, RecoveredPage) else await page
        wall_ms.append((time.perf_counter() - begun_s) * 1e3)
    cpu_ms = (time.process_time() - begun_cpu_s) / pages * 1e3
    return {"events": len(found.events), "looked_at": found.end - found.start, "median_ms": median(wall_ms), "cpu_ms": cpu_ms}


async def several(measure: Callable[[], Awaitable[dict[str, float]]]) -> dict[str, float]:
    """The run with the median of its first figure, and that figure's least and greatest."""
    runs = []
    for _ in range(RUNS):
        gc.collect()
        runs.append(await measure())
    first = next(iter(runs[0]))
    runs.sort(key=lambda run: run[first])
    return {**runs[len(runs) // 2], f"least_{first}": runs[0][first], f"most_{first}": runs[-1][first]}


async def measure_all(folder: Path) -> dict[str, Any]:
    """Every figure, over one file that is full before the first is taken."""
    figures: dict[str, Any] = {}
    async with history_in(folder) as opened:
        async with event_stream(opened, Nobody(), history_events=KEPT) as stream:
            await as_fast_as_possible(stream, BATCH, 4, 120)
            figures["10,000 events/s in batches of 100"] = await several(lambda: paced(stream, 10_000, 5.0))
            figures["batches of 100, 20 in flight"] = await several(lambda: as_fast_as_possible(stream, BATCH, 20, 1_000))
            figures["single events, 1 in flight"] = await several(lambda: as_fast_as_possible(stream, 1, 1, 500))
            figures["single events, 100 in flight"] = await several(lambda: as_fast_as_possible(stream, 1, 100, 10_000))
            figures["page of 500 from memory"] = await recovery(stream, 500, EVERYTHING)
            figures["page of 5,000 without a match from memory"] = await recovery(stream, 5_000, NOTHING)
        async with event_stream(opened, Nobody(), history_events=KEPT, tail_bytes=1) as stream:
            figures["page of 500 from disk"] = await recovery(stream, KEPT, EVERYTHING)
            figures["page of 5,000 without a match from disk"] = await recovery(stream, KEPT, NOTHING)
    begun_s = time.perf_counter()
    async with history_in(folder) as opened, event_stream(opened, Nobody(), history_events=KEPT):
        figures["ready with 10,000 events"] = {"ms": (time.perf_counter() - begun_s) * 1e3}
    return figures


def history_in(folder: Path) -> AbstractAsyncContextManager[SqliteEventHistory]:
    return sqlite_event_history(folder, SystemClock(), history_events=KEPT, history_s=86_400.0, queue_events=100_000)


def record(figures: dict[str, Any]) -> None:
    """Prints the figures, and keeps them with what they depend on."""
    commit = subprocess.run(("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False).stdout.strip()
    result = {
        "command": "python -m benchmarks.events_history",
        "commit": commit,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cpus": os.cpu_count(), "kernel": platform.release(), "python": sys.version.split()[0], "shared": True},
        "figures": {name: {key: round(value, 3) for key, value in row.items()} for name, row in figures.items()},
    }
    text = json.dumps(result, indent=1)
    print(text)
    RESULTS.write_text(text + "\n")


def main(parent: str | None) -> None:
    with tempfile.TemporaryDirectory(dir=parent, prefix="events-history-") as folder:
        record(asyncio.run(measure_all(Path(folder))))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
