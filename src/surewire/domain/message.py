"""A chat message as it is stored, and a page of them."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["Gap", "Message", "MessagePage"]


class Message(Struct, frozen=True, gc=False):
    """One committed message. Within its chat `sequence` starts at 1 and has neither gaps nor duplicates.

    `created_at` (RFC 3339) is the server's time of persisting; it never goes back within a chat.
    """

    message_id: str
    chat_id: str
    sequence: int
    sender_id: str
    content: str
    content_type: str
    created_at: str


class Gap(Struct, frozen=True, gc=False, rename={"first": "from", "last": "to"}):
    """Sequences that retention removed, both ends inclusive; `from` and `to` on the wire."""

    first: int
    last: int


class MessagePage(Struct, frozen=True):
    """Some messages of a chat in ascending order.

    `has_more` tells that the asked direction holds more; `gap` that the start of what was asked for is no longer kept. A page of what
    follows a sequence says the asking member's `delivered_sequence`, as it is stored.
    """

    chat_id: str
    messages: tuple[Message, ...]
    has_more: bool
    latest_sequence: int
    gap: Gap | None = None
    delivered_sequence: int = 0
