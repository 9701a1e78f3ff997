"""`python -m benchmarks.filters`: a table of microseconds per event and per subscription, and bytes per connection."""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import msgspec

from benchmarks.filters import mixes
from surewire.domain.event import Event
from surewire.domain.filters import Filters, normalise
from surewire.gateway import filter_index
from surewire.gateway.subscriptions import SubscriptionIndex

EVENTS, RUNS = 300, 8
BOUNDS = {
    "both": {},
    "bitmaps": {"ROOM": 0, "ROOM_UNTIL_SELECTIVE": 0},
    "values": {"SELECTIVE": 0, "ROOM": sys.maxsize, "ROOM_UNTIL_SELECTIVE": sys.maxsize},
}
"""What makes the index use only one of its ways."""
PRODUCT = {
    "SELECTIVE": filter_index.SELECTIVE,
    "ROOM": filter_index.ROOM,
    "ROOM_UNTIL_SELECTIVE": filter_index.ROOM_UNTIL_SELECTIVE,
}
MOST = {"hostile": 1_000, "values": 10_000}
"""One user may have 500 subscriptions, so a thousand hostile ones are two users; values alone take too long with more than 10,000."""
RESULTS = Path(__file__).parent / "results.json"


class Connection:
    """What a connection is to the index: something with an identity."""

    __slots__ = ()


def each_us(action: Callable[[Any], Any], items: Iterable[Any], count: int) -> float:
    """Microseconds of processor time per item: what others do on the machine counts less."""
    begun = time.process_time()
    for item in items:
        action(item)
    return (time.process_time() - begun) / count * 1e6


def matching_us(index: SubscriptionIndex[Connection], events: list[Event]) -> list[float]:
    """Microseconds per event of several runs over all events. In the first every event is new to the index."""
    return [each_us(index.match, events, len(events)) for _ in range(RUNS)]


def measure(mix: str, count: int) -> dict[str, Any]:
    """One connection and one subscription "s" for each of so many different filters."""
    wanted, events = mixes.filters(mix, count), mixes.events(mix, count, EVENTS)
    index, connections = SubscriptionIndex[Connection](), [Connection() for _ in wanted]
    add_us = each_us(lambda pair: index.add(pair[0], "s", pair[1]), zip(connections, wanted, strict=True), count)
    runs = matching_us(index, events)
    matched = sum(len(got) for event in events for got in index.match(event).values()) / len(events)
    remove_us = each_us(index.remove_connection, connections[::2], count // 2)
    return row(mix, count, matched, runs) | {"add_us": round(add_us, 2), "remove_us": round(remove_us, 2)}


def row(mix: str, count: int, matched: float, runs: list[float]) -> dict[str, Any]:
    """The figures of one line of the table."""
    return {
        "mix": mix,
        "filters": count,
        "matched": round(matched, 1),
        "first_us": round(runs[0], 2),
        "match_us": round(statistics.median(runs[1:]), 2),
        "least_us": round(min(runs[1:]), 2),
        "most_us": round(max(runs[1:]), 2),
    }


def bytes_per_connection(wanted: list[Filters], count: int) -> int:
    """What a subscription adds to memory when its filters come off the wire, their strings included."""
    texts, connections = [msgspec.json.encode(one) for one in wanted], [Connection() for _ in range(count)]
    tracemalloc.start()
    index = SubscriptionIndex[Connection]()
    before = tracemalloc.get_traced_memory()[0]
    for number, connection in enumerate(connections):
        filters = msgspec.json.decode(texts[number % len(texts)], type=Filters)
        index.add(connection, msgspec.json.decode(b'"s"'), normalise(filters))
    taken = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    return taken // count


def broadcast(count: int, filters: list[Filters]) -> dict[str, Any]:
    """So many connections that all have the same subscriptions, every one of which matches."""
    index = SubscriptionIndex[Connection]()
    for connection in [Connection() for _ in range(count)]:
        for number, one in enumerate(filters):
            index.add(connection, f"s{number}", one)
    event = Event("deployment", severity="P0", source="api")
    return row(f"{len(filters)} alike", len(filters), count, matching_us(index, [event] * 20))


def show(figures: dict[str, Any]) -> None:
    """One line of the table, under its head when it is the first of its kind."""
    print("  ".join(f"{value:>10}" if isinstance(value, str) else f"{value:>10,}" for value in figures.values()), flush=True)


def head(names: Iterable[str]) -> None:
    print("\n" + "  ".join(f"{name:>10}" for name in names))


def set_bounds(way: str) -> None:
    """Sets the bounds between values and bitmaps to the product's, then to those of the way."""
    for name, bound in (PRODUCT | BOUNDS[way]).items():
        setattr(filter_index, name, bound)


def table(sizes: list[int], chosen: list[str], ways: list[str]) -> list[dict[str, Any]]:
    """Measures and shows everything."""
    figures: list[dict[str, Any]] = []
    for way in ways:
        set_bounds(way)
        head(["way", "mix", "filters", "matched", "first us", "match us", "least", "most", "add us", "remove us"])
        for mix in chosen:
            for size in sizes:
                if size > MOST.get(mix, MOST.get(way, size)):
                    continue
                figures.append({"way": way} | measure(mix, size))
                show(figures[-1])
                gc.collect()
    return figures


def special() -> list[dict[str, Any]]:
    """Many connections that want the same."""
    set_bounds("both")
    head(["case", "filters", "readers", "first us", "match us", "least", "most"])
    alike = [Filters(), Filters(sources=("api",)), Filters(severities=("P0",))]
    figures = [broadcast(readers, alike[:many]) for readers in (2_000, 10_000) for many in (1, 2, 3)]
    for one in figures:
        show(one)
    return figures


def memory(ways: list[str]) -> dict[str, dict[str, int]]:
    """Bytes of 10,000 connections, each."""
    figures: dict[str, dict[str, int]] = {}
    print("\nbytes a connection, of 10,000 with one subscription each")
    for way in ways:
        set_bounds(way)
        taken = {mix: bytes_per_connection(mixes.filters(mix, 10_000), 10_000) for mix in mixes.MIXES if mix != "hostile"}
        figures[way] = taken | {"ten shared": bytes_per_connection(mixes.filters("mixed", 10), 10_000)}
        head(["way", *figures[way]])
        show({"way": way} | figures[way])
    return figures


def main() -> None:
    """Runs what the command line asks for and keeps the figures in `results.json` when asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.filters", description=__doc__)
    parser.add_argument("--sizes", type=lambda text: [int(size) for size in text.split(",")], default=[1_000, 10_000, 100_000])
    parser.add_argument("--mixes", type=lambda text: text.split(","), default=list(mixes.MIXES))
    parser.add_argument("--ways", type=lambda text: text.split(","), default=["both"], help="both (the product), bitmaps, values")
    parser.add_argument("--record", action="store_true", help="keep the figures in results.json")
    asked = parser.parse_args()
    gc.freeze()
    gc.disable()
    figures = {"distinct": table(asked.sizes, asked.mixes, asked.ways), "alike": special(), "memory": memory(asked.ways)}
    if asked.record:
        RESULTS.write_text(json.dumps(conditions() | figures, indent=1) + "\n")


def conditions() -> dict[str, Any]:
    """What the figures depend on."""
    commit = subprocess.run(("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False).stdout.strip()
    machine = {"cpus": os.cpu_count(), "kernel": platform.release(), "python": platform.python_version(), "shared": True}
    when = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    return {"command": " ".join(["python -m benchmarks.filters", *sys.argv[1:]]), "commit": commit, "measured_at": when, "machine": machine}


if __name__ == "__main__":
    main()
