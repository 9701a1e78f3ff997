"""Alerts while the disk is full."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from surewire.adapters.memory.alert_store import MemoryAlertStore
from surewire.adapters.memory.ledger import MemoryLedger
from surewire.adapters.sqlite.alert_store import SqliteAlertStore
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.alerting.alert_manager import AlertManager
from surewire.alerting.audit import Audit
from surewire.alerting.store_in_need import StoreInNeed
from surewire.ports.alert_store import AlertChange, AlertStore
from surewire.slo.judgement import Judgement
from tests.contracts.alert_store import AlertStoreContract, notification
from tests.crash.store_disk import FaultyDisk, disk_full
from tests.unit.alerting.desk import Desk

FIRING = [Judgement(name="ErrorBudgetBurnHigh", verdict="firing")]


class TestStoreInNeed(AlertStoreContract):
    @asynccontextmanager
    async def open(self) -> AsyncGenerator[AlertStore]:
        yield StoreInNeed(MemoryAlertStore())


@asynccontextmanager
async def stored(folder: Path, disk: FaultyDisk) -> AsyncGenerator[tuple[StoreInNeed, SqliteAlertStore]]:
    async with open_slo_file(folder, SystemClock(), vfs=disk.name) as file:
        real = SqliteAlertStore(file.writer)
        yield StoreInNeed(real), real


def ids(outgoing) -> list[str]:
    return [one.notification.id for one in outgoing]


async def test_an_alert_goes_out_while_nothing_can_be_written(tmp_path: Path) -> None:
    disk, desk = FaultyDisk(), await Desk().open()
    async with stored(tmp_path, disk) as (store, _):
        audit = Audit(MemoryLedger(), desk.new_id)
        manager = await AlertManager.open(store, audit, desk.definitions, desk.new_id)
        disk.always = disk_full
        (move,) = await manager.advance(FIRING, desk.now_s)
        assert move.status == "firing"
        assert {one.notification.target for one in await store.pending()} == {"pagerduty-high", "slack"}
        disk.always = None


async def test_what_was_late_is_kept_in_its_order_once_the_disk_has_room(tmp_path: Path) -> None:
    disk = FaultyDisk()
    async with stored(tmp_path, disk) as (store, real):
        await store.put([notification("a"), notification("b")], 1)
        assert ids(await store.pending()) == ["a", "b"]
        disk.always = disk_full
        await store.delivered("a")
        await store.failed("b", "503", 90)
        await store.commit(AlertChange(at_s=2, notifications=(notification("c"), notification("d"))))
        await store.given_up("c", "400", 50)
        waiting = await store.pending()
        assert ids(waiting) == ["b", "d"]
        assert [(one.attempts, one.problem, one.next_attempt_s) for one in waiting] == [(1, "503", 90), (0, "", 0)]
        disk.always = None
        while store.late:
            await store.pending()
        kept = await real.pending()
        assert ids(kept) == ["b", "d"]
        assert [(one.attempts, one.problem, one.next_attempt_s) for one in kept] == [(1, "503", 90), (0, "", 0)]
        assert ids(await real.dead_letters()) == ["c"]


async def test_positions_rise_over_the_time_of_need(tmp_path: Path) -> None:
    disk = FaultyDisk()
    seen: list[int] = []
    async with stored(tmp_path, disk) as (store, _):
        for round_ in range(3):
            disk.always = disk_full if round_ == 1 else None
            while round_ == 2 and store.late:
                await store.pending()
            for number in range(3):
                await store.put([notification(f"{round_}-{number}")], 1)
                seen += [one.position for one in await store.pending()]
                await store.delivered(f"{round_}-{number}")
    assert len(seen) == 9
    assert seen == sorted(set(seen))
