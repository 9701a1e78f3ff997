"""Alerts over the end of a process, with the file that they are kept in."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

from surewire.adapters.sqlite.alert_store import SqliteAlertStore
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.alerting.alert_manager import AlertManager
from surewire.alerting.audit import Audit
from surewire.ports.notifier import Notification
from surewire.slo.judgement import Judgement, LatchMark
from tests.unit.alerting.desk import MINUTE_S, START_S, Desk


class Life:
    """One life of the process."""

    def __init__(self, manager: AlertManager, store: SqliteAlertStore) -> None:
        self.manager, self.store = manager, store

    async def look(self, now_s: int, *firing: str) -> None:
        held = [Judgement(name=name, verdict="firing", detail="20x", mark=LatchMark(START_S, 1)) for name in firing]
        await self.manager.advance([*held, *self.calm(firing)], now_s)

    def calm(self, firing: tuple[str, ...]) -> list[Judgement]:
        names = [one.rule.name for one in self.manager.listing(0) if one.rule.name not in firing]
        return [Judgement(name=name, verdict="quiet") for name in names]

    async def waiting(self) -> list[Notification]:
        return [one.notification for one in await self.store.pending()]


@asynccontextmanager
async def life(folder: Path) -> AsyncGenerator[Life]:
    desk = Desk()
    async with open_slo_file(folder, SystemClock()) as file:
        store = SqliteAlertStore(file.writer)
        manager = await AlertManager.open(store, Audit(file.ledger, desk.new_id), desk.definitions, desk.new_id)
        yield Life(manager, store)


async def test_what_was_not_delivered_is_there_and_nothing_is_told_twice(tmp_path: Path) -> None:
    async with life(tmp_path) as first:
        await first.look(START_S, "ErrorBudgetBurnHigh")
        told = await first.waiting()
    async with life(tmp_path) as second:
        await second.look(START_S + 15, "ErrorBudgetBurnHigh")
        assert await second.waiting() == told
        assert {one.target for one in told} == {"pagerduty-high", "slack"}


async def test_what_is_over_when_the_server_comes_back_is_told_as_over(tmp_path: Path) -> None:
    async with life(tmp_path) as first:
        await first.look(START_S, "ErrorBudgetBurnHigh")
    async with life(tmp_path) as second:
        await second.look(START_S + 30 * MINUTE_S)
        assert [one.status for one in await second.waiting() if one.target == "slack"] == ["firing", "resolved"]


async def test_a_loss_stays_latched_its_mark_is_kept_and_its_pages_go_on(tmp_path: Path) -> None:
    async with life(tmp_path) as first:
        await first.look(START_S, "MessageLoss")
    async with life(tmp_path) as second:
        assert second.manager.latched["MessageLoss"]
        assert second.manager.marks["MessageLoss"] == LatchMark(START_S, 1)
        await second.look(START_S + 5 * MINUTE_S)
        pages = [one.dedup_key for one in await second.waiting() if one.target == "pagerduty-high"]
        assert pages == ["surewire/SEV-1/MessageLoss", "surewire/SEV-1/MessageLoss#2"]


async def test_an_acknowledgement_is_remembered_with_who_gave_it(tmp_path: Path) -> None:
    async with life(tmp_path) as first:
        await first.look(START_S, "ErrorBudgetBurnHigh")
        await first.manager.acknowledge("ErrorBudgetBurnHigh", actor="ann", now_s=START_S + 60)
        told = await first.waiting()
    async with life(tmp_path) as second:
        await second.look(START_S + 60 * MINUTE_S, "ErrorBudgetBurnHigh")
        assert await second.waiting() == told
        (listed,) = [one for one in second.manager.listing(START_S) if one.rule.name == "ErrorBudgetBurnHigh"]
        assert listed.state.acknowledged is not None
        assert listed.state.acknowledged.actor == "ann"


async def test_looks_that_change_nothing_write_nothing(tmp_path: Path) -> None:
    async with life(tmp_path) as one:
        await one.look(START_S, "ErrorBudgetBurnHigh")
        size_bytes = (tmp_path / "slo.db-wal").stat().st_size
        for number in range(1, 10):
            await one.look(START_S + 15 * number, "ErrorBudgetBurnHigh")
        assert (tmp_path / "slo.db-wal").stat().st_size == size_bytes
