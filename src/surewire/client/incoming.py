"""What the server says, read as a client must: unknown types and unknown fields are passed over."""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec import Struct

from surewire.domain.stream import Position
from surewire.protocol.server_messages import (
    ChatMessage,
    Closing,
    HistoryResult,
    MessageAck,
    PositionMessage,
    Recovery,
    SyncResponse,
    Welcome,
)

__all__ = ["Event", "Incoming", "IncomingError", "IncomingEvent", "IncomingSubscribed", "Unknown", "decode"]


class Event(Struct, frozen=True):
    """What happened. The fields are those of publishing; `data` is decoded."""

    event_type: str
    data: Any = None
    severity: str | None = None
    state: str | None = None
    source: str | None = None
    affected_resources: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    incident_id: str | None = None
    channel: str | None = None
    priority: str | None = None


class IncomingEvent(Struct, frozen=True, tag_field="type", tag="event"):
    """An event and where it stands in the stream. Without a position it is live only and never replayed."""

    message_id: str
    event: Event
    timestamp: str
    subscription_ids: tuple[str, ...] = ()
    position: Position | None = None


class IncomingSubscribed(Struct, frozen=True, tag_field="type", tag="subscribed"):
    """A subscription holds from `position` on; with `recovery`, missed events follow."""

    subscription_id: str
    position: Position
    recovery: Recovery | None = None


class IncomingError(Struct, frozen=True, tag_field="type", tag="error"):
    """Something was not done."""

    code: str
    message: str
    temporary: bool = False
    request_id: str | None = None
    subscription_id: str | None = None
    retry_after_ms: int | None = None
    details: dict[str, Any] = {}


class Unknown(Struct, frozen=True):
    """A message of a type that this client does not use."""

    type: str


Incoming = (
    Welcome
    | IncomingSubscribed
    | IncomingEvent
    | PositionMessage
    | MessageAck
    | ChatMessage
    | SyncResponse
    | HistoryResult
    | IncomingError
    | Closing
)

_decode: Final = msgspec.json.Decoder(Incoming).decode
_decode_unknown: Final = msgspec.json.Decoder(Unknown).decode
_KNOWN: Final = frozenset(str(struct.__struct_config__.tag) for struct in Incoming.__args__)


def decode(frame: str | bytes) -> Incoming | Unknown:
    """The message in a frame. Raises: ValueError when it is no message of protocol 1."""
    try:
        known: Incoming = _decode(frame)
    except msgspec.ValidationError:
        unknown: Unknown = _decode_unknown(frame)
        if unknown.type in _KNOWN:
            raise
        return unknown
    return known
