"""The disk is full, so sends fail, so the budget burns: somebody must be told, though nothing can be written."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

import pytest

from surewire.adapters.sqlite.alert_store import SqliteAlertStore
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.alerting.alert_manager import AlertManager
from surewire.alerting.audit import Audit
from surewire.alerting.store_in_need import StoreInNeed
from surewire.contract.catalogue import load_metrics
from surewire.errors import BackendUnavailableError
from surewire.monitoring.decisions import load_decisions
from surewire.monitoring.service_levels import ServiceLevels
from surewire.ports.sli_store import Slot
from surewire.slo.policy import Transition
from surewire.slo.status import SloStatus
from surewire.slo.timeline import Timeline
from surewire.telemetry.instruments import MessagingInstruments
from surewire.telemetry.registry import Registry
from tests.crash.store_disk import FaultyDisk, disk_full
from tests.fakes.clock import SettableClock
from tests.unit.alerting.desk import RULES, START_S, Desk
from tests.unit.slo.recorded import OBJECTIVES

SENDS = {'gateway_send_total{status="error"}': 90, 'gateway_send_total{status="success"}': 10}


async def test_a_burning_budget_is_told_at_every_tick_though_nothing_can_be_put_on_record(tmp_path: Path) -> None:
    told: list[Transition] = []

    async def tell(change: Transition, status: SloStatus) -> None:
        told.append(change)

    disk, desk, clock = FaultyDisk(), Desk(), SettableClock((START_S + 15) * 1_000_000)
    async with open_slo_file(tmp_path, SystemClock(), vfs=disk.name) as file:
        store = StoreInNeed(SqliteAlertStore(file.writer))
        manager = await AlertManager.open(store, Audit(file.ledger, desk.new_id), desk.definitions, desk.new_id)
        levels = ServiceLevels(
            tuple(OBJECTIVES.values()),
            RULES,
            timeline=Timeline(),
            decisions=await load_decisions(file.ledger, clock, lambda: desk.new_id("")),
            desk=manager,
            instruments=MessagingInstruments(Registry(load_metrics())),
            tick_s=15,
            backends=(),
            on_transition=tell,
        )
        disk.always = disk_full
        with pytest.raises(BackendUnavailableError):
            await levels.tick([Slot(start_s=START_S, length_s=15, seen_s=15, counts=SENDS)])
        pages = [one.notification for one in await store.pending() if one.notification.target == "pagerduty-high"]
        assert "surewire/SEV-1/availability" in {page.dedup_key for page in pages}
        assert told == []
        disk.always = None
        # A breach that could not be put on record is news once it can be, and only once.
        async with asyncio.timeout(30):
            while not told:
                with suppress(BackendUnavailableError):
                    await levels.tick([])
        await levels.tick([])
        assert [change.after for change in told if change.slo == "availability"] == ["breached"]
        recorded = [entry.body["after"] for entry in levels.decisions.of("slo_state") if entry.body["slo"] == "availability"]
        assert recorded == ["breached"]
