"""The composition root: the one place that knows every part of the server.

    config ─▶ clock, instruments ─▶ hub ─▶ store, events history ─▶ durability, stream ─▶ connection plane, fanout ─▶ HTTP ─▶ front

Everything is an async context manager, entered in that order and left in the opposite one. Ending: refuse new connections, answer what
is in flight, tell every client, wait for them with a deadline, stop the loops, close the stores.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Sequence
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import Any, Final

from surewire.adapters.grafana.annotations import GrafanaAnnotator
from surewire.adapters.sqlite.alert_store import SqliteAlertStore
from surewire.adapters.sqlite.event_history import SqliteEventHistory, sqlite_event_history
from surewire.adapters.sqlite.slo_file import OpenSloFile, open_slo_file
from surewire.adapters.sqlite.store import OpenSqliteStore, open_sqlite_store
from surewire.adapters.system.clock import SystemClock
from surewire.adapters.system.descriptors import raise_descriptor_limit
from surewire.adapters.system.outbound import SystemOutboundGuard
from surewire.alerting.plane import AlertingPlane, alerting_plane
from surewire.config.model import Config
from surewire.config.notify import Email
from surewire.contract.catalogue import load_metrics
from surewire.domain.event import Event
from surewire.domain.ids import UlidGenerator
from surewire.domain.rate import BucketTable
from surewire.durability.plane import DurabilityPlane, durability_plane
from surewire.errors import BackendUnavailableError
from surewire.fanout.membership import MembershipCache
from surewire.fanout.worker import FanoutWorker
from surewire.gateway.gateway import is_websocket_path
from surewire.gateway.hub import Hub
from surewire.gateway.plane import ConnectionPlane, new_hub
from surewire.http.app import create_app
from surewire.http.front_context import WEBSOCKET_ROUTE
from surewire.http.front_limits import FrontLimits
from surewire.http.server import BoundFront, FrontListener, serve
from surewire.http.services import Services
from surewire.monitoring.annotating import Annotating
from surewire.monitoring.plane import MonitoringPlane, monitoring_plane
from surewire.monitoring.promises import read_promises
from surewire.monitoring.state_event import state_changed
from surewire.ports.event_stream import EventStream
from surewire.ports.notifier import Notifier
from surewire.slo.policy import Transition
from surewire.slo.status import SloStatus
from surewire.streams.engine_events import EngineEvents
from surewire.streams.events import event_stream
from surewire.streams.publication import EventLimits
from surewire.telemetry.exposition import Exposition
from surewire.telemetry.instruments import ConnectionInstruments, DurabilityInstruments, FanoutInstruments, MessagingInstruments
from surewire.telemetry.logging import logger
from surewire.telemetry.readiness import Readiness
from surewire.telemetry.registry import Registry

__all__ = ["run"]

_MICROS_PER_MILLI: Final = 1_000
_CHECK_TIMEOUT_S: Final = 1.0
_EVENTS_CLEANUP_S: Final = 10.0
_ALERT_REPORT_S: Final = 60.0
_OTHER_DESCRIPTORS: Final = 50
"""Files and reading connections to them."""

_log = logger(__name__)


async def run(config: Config, *, stop: asyncio.Event, on_ready: Callable[[list[str]], None]) -> None:
    """Serves until `stop` is set, then ends without harm. `on_ready` gets the addresses once they answer.

    Raises: OSError when an address cannot be bound; BackendError when the data folder cannot be used. A background loop that fails
    ends the server with its error: what is on disk is safe, and a supervisor starts it again.
    """
    _check_descriptors(FrontLimits.configured(config.limits).max_sockets)
    async with AsyncExitStack() as stack:
        server = _Server(config, await stack.enter_async_context(asyncio.TaskGroup()))
        front = await server.start(stack)
        on_ready(_urls(config, front))
        await stop.wait()
        await server.end(front)


class _Server:
    """The parts of one server, put together once."""

    def __init__(self, config: Config, tasks: asyncio.TaskGroup) -> None:
        self._config, self._tasks = config, tasks
        self._clock = SystemClock()
        self._registry = Registry(load_metrics(), config.events.types)
        self._connection_instruments = ConnectionInstruments(self._registry)
        self._messaging_instruments = MessagingInstruments(self._registry)
        self._fanout_instruments = FanoutInstruments(self._registry)
        self._readiness = Readiness(self._clock)
        self._ulids = UlidGenerator(secrets.randbits)
        self._chat_rates: BucketTable[tuple[str, str]] = BucketTable(config.limits.chat_messages_per_s, config.limits.chat_burst)
        self._loops: list[asyncio.Task[None]] = []
        self._engine_events: EngineEvents
        self._connections: ConnectionPlane
        self._durability: DurabilityPlane
        self._promises = read_promises(Path(config.slo.file) if config.slo.file else None)
        self._alerts: AlertingPlane
        self._levels: MonitoringPlane

    async def start(self, stack: AsyncExitStack) -> BoundFront:
        """Everything, from the disk up; returns when the addresses answer."""
        hub = new_hub(self._config, self._clock, self._connection_instruments, self._messaging_instruments)
        store = await stack.enter_async_context(self._open_store())
        history = await stack.enter_async_context(self._open_history())
        self._durability = await stack.enter_async_context(self._open_durability(store))
        stream = await stack.enter_async_context(self._open_stream(history, hub))
        self._connections = self._connect(hub, store, stream)
        self._engine_events = EngineEvents(stream)
        levels = await stack.enter_async_context(open_slo_file(Path(self._config.data_dir), self._clock))
        self._alerts = await stack.enter_async_context(self._open_alerts(levels))
        self._levels = await stack.enter_async_context(self._open_levels(levels))
        self._watch(store, history)
        self._start_loop("heartbeat_sweep", self._config.heartbeat.sweep_interval_s, self._connections.run)
        self._start_loop("fanout", None, self._fanout(store, hub).run)
        self._start_loop("notifications", None, self._alerts.deliver)
        self._start_loop("alert_report", _ALERT_REPORT_S, self._alerts.report)
        self._start_loop("engine_events", None, self._engine_events.run)
        if self._config.grafana.url is not None:
            self._start_loop("annotations", None, self._annotating(self._config.grafana.url).run)
        stack.callback(self._stop_loops)
        front: BoundFront = await stack.enter_async_context(self._serve(store, stream))
        await self._levels.begin()
        self._start_loop("service_levels", self._config.slo.evaluate_every_s, self._levels.run)
        return front

    async def end(self, front: BoundFront) -> None:
        """Refuses, finishes, tells and waits; what is left is closed with the context managers."""
        self._readiness.refuse("draining")
        self._connections.refuse_upgrades()
        await self._connections.drain(self._durability.drained)
        front.stop_accepting()

    def _open_store(self) -> Any:
        config = self._config
        return open_sqlite_store(Path(config.data_dir), config.store, self._clock, max_members=config.limits.max_members)

    def _open_history(self) -> Any:
        events = self._config.events
        return sqlite_event_history(
            Path(self._config.data_dir),
            self._clock,
            history_events=events.history_events,
            history_s=events.history_s,
            queue_events=events.queue_events,
            cleanup_interval_s=_EVENTS_CLEANUP_S,
            on_cleanup=self._readiness.loop("events_cleanup", _EVENTS_CLEANUP_S).beat,
        )

    def _open_stream(self, history: SqliteEventHistory, hub: Hub) -> Any:
        limits = self._config.limits
        event_limits = EventLimits(limits.max_event_bytes, limits.max_json_depth)
        return event_stream(history, hub, history_events=self._config.events.history_events, event_limits=event_limits)

    def _open_durability(self, store: OpenSqliteStore) -> Any:
        return durability_plane(store, self._config, self._clock, DurabilityInstruments(self._registry), self._readiness)

    def _open_alerts(self, file: OpenSloFile) -> Any:
        url = self._config.alerting.runbook_url
        return alerting_plane(
            store=SqliteAlertStore(file.writer),
            ledger=file.ledger,
            rules=self._promises.rules,
            notifiers=_notifiers(self._config, self._clock),
            settings=self._config.alerting,
            runbook_url=url or f"{_url(self._config.listeners[0].host, self._config.listeners[0].port, None)}/runbooks/",
            clock=self._clock,
            new_ulid=self._new_ulid,
            instruments=self._messaging_instruments,
            announce=self._announcing,
        )

    def _open_levels(self, file: OpenSloFile) -> Any:
        announce = self._announcing

        async def tell(change: Transition, status: SloStatus) -> None:
            await announce([state_changed(change, status)])

        return monitoring_plane(
            store=file.sli_store,
            ledger=file.ledger,
            promises=self._promises,
            desk=self._alerts.manager,
            registry=self._registry,
            clock=self._clock,
            new_ulid=self._new_ulid,
            instruments=self._messaging_instruments,
            backends=(),
            tick_s=self._config.slo.evaluate_every_s,
            on_transition=tell,
        )

    @property
    def _announcing(self) -> Callable[[Sequence[Event]], Coroutine[Any, Any, None]]:
        return self._engine_events.tell if self._config.slo.events else _say_nothing

    def _connect(self, hub: Hub, store: OpenSqliteStore, stream: EventStream) -> ConnectionPlane:
        return ConnectionPlane(
            self._config,
            hub=hub,
            clock=self._clock,
            new_ulid=self._new_ulid,
            store=store.messages,
            ingest=self._durability.ingest,
            receipts=self._durability.receipts,
            stream=stream,
            chat_rates=self._chat_rates,
            instruments=self._connection_instruments,
            fanout=self._fanout_instruments,
            tasks=self._tasks,
        )

    def _fanout(self, store: OpenSqliteStore, hub: Hub) -> FanoutWorker:
        members = MembershipCache(store.messages, self._fanout_instruments)
        return FanoutWorker(store.event_log, members, hub, self._clock, self._fanout_instruments, self._messaging_instruments)

    def _annotating(self, url: str) -> Annotating:
        # What sends over HTTP is only loaded for those who ask for it.
        from surewire.adapters.webhook.http_sender import HttpSender

        settings = self._config.grafana
        sender = HttpSender(SystemOutboundGuard(), timeout_s=settings.timeout_s, allow_private=settings.allow_private)
        return Annotating(self._levels.levels.decisions, GrafanaAnnotator(url, settings.token, sender))

    def _serve(self, store: OpenSqliteStore, stream: EventStream) -> Any:
        services = Services(
            config=self._config,
            clock=self._clock,
            new_ulid=self._new_ulid,
            store=store.messages,
            ingest=self._durability.ingest,
            receipts=self._durability.receipts,
            stream=stream,
            chat_rates=self._chat_rates,
            instruments=self._connection_instruments,
            readiness=self._readiness,
            exposition=Exposition(self._registry, self._config.telemetry.profiles),
            levels=self._levels.levels,
            alerts=self._alerts,
        )
        api = create_app(services)
        self._registry.allow_routes([*api.route_templates, WEBSOCKET_ROUTE])
        return serve(
            [_front_listener(listener) for listener in self._config.listeners],
            api,
            self._connections.gateway,
            is_websocket_path=partial(is_websocket_path, echo=self._config.diagnostics.echo),
            observe=self._observe_request,
            limits=FrontLimits.configured(self._config.limits),
        )

    def _watch(self, store: OpenSqliteStore, history: SqliteEventHistory) -> None:
        self._readiness.add_check("store", partial(_writable, store), _CHECK_TIMEOUT_S)
        self._readiness.add_check("events", partial(_writable, history), _CHECK_TIMEOUT_S)

    def _start_loop(self, name: str, interval_s: float | None, work: Callable[[Callable[[], None]], Coroutine[Any, Any, None]]) -> None:
        pulse = self._readiness.loop(name, interval_s)
        self._loops.append(self._tasks.create_task(work(pulse.beat), name=name))

    def _stop_loops(self) -> None:
        for loop in self._loops:
            loop.cancel()

    def _observe_request(self, route_template: str | None, status: int, seconds: float) -> None:
        self._connection_instruments.http_request_duration[route_template or "unmatched", str(status)].observe(seconds)

    def _new_ulid(self) -> str:
        return self._ulids.next(self._clock.now_micros() // _MICROS_PER_MILLI)


def _notifiers(config: Config, clock: SystemClock) -> dict[str, Notifier]:
    """What sends to each configured target. Their packages are only loaded for them."""
    if not config.notify:
        return {}
    from surewire.adapters.smtp.email import EmailNotifier
    from surewire.adapters.webhook.notifiers import http_notifier

    guard = SystemOutboundGuard()
    return {
        name: EmailNotifier(name, target, guard) if isinstance(target, Email) else http_notifier(name, target, guard, clock)
        for name, target in config.notify.items()
    }


async def _say_nothing(events: Sequence[Event]) -> None:
    """Nobody wants the engine's events on the stream."""


async def _writable(backend: OpenSqliteStore | SqliteEventHistory) -> None:
    if backend.problem is not None:
        raise BackendUnavailableError("sqlite", backend.problem)


def _check_descriptors(sockets: int) -> None:
    allowed, needed = raise_descriptor_limit(), sockets + _OTHER_DESCRIPTORS
    if 0 < allowed < needed:
        _log.warning("too few open files are allowed for max_connections; raise ulimit -n", allowed=allowed, needed=needed)


def _front_listener(listener: Any) -> FrontListener:
    certificate, key = (None if name is None else Path(name) for name in (listener.tls_certificate, listener.tls_key))
    return FrontListener(listener.host, listener.port, listener.channel, certificate, key)


def _urls(config: Config, front: BoundFront) -> list[str]:
    ports = [port for _, port in front.addresses]
    return [_url(listener.host, port, listener.tls_key) for listener, port in zip(config.listeners, ports, strict=True)]


def _url(host: str, port: int, tls_key: str | None) -> str:
    return f"{'https' if tls_key else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
