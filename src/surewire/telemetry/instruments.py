"""The instruments of each plane, ready to use: `gateway.connections["accepted"].n += 1`.

An attribute is named as its metric, without the plane before it and without `_total`, `_seconds` or `_bytes` after it. Only what the
server measures is here, because what is here is exposed.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar, Final

from surewire.telemetry.registry import Counter, Family, Gauge, Histogram, Registry

__all__ = ["PLANES", "ConnectionInstruments", "DurabilityInstruments", "FanoutInstruments", "MessagingInstruments"]

_ENDINGS: Final = ("", "_total", "_seconds", "_bytes")


class _Instruments:
    """Instruments of one plane, found in the contract by their attributes' names."""

    __slots__ = ()
    _plane: ClassVar[str]

    def __init__(self, registry: Registry) -> None:
        for field in fields(self):  # type: ignore[arg-type]
            object.__setattr__(self, field.name, self._find(registry, field.name))

    @classmethod
    def _find(cls, registry: Registry, attribute: str) -> object:
        names = [f"{cls._plane}_{attribute}{ending}" for ending in _ENDINGS]
        (name,) = (name for name in names if name in registry.catalogue.canonical)
        family = registry.family(name)
        return family if family.metric.labels else family[()]


@dataclass(init=False, frozen=True, slots=True)
class ConnectionInstruments(_Instruments):
    """The connection plane: upgrades, connections, frames, heartbeats, deliveries to sockets, and HTTP."""

    _plane: ClassVar = "gateway"

    connections_active: Gauge
    connections_limit: Gauge
    connections_live: Gauge
    connections_subscribed: Gauge
    connections: Family[str, Counter]
    upgrade_duration: Histogram
    disconnections: Family[str, Counter]
    session_duration: Histogram
    messages_received: Family[str, Counter]
    messages_sent: Family[str, Counter]
    send: Family[str, Counter]
    send_latency: Histogram
    history: Family[str, Counter]
    history_latency: Histogram
    sync: Family[str, Counter]
    message_latency: Family[tuple[str, str], Histogram]
    events_broadcast: Family[str, Counter]
    events_matched: Counter
    events_delivered: Counter
    events_dropped: Family[str, Counter]
    subscriptions_active: Gauge
    buffer_size: Histogram
    outbound_warnings: Counter
    slow_consumer_disconnects: Counter
    heartbeat_pings_sent: Counter
    heartbeat_pongs_received: Counter
    heartbeat_timeouts: Family[str, Counter]
    heartbeat_latency: Histogram
    stale_connections: Gauge
    protocol_errors: Family[str, Counter]
    http_request_duration: Family[tuple[str, str], Histogram]


@dataclass(init=False, frozen=True, slots=True)
class DurabilityInstruments(_Instruments):
    """The durability plane: commits, acknowledgements, and what the auditor finds."""

    _plane: ClassVar = "durability"

    persist: Family[str, Counter]
    persist_duration: Histogram
    commit_batch_size: Histogram
    ack_sent: Family[str, Counter]
    sequence_allocation_duration: Histogram
    idempotency_hits: Counter
    transaction_conflicts: Counter
    counter_missing: Counter
    duplicate_sequence: Counter
    store_available: Family[str, Gauge]


@dataclass(init=False, frozen=True, slots=True)
class FanoutInstruments(_Instruments):
    """The fanout plane: the log's consumer, membership lookups, deliveries to members, dead letters."""

    _plane: ClassVar = "fanout"

    events_consumed: Family[str, Counter]
    events_processed: Family[str, Counter]
    delivery: Family[str, Counter]
    messages_delivered: Counter
    delivery_latency: Family[str, Histogram]
    consumer_lag: Family[str, Gauge]
    batch_size: Histogram
    membership_cache_hits: Counter
    membership_cache_misses: Counter
    dlq_events: Family[str, Counter]


@dataclass(init=False, frozen=True, slots=True)
class MessagingInstruments(_Instruments):
    """What no single plane sees: a message's whole way, what is on its way now, clocks that disagree, and what objectives have left."""

    _plane: ClassVar = "messaging"

    e2e_latency: Histogram
    messages_in_flight: Family[str, Gauge]
    clock_skew_samples: Family[tuple[str, str], Counter]
    slo_error_budget_remaining: Family[str, Gauge]
    slo_maintenance_active: Family[str, Gauge]
    alert_latched: Family[str, Gauge]


PLANES: Final = (ConnectionInstruments, DurabilityInstruments, FanoutInstruments, MessagingInstruments)
"""Everything that the server measures."""
