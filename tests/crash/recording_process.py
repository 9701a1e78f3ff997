"""`python -m tests.crash.recording_process FOLDER`: counts and records for ever, and says what it counted before and after each tick."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from pathlib import Path

from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.contract.catalogue import load_metrics
from surewire.contract.selector import Selector
from surewire.monitoring.recorder import recording
from surewire.slo.needs import Needs
from surewire.telemetry.logging import configure
from surewire.telemetry.registry import Registry

NEEDED = Needs(counts=(Selector("gateway_send_total"), Selector("gateway_disconnections_total")), gauges=(), peaks=())


async def main(folder: Path) -> None:
    registry = Registry(load_metrics())
    sent = registry.counter("gateway_send_total", status="success")
    active = registry.gauge("gateway_connections_active")
    registry.family("gateway_disconnections_total")
    clock = SystemClock()
    async with open_slo_file(folder, clock) as file, recording(registry, NEEDED, file.sli_store, clock) as recorder:
        for number in itertools.count(1):
            sent.n += number
            active.value = 100 + number % 10
            os.write(1, b"counted %d %d\n" % (sent.n, active.value))
            await recorder.tick()
            os.write(1, b"recorded %d %d\n" % (sent.n, active.value))


if __name__ == "__main__":
    with configure():
        asyncio.run(main(Path(sys.argv[1])))
