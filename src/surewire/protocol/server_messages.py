"""What the server says: one struct per message type. Clients must ignore fields they do not know.

The three messages that are written by the hundred thousand (`message`, `event`, `message_ack`) are put together from parts by
`codec`; their structs here are the contract, which tests hold that code to.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import Meta, Raw, Struct

from surewire.domain.event import Event
from surewire.domain.filters import Filters
from surewire.domain.message import Gap, Message
from surewire.domain.stream import Position
from surewire.protocol.codes import ERROR_CODES

__all__ = [
    "ChatMessage",
    "ChatPage",
    "Closing",
    "ErrorMessage",
    "EventMessage",
    "HistoryResult",
    "Limits",
    "MessageAck",
    "Pong",
    "PositionMessage",
    "Recovery",
    "ServerMessage",
    "Subscribed",
    "SyncResponse",
    "Unsubscribed",
    "Welcome",
]

PROTOCOL_VERSION = 1


class Limits(Struct, frozen=True):
    """What this server allows a connection."""

    max_message_bytes: int
    max_content_bytes: int
    max_subscriptions: int
    messages_per_s: float
    burst: int


class Welcome(Struct, frozen=True, tag_field="type", tag="welcome"):
    """Always the first message: who the server takes the client for, and what it allows."""

    session_id: str
    connection_id: str
    user_id: str
    server_time: str
    protocol_version: int
    heartbeat_interval_ms: int
    session_timeout_ms: int
    resume_token: str
    limits: Limits


class Recovery(Struct, frozen=True, omit_defaults=True, rename={"start": "from", "end": "to"}):
    """What one page of recovery holds: `count` events of those in (`from`, `to`]. `complete` false: something before them is lost, and why.

    While `has_more`, the subscription gets no live events: subscribe again with `since` = the `position` of the same answer.
    """

    complete: bool
    start: int
    end: int
    count: int
    has_more: bool
    reason: Literal["history_exceeded", "epoch_changed"] | None = None


class Subscribed(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="subscribed"):
    """The subscription holds from `position` on. `filters` are normalised."""

    subscription_id: str
    filters: Filters
    position: Position
    recovery: Recovery | None = None


class Unsubscribed(Struct, frozen=True, tag_field="type", tag="unsubscribed"):
    """The subscription is gone: no event after this names it."""

    subscription_id: str


class Pong(Struct, frozen=True, tag_field="type", tag="pong"):
    """The answer to `ping`, with its `timestamp`."""

    timestamp: Raw
    server_time: str


class PositionMessage(Struct, frozen=True, tag_field="type", tag="position"):
    """The head of the events stream: everything up to it that matches was sent before this message."""

    position: Position


class EventMessage(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="event"):
    """An event, once per connection, naming every subscription that matched. Without `position` it is live only and never replayed."""

    message_id: str
    event: Event
    timestamp: str
    subscription_ids: tuple[str, ...]
    position: Position | None = None


class MessageAck(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="message_ack"):
    """The message is on disk. `duplicate`: it was before, and this is the first one."""

    chat_id: str
    client_message_id: str
    message_id: str
    sequence: int
    created_at: str
    duplicate: bool
    request_id: str | None = None


class ChatMessage(Struct, frozen=True, tag_field="type", tag="message"):
    """A chat message, to every session of every member but the one that sent it, in the order of `sequence`."""

    message_id: str
    chat_id: str
    sequence: int
    sender_id: str
    content: str
    content_type: str
    created_at: str


class ChatPage(Struct, frozen=True, omit_defaults=True):
    """What a client missed of one chat, ascending. `gap`: sequences that retention removed."""

    chat_id: str
    messages: tuple[Message, ...]
    has_more: bool
    latest_sequence: int
    gap: Gap | None = None


class SyncResponse(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="sync_response"):
    """One page per chat asked for, at most 512 KiB in all."""

    chats: tuple[ChatPage, ...]
    request_id: str | None = None


class HistoryResult(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="history_result"):
    """A page of one chat, ascending, at most 512 KiB."""

    chat_id: str
    messages: tuple[Message, ...]
    has_more: bool
    latest_sequence: int
    request_id: str | None = None


class ErrorMessage(Struct, frozen=True, omit_defaults=True, tag_field="type", tag="error"):
    """Something was not done. `temporary`: the same may work later, after `retry_after_ms` if given."""

    code: Annotated[str, Meta(extra_json_schema={"enum": list(ERROR_CODES)})]
    message: str
    temporary: bool
    request_id: str | None = None
    subscription_id: str | None = None
    retry_after_ms: int | None = None
    details: dict[str, Any] | None = None


class Closing(Struct, frozen=True, tag_field="type", tag="closing"):
    """The server ends the connection; the close frame with `code` follows. `retry_after_ms` is spread so that no herd comes back."""

    reason: str
    code: int
    reconnect: bool
    retry_after_ms: int


ServerMessage = (
    Welcome
    | Subscribed
    | Unsubscribed
    | Pong
    | PositionMessage
    | EventMessage
    | MessageAck
    | ChatMessage
    | SyncResponse
    | HistoryResult
    | ErrorMessage
    | Closing
)
