from __future__ import annotations

from pathlib import Path

from benchmarks.slo_store.__main__ import Traffic, needed
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.monitoring.recorder import recording
from tests.contracts.sli_store import NOON_S
from tests.fakes.clock import SettableClock

HOURS_A_DAY = 24
SLOTS_AN_HOUR = 240
MOST_BYTES_A_DAY = 5_000_000


async def test_a_day_of_every_series_that_is_needed_takes_five_megabytes_at_most(tmp_path: Path) -> None:
    """By the second hour of two in which every series grows in every slot; the first also names them."""
    clock, traffic, sizes = SettableClock(NOON_S * 1_000_000), Traffic(1.0), list[int]()
    for _ in range(2):
        sizes.append(await _size_after_an_hour(tmp_path, clock, traffic))
    assert (sizes[1] - sizes[0]) * HOURS_A_DAY < MOST_BYTES_A_DAY


async def _size_after_an_hour(folder: Path, clock: SettableClock, traffic: Traffic) -> int:
    async with open_slo_file(folder, clock) as file:
        async with recording(traffic.registry, needed(), file.sli_store, clock) as recorder:
            for _ in range(SLOTS_AN_HOUR):
                traffic.slot()
                clock.advance(15)
                await recorder.tick()
        await file.sli_store.tidy(clock.now_micros() // 1_000_000)
    return file.file.size_bytes
