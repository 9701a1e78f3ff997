from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest

from surewire.adapters.memory.sli_store import MemorySliStore
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.ports.sli_store import LENGTHS_S, SliStore
from surewire.slo.window import DAY_S, HOUR_S
from tests.contracts.sli_store import EVER, NOON_S, SliStoreContract, life, slot


class TestSqliteSliStore(SliStoreContract):
    @pytest.fixture(autouse=True)
    def _in_a_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    @asynccontextmanager
    async def open(self) -> AsyncGenerator[SliStore]:
        async with open_slo_file(self.folder, SystemClock()) as file:
            yield file.sli_store

    async def test_slots_and_lives_are_there_after_a_restart(self) -> None:
        async with self.open() as store:
            await store.write([slot(NOON_S, a=1)], life())
            await store.tidy(NOON_S + DAY_S)
        async with self.open() as store:
            await store.write([slot(NOON_S, 15, b=1, a=2)], life("two"))
            assert list(await store.read(EVER, 15)) == [slot(NOON_S, 15, a=3, b=1)]
            assert [one.id for one in await store.lives(EVER)] == ["one", "two"]

    @pytest.mark.parametrize("seed", range(5))
    async def test_whatever_is_written_and_tidied_the_file_reads_as_memory_does(self, seed: int) -> None:
        random, memory, now_s = Random(seed), MemorySliStore(), NOON_S
        async with self.open() as store:
            for _ in range(150):
                now_s += random.choice([15, 15, 15, 300, HOUR_S, 6 * HOUR_S, -HOUR_S, 3 * DAY_S])
                starts = {(now_s - random.choice([0, 15, 600, 2 * DAY_S])) // 15 * 15 for _ in range(random.randrange(3))}
                slots = [slot(start_s, random.randrange(16), a=random.randrange(3), b=1) for start_s in sorted(starts)]
                record = life(random.choice("xyz"), last_s=now_s)
                for one in (store, memory):
                    await one.write(slots, record)
                if random.random() < 0.2:
                    assert (await store.tidy(now_s) == 0) == (await memory.tidy(now_s) == 0)
            for length_s in LENGTHS_S:
                assert list(await store.read(EVER, length_s)) == list(await memory.read(EVER, length_s))
