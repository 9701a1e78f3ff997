from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from surewire.adapters.sqlite.slo_check import check_slo
from surewire.adapters.sqlite.slo_file import OpenSloFile, open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.slo.window import HOUR_S
from tests.contracts.ledger import decision
from tests.contracts.sli_store import NOON_S, life, slot


@pytest.fixture
async def file(tmp_path: Path) -> AsyncGenerator[OpenSloFile]:
    """A file with two raw slots, what was rolled up from them, and a decision."""
    async with open_slo_file(tmp_path, SystemClock()) as opened:
        await opened.sli_store.write([slot(NOON_S, a=1, b=2), slot(NOON_S + 15, a=1)], life())
        await opened.sli_store.tidy(NOON_S + HOUR_S)
        await opened.ledger.append(decision("id_1"))
        yield opened


async def test_a_sound_file_has_no_problem(file: OpenSloFile) -> None:
    assert await file.readers.read(check_slo) == ()


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (f"UPDATE raw_slots SET body = x'00' WHERE start_s = {NOON_S}", f"the slot of 15 s at {NOON_S} is damaged"),
        (f"UPDATE raw_slots SET body = substr(body, 2) WHERE start_s = {NOON_S}", f"the slot of 15 s at {NOON_S} is damaged"),
        ("UPDATE rolled_slots SET body = x''", f"the slot of 300 s at {NOON_S} is damaged"),
        ("DELETE FROM series WHERE name = 'b'", f"the slot of 15 s at {NOON_S} is damaged"),
        ("INSERT INTO ledger (id, kind, at_s, actor, body) VALUES ('id_2', '', 0, '', '[]')", "decision id_2 is damaged"),
    ],
)
async def test_damage_is_found_and_named(file: OpenSloFile, damage: str, problem: str) -> None:
    await file.writer.run(lambda connection: connection.execute(damage).fetchall())
    assert problem in await file.readers.read(check_slo)
