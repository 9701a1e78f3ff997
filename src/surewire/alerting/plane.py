"""Alerts as the composition root puts them together: the manager, and the loops that deliver and report."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Final

from surewire.alerting.alert_manager import AlertManager
from surewire.alerting.audit import Audit
from surewire.alerting.definitions import definitions
from surewire.alerting.delivery import Delivery
from surewire.alerting.store_in_need import StoreInNeed
from surewire.config.model import Alerting
from surewire.contract.catalogue import load_alerts
from surewire.domain.event import Event
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.errors import BackendError
from surewire.ports.alert_store import AlertStore
from surewire.ports.clock import Clock
from surewire.ports.ledger import Ledger
from surewire.ports.notifier import Notifier
from surewire.slo.alert_rule import AlertRule
from surewire.telemetry.instruments import MessagingInstruments
from surewire.telemetry.logging import logger

__all__ = ["AlertingPlane", "alerting_plane"]

_REPORT_LOOKED_AT_EVERY_S: Final = 60.0

Announce = Callable[[Sequence[Event]], Awaitable[None]]

_log = logger(__name__)


@asynccontextmanager
async def alerting_plane(
    *,
    store: AlertStore,
    ledger: Ledger,
    rules: Collection[AlertRule],
    notifiers: Mapping[str, Notifier],
    settings: Alerting,
    runbook_url: str,
    clock: Clock,
    new_ulid: Callable[[], str],
    instruments: MessagingInstruments,
    announce: Announce,
) -> AsyncGenerator[AlertingPlane]:
    """The alerts as the last life of the process left them, and what was not delivered then. `announce` publishes them.

    Raises: BackendError.
    """

    def new_id(prefix: str) -> str:
        return prefix + new_ulid()

    store = StoreInNeed(store)
    delivery = Delivery(store, notifiers, settings, clock)

    known = definitions(rules, load_alerts(), notifiers, runbook_url=runbook_url)
    manager = await AlertManager.open(store, Audit(ledger, new_id), known, new_id, delivery.wake, announce)
    for name in manager.latched:
        instruments.alert_latched[name].read = lambda name=name: float(manager.latched[name])
    yield AlertingPlane(manager, delivery, store, clock)


class AlertingPlane:
    """The manager, and its loops. Made by `alerting_plane`."""

    def __init__(self, manager: AlertManager, delivery: Delivery, store: AlertStore, clock: Clock) -> None:
        self.manager, self.delivery, self.store = manager, delivery, store
        self._clock = clock

    @property
    def now_s(self) -> int:
        """The time that something done now gets."""
        return self._clock.now_micros() // MICROS_PER_SECOND

    async def deliver(self, beat: Callable[[], None]) -> None:
        """Brings what is in the outbox to its targets, until it is cancelled; it waits for work."""
        beat()
        await self.delivery.run()

    async def report(self, beat: Callable[[], None]) -> None:
        """Makes the weekly report on alerts that cannot be muted when a week is over, until it is cancelled."""
        while True:
            try:
                await self.manager.report_weekly(self.now_s)
            except BackendError as error:
                _log.error("the weekly report waits", reason=str(error), exc_info=error)
            else:
                beat()
            await asyncio.sleep(_REPORT_LOOKED_AT_EVERY_S)
