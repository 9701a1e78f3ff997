"""What a client may say: one struct per message type, strict, so that a typing mistake is an answer and not a silence."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Raw, Struct, field

from surewire.domain.filters import Filters
from surewire.domain.stream import Position

__all__ = [
    "Ack",
    "ChatPosition",
    "ClientMessage",
    "History",
    "Ping",
    "SendMessage",
    "Subscribe",
    "SyncRequest",
    "Unsubscribe",
]

SubscriptionId = Annotated[str, Meta(min_length=1, max_length=128, description="The client's own name for a subscription.")]
RequestId = Annotated[str, Meta(min_length=1, max_length=128, description="Echoed on every answer and error that the request causes.")]
ClientMessageId = Annotated[
    str, Meta(min_length=1, max_length=128, description="The client's name for a message; sending it again is safe.")
]
ChatId = Annotated[str, Meta(min_length=1, max_length=64)]
Sequence = Annotated[int, Meta(ge=0, le=2**53 - 1)]
# `$` alone would let a trailing newline pass in Python.
ContentType = Annotated[
    str,
    Meta(
        min_length=1, max_length=128, pattern=r"^[!-~][ -~]*$(?!\n)", extra={"takes": "printable ASCII such as text/plain, no space first"}
    ),
]


def _null() -> Raw:
    return Raw(b"null")


class Subscribe(Struct, frozen=True, gc=False, tag_field="type", tag="subscribe", forbid_unknown_fields=True):
    """Starts a subscription, or replaces the one of the same id. With `since`, what was missed comes first."""

    subscription_id: SubscriptionId
    filters: Filters
    since: Position | None = None


class Unsubscribe(Struct, frozen=True, gc=False, tag_field="type", tag="unsubscribe", forbid_unknown_fields=True):
    """Ends a subscription."""

    subscription_id: SubscriptionId


class Ping(Struct, frozen=True, gc=False, tag_field="type", tag="ping", forbid_unknown_fields=True):
    """A sign of life that is answered by `pong`; `timestamp` is any JSON value and comes back as it is."""

    # A factory, because a schema can only show a default that it can encode.
    timestamp: Raw = field(default_factory=_null)


class Ack(Struct, frozen=True, gc=False, tag_field="type", tag="ack", forbid_unknown_fields=True):
    """A cumulative watermark: everything of a chat up to here was delivered, or read. By `message_id`, or by `chat_id` and `sequence`."""

    message_id: Annotated[str, Meta(min_length=1, max_length=64)] | None = None
    chat_id: ChatId | None = None
    sequence: Sequence | None = None
    state: Literal["delivered", "read"] = "delivered"

    def __post_init__(self) -> None:
        if self.message_id is None and (self.chat_id is None or self.sequence is None):
            raise ValueError("an ack names a message_id, or a chat_id and a sequence")


class SendMessage(Struct, frozen=True, gc=False, tag_field="type", tag="send_message", forbid_unknown_fields=True):
    """A message for a chat. Answered by `message_ack` once it is on disk; with the same `client_message_id` it is stored once."""

    chat_id: ChatId
    client_message_id: ClientMessageId
    content: Annotated[str, Meta(min_length=1)]
    request_id: RequestId | None = None
    content_type: ContentType = "text/plain"


class ChatPosition(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """How far a client has got in one chat."""

    chat_id: ChatId
    after_sequence: Sequence


class SyncRequest(Struct, frozen=True, gc=False, tag_field="type", tag="sync_request", forbid_unknown_fields=True):
    """Asks for what came in several chats after what the client has."""

    chats: Annotated[tuple[ChatPosition, ...], Meta(min_length=1, max_length=50)]
    request_id: RequestId | None = None
    limit: Annotated[int, Meta(ge=1, le=500, description="Messages per chat.")] = 100


class History(Struct, frozen=True, gc=False, tag_field="type", tag="history", forbid_unknown_fields=True):
    """Asks for a page of one chat: the last messages below `before_sequence`, the first above `after_sequence`, or the newest."""

    chat_id: ChatId
    request_id: RequestId | None = None
    before_sequence: Sequence | None = None
    after_sequence: Sequence | None = None
    limit: Annotated[int, Meta(ge=1, le=200)] = 50

    def __post_init__(self) -> None:
        if self.before_sequence is not None and self.after_sequence is not None:
            raise ValueError("give before_sequence or after_sequence, not both")


ClientMessage = Subscribe | Unsubscribe | Ping | Ack | SendMessage | SyncRequest | History
