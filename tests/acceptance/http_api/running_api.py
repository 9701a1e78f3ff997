"""The HTTP API on a real socket behind the real front, over a real SQLite store and a stream in memory."""

from __future__ import annotations

import secrets
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import msgspec

from surewire.adapters.memory.alert_store import MemoryAlertStore
from surewire.adapters.memory.event_history import MemoryEventHistory
from surewire.adapters.memory.ledger import MemoryLedger
from surewire.adapters.sqlite.store import open_sqlite_store
from surewire.alerting.plane import alerting_plane
from surewire.config.model import Config
from surewire.contract.catalogue import load_alerts, load_metrics, load_slos
from surewire.domain.ids import UlidGenerator
from surewire.domain.rate import BucketTable
from surewire.domain.stream import StreamEvent
from surewire.gateway.upgrade import Acceptance, Refusal, UpgradeRequest
from surewire.http.app import create_app
from surewire.http.front_limits import FrontLimits
from surewire.http.server import FrontListener, serve
from surewire.http.services import Services
from surewire.monitoring.decisions import load_decisions
from surewire.monitoring.service_levels import ServiceLevels
from surewire.monitoring.state_event import state_changed
from surewire.ports.alert_desk import AlertDesk
from surewire.ports.clock import Clock
from surewire.ports.event_stream import EventStream
from surewire.slo.alert_rules import alert_rules
from surewire.slo.objective import objectives
from surewire.slo.policy import Transition
from surewire.slo.status import SloStatus
from surewire.slo.timeline import Timeline
from surewire.streams.events import event_stream
from surewire.telemetry.exposition import Exposition
from surewire.telemetry.instruments import ConnectionInstruments, MessagingInstruments
from surewire.telemetry.readiness import Readiness
from surewire.telemetry.registry import Registry
from tests.fakes.clock import SettableClock
from tests.fakes.direct_ingest import DirectIngest, DirectReceipts

__all__ = ["RunningApi", "running_api", "with_limits"]


class _NoWebSockets:
    def admit(self, request: UpgradeRequest) -> Acceptance | Refusal:
        return Refusal(503, "UNAVAILABLE", "there is no gateway in this test")

    def refused(self, status: int) -> None: ...
    def abandoned(self, request: UpgradeRequest, acceptance: Acceptance | None) -> None: ...


class _Nobody:
    def event_committed(self, event: StreamEvent, epoch: str) -> None: ...


@dataclass
class RunningApi:
    """A server that answers while its block runs. `observed` holds route template and status of every answer."""

    url: str
    client: httpx.AsyncClient
    services: Services
    clock: SettableClock
    ingest: DirectIngest
    observed: list[tuple[str | None, int]] = field(default_factory=list)

    def client_from(self, **options: object) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self.url, trust_env=False, **options)  # type: ignore[arg-type]


def with_limits(**limits: object) -> Config:
    return msgspec.structs.replace(Config(), limits=msgspec.structs.replace(Config().limits, **limits))


async def service_levels(
    registry: Registry, clock: Clock, stream: EventStream, new_ulid: Callable[[], str], desk: AlertDesk
) -> ServiceLevels:
    """The built-in objectives, of which nothing was recorded yet."""

    async def announce(change: Transition, status: SloStatus) -> None:
        await stream.publish([state_changed(change, status)])

    return ServiceLevels(
        objectives(load_slos()),
        alert_rules(load_slos(), load_alerts()),
        timeline=Timeline(),
        decisions=await load_decisions(MemoryLedger(), clock, new_ulid),
        desk=desk,
        instruments=MessagingInstruments(registry),
        tick_s=15,
        backends=(),
        on_transition=announce,
    )


@asynccontextmanager
async def running_api(data: Path, config: Config | None = None, **replaced: object) -> AsyncGenerator[RunningApi]:
    """The API over a fresh or an existing data folder; `replaced` are services that are not the usual ones."""
    config, clock = config or Config(), SettableClock(time.time_ns() // 1000)
    registry, ulids = Registry(load_metrics()), UlidGenerator(secrets.randbits)

    def new_ulid() -> str:
        return ulids.next(clock.now_micros() // 1000)

    history = MemoryEventHistory(clock, history_events=100, history_s=3_600, queue_events=2_000)
    async with (
        open_sqlite_store(data, config.store, clock, max_members=config.limits.max_members) as store,
        event_stream(history, _Nobody(), history_events=100) as stream,
        alerting_plane(
            store=MemoryAlertStore(),
            ledger=MemoryLedger(),
            rules=alert_rules(load_slos(), load_alerts()),
            notifiers={},
            settings=config.alerting,
            runbook_url="/runbooks/",
            clock=clock,
            new_ulid=new_ulid,
            instruments=MessagingInstruments(registry),
            announce=stream.publish,
        ) as alerts,
    ):
        ingest = DirectIngest(store.message_writer)
        services = Services(
            **{
                "config": config,
                "clock": clock,
                "new_ulid": new_ulid,
                "store": store.messages,
                "ingest": ingest,
                "receipts": DirectReceipts(store.messages),
                "stream": stream,
                "chat_rates": BucketTable(config.limits.chat_messages_per_s, config.limits.chat_burst),
                "instruments": ConnectionInstruments(registry),
                "readiness": Readiness(clock),
                "exposition": Exposition(registry),
                "levels": await service_levels(registry, clock, stream, new_ulid, alerts.manager),
                "alerts": alerts,
                **replaced,
            }  # type: ignore[arg-type]
        )
        observed: list[tuple[str | None, int]] = []
        async with serve(
            [FrontListener(port=0)],
            create_app(services),
            _NoWebSockets(),
            is_websocket_path=lambda path: path == "/ws",
            observe=lambda template, status, seconds: observed.append((template, status)),
            limits=FrontLimits.configured(config.limits),
        ) as front:
            url = f"http://127.0.0.1:{front.addresses[0][1]}"
            async with httpx.AsyncClient(base_url=url, trust_env=False) as client:
                yield RunningApi(url, client, services, clock, ingest, observed)
