"""What the records of a process' lives say of the times between them."""

from __future__ import annotations

from surewire.monitoring.plane import gaps_between
from surewire.ports.sli_store import LifeRecord
from surewire.slo.window import Gap

NOON_S = 1_800_000_000


def test_a_gap_knows_whether_the_life_before_it_broke_off_or_was_told_to_end() -> None:
    lives = [
        LifeRecord(NOON_S, NOON_S + 100, 0, is_clean=False),
        LifeRecord(NOON_S + 1_000, NOON_S + 2_000, 0, is_clean=True),
        LifeRecord(NOON_S + 2_100, NOON_S + 3_000, 0, is_clean=True),
    ]
    assert gaps_between(lives, NOON_S + 4_000) == (
        Gap(NOON_S + 100, NOON_S + 1_000, "crash"),
        Gap(NOON_S + 3_000, NOON_S + 4_000, "drain"),
    )
    assert gaps_between([], NOON_S) == ()
