"""`python -m benchmarks.slo_store [FOLDER]`: what recording service levels costs, and how much of a disk a day takes. See the README."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from typing import Any, Final

from surewire.adapters.sqlite.slo_file import OpenSloFile, open_slo_file
from surewire.contract.catalogue import load_alerts, load_metrics, load_slos
from surewire.domain.event import BUILT_IN_TYPES
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.monitoring.instrument_reader import InstrumentReader
from surewire.monitoring.needed import NeededSeries
from surewire.monitoring.reading import Reading, increments
from surewire.monitoring.recorder import recording
from surewire.slo.alert_rules import alert_rules
from surewire.slo.needs import Needs, needs
from surewire.slo.objective import objectives
from surewire.slo.timeline import Timeline
from surewire.slo.window import DAY_S, SLOT_S, Interval
from surewire.telemetry.registry import Counter, Gauge, Histogram, Registry
from tests.fakes.clock import SettableClock

RESULTS: Final = Path(__file__).parent / "results.json"
MIDNIGHT_S: Final = 1_790_000_000 // DAY_S * DAY_S
ROUTES: Final = 50
STATUSES: Final = ("200", "404", "500")
EVERY_SERIES: Final = 1.0
BUSY: Final = 0.3


class Traffic:
    """Every instrument that the contract lets be made, and counts for a slot: each grows with this chance, by how much it likes."""

    def __init__(self, chance: float, seed: int = 7) -> None:
        self.registry, self._random, self._chance = Registry(load_metrics()), Random(seed), chance
        self._make_all()
        self._instruments = [(child, self._random.lognormvariate(3, 1.5)) for family in self.registry for _, child in family.series()]

    def slot(self) -> None:
        """What happens in 15 s."""
        for instrument, mean in self._instruments:
            if self._random.random() < self._chance:
                self._grow(instrument, max(1, round(self._random.gauss(mean, mean / 3))))

    def _grow(self, instrument: Counter | Gauge | Histogram, count: int) -> None:
        match instrument:
            case Counter():
                instrument.n += count
            case Gauge():
                instrument.value = count
            case Histogram():
                # Nearly all values are fast, a few are anywhere.
                instrument.observe_many(instrument.bounds[0], count)
                instrument.observe_many(self._random.choice((*instrument.bounds, 1e9)), max(1, count // 100))

    def _make_all(self) -> None:
        routes = [f"/v1/route-{number}" for number in range(ROUTES)]
        self.registry.allow_routes(routes)
        for name in self.registry.catalogue.canonical:
            self._made(name)
        for endpoint, status in itertools.product(routes, STATUSES):
            self.registry.histogram("gateway_http_request_duration_seconds", endpoint=endpoint, status=status)
        for event_type, mode in itertools.product(BUILT_IN_TYPES, ("broadcast", "direct")):
            self.registry.histogram("gateway_message_latency_seconds", event_type=event_type, mode=mode)
        self.registry.gauge("fanout_consumer_lag", partition="0")

    def _made(self, name: str) -> None:
        try:
            self.registry.family(name)
        except ValueError:
            pass  # its labels belong to what is not built yet


def needed() -> Needs:
    """What the shipped objectives and alerts look at."""
    slos = load_slos()
    return needs(objectives(slos), alert_rules(slos, load_alerts()))


async def a_day(file: OpenSloFile, clock: SettableClock, traffic: Traffic) -> dict[str, float]:
    """Records a day of slots through the recorder and tidies every hour: the ticks' price."""
    walls_ms: list[float] = []
    cpu_s = 0.0
    async with recording(traffic.registry, needed(), file.sli_store, clock) as recorder:
        for number in range(DAY_S // SLOT_S):
            traffic.slot()
            clock.advance(SLOT_S)
            begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
            await recorder.tick()
            walls_ms.append((time.perf_counter() - begun_s) * 1e3)
            cpu_s += time.process_time() - begun_cpu_s
            if number % 240 == 239:
                await file.sli_store.tidy(clock.now_micros() // MICROS_PER_SECOND)
    (day,) = await file.sli_store.read(Interval(MIDNIGHT_S, MIDNIGHT_S + 1), DAY_S)
    return {"series": len(day.counts), "tick_ms": median(walls_ms), "cpu_ms_per_tick": cpu_s * 1e3 / len(walls_ms)}


async def growth(folder: Path, chance: float) -> dict[str, float]:
    """How large the file of one day is, copied out of its log and closed."""
    clock, traffic = SettableClock(MIDNIGHT_S * MICROS_PER_SECOND), Traffic(chance)
    async with open_slo_file(folder, clock) as file:
        figures = await a_day(file, clock, traffic)
    return {**figures, "mb_per_day": file.file.size_bytes / 1e6}


def reading(traffic: Traffic) -> dict[str, float]:
    """Microseconds on the loop for one reading, and on another thread for its increments."""
    reader = InstrumentReader(traffic.registry, NeededSeries(needed()))
    before: Reading = reader.read()
    begun_s = time.perf_counter()
    reader = InstrumentReader(traffic.registry, NeededSeries(needed()))
    reader.read()
    first_us = (time.perf_counter() - begun_s) * 1e6
    traffic.slot()
    return {
        "loop_us": timed_us(reader.read),
        "loop_us_gauges": timed_us(reader.gauges),
        "thread_us": timed_us(lambda: increments(before, reader.read())) - timed_us(reader.read),
        "first_us": first_us,
    }


def timed_us(function: Callable[[], object]) -> float:
    walls_us: list[float] = []
    for _ in range(200):
        begun_s = time.perf_counter()
        function()
        walls_us.append((time.perf_counter() - begun_s) * 1e6)
    return median(walls_us)


async def loading(folder: Path) -> dict[str, float]:
    """What it takes to load a day into memory at a start."""
    async with open_slo_file(folder, SettableClock()) as file:
        timeline, begun_s = Timeline(), time.perf_counter()
        slots = await file.sli_store.read(Interval(MIDNIGHT_S, MIDNIGHT_S + DAY_S), SLOT_S)
        read_s = time.perf_counter() - begun_s
        timeline.load(slots)
        return {"slots": len(slots), "read_ms": read_s * 1e3, "load_ms": (time.perf_counter() - begun_s - read_s) * 1e3}


async def measure_all(folder: Path) -> dict[str, Any]:
    """Every figure."""
    return {
        "every series grows in every slot": await growth(folder / "every", EVERY_SERIES),
        "three series in ten grow in a slot": await growth(folder / "busy", BUSY),
        "reading all instruments": reading(Traffic(EVERY_SERIES)),
        "loading a day of raw slots": await loading(folder / "every"),
    }


def record(figures: dict[str, Any]) -> None:
    """Prints the figures, and keeps them with what they depend on."""
    commit = subprocess.run(("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False).stdout.strip()
    result = {
        "command": "python -m benchmarks.slo_store",
        "commit": commit,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cpus": os.cpu_count(), "kernel": platform.release(), "python": sys.version.split()[0], "shared": True},
        "figures": {name: {key: round(value, 3) for key, value in row.items()} for name, row in figures.items()},
    }
    text = json.dumps(result, indent=1)
    print(text)
    RESULTS.write_text(text + "\n")


def main(parent: str | None) -> None:
    with tempfile.TemporaryDirectory(dir=parent, prefix="slo-store-") as folder:
        record(asyncio.run(measure_all(Path(folder))))


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else None)
