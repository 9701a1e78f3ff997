"""What every connection needs and none owns: one object, shared by all of them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from surewire.config.model import Config
    from surewire.domain.origin import OriginPolicy
    from surewire.domain.rate import BucketTable
    from surewire.gateway.admission import Admission
    from surewire.gateway.hub import Hub
    from surewire.gateway.outbox import OutboundLimits
    from surewire.gateway.turn import Turn
    from surewire.ports.clock import Clock
    from surewire.ports.event_stream import EventStream
    from surewire.ports.ingest import Ingest
    from surewire.ports.message_store import MessageStore
    from surewire.ports.receipts import Receipts
    from surewire.protocol.client_messages import ClientMessage
    from surewire.protocol.server_messages import Limits
    from surewire.telemetry.instruments import ConnectionInstruments
    from surewire.telemetry.registry import Histogram

__all__ = ["Context"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The ports that the connection plane speaks to, its limits and its instruments."""

    config: Config
    limits: Limits
    """Those that a client is told."""
    max_fragments: int
    max_filter_values: int
    decode: Callable[[str], ClientMessage]
    clock: Clock
    new_ulid: Callable[[], str]
    resume_token: Callable[[str], str]
    """The secret with which a session may be resumed; the same for the same session id, and unguessable."""
    origins: OriginPolicy
    admission: Admission
    hub: Hub
    store: MessageStore
    ingest: Ingest
    receipts: Receipts
    stream: EventStream
    chat_rates: BucketTable[tuple[str, str]]
    instruments: ConnectionInstruments
    offline_latency: Histogram
    """How long messages waited for members who were away."""
    turn: Turn
    outbound: OutboundLimits
    spawn: Callable[[Coroutine[Any, Any, None], str], None]
    """Runs a named coroutine in the gateway's task group."""
