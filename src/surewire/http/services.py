"""What the HTTP API needs, in one object that the composition root builds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from surewire.alerting.plane import AlertingPlane
    from surewire.config.model import Config
    from surewire.domain.rate import BucketTable
    from surewire.monitoring.service_levels import ServiceLevels
    from surewire.ports.clock import Clock
    from surewire.ports.event_stream import EventStream
    from surewire.ports.ingest import Ingest
    from surewire.ports.message_store import MessageStore
    from surewire.ports.receipts import Receipts
    from surewire.telemetry.exposition import Exposition
    from surewire.telemetry.instruments import ConnectionInstruments
    from surewire.telemetry.readiness import Readiness

__all__ = ["Services"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The ports and parts that requests are answered from. All of them belong to the event loop that serves the application."""

    config: Config
    clock: Clock
    new_ulid: Callable[[], str]
    store: MessageStore
    ingest: Ingest
    receipts: Receipts
    stream: EventStream
    chat_rates: BucketTable[tuple[str, str]]
    """By (chat id, sender); the same table that the WebSocket connections use, so that a sender has one rate on both."""
    instruments: ConnectionInstruments
    readiness: Readiness
    exposition: Exposition
    levels: ServiceLevels
    alerts: AlertingPlane
