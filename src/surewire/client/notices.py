"""What a client tells its owner besides messages and events: whether it is connected, and what cannot be had any more."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from msgspec import Struct

__all__ = ["Connected", "Disconnected", "EventsLost", "MessagesLost", "Notice", "OnNotice"]


class Connected(Struct, frozen=True):
    """The server answered. `again`: it is not the first time, and what was missed meanwhile follows."""

    user_id: str
    session_id: str
    again: bool


class Disconnected(Struct, frozen=True):
    """The connection ended; the next attempt comes in `retry_in_s` seconds."""

    reason: str
    retry_in_s: float


class EventsLost(Struct, frozen=True):
    """A subscription was away for longer than the server keeps events; it goes on with the oldest one that is kept."""

    subscription_id: str
    reason: Literal["history_exceeded", "epoch_changed"] | None


class MessagesLost(Struct, frozen=True):
    """Retention removed messages, both ends inclusive, before this client had them."""

    chat_id: str
    first: int
    last: int


Notice: TypeAlias = Connected | Disconnected | EventsLost | MessagesLost
OnNotice: TypeAlias = Callable[[Notice], None]
"""Called on the event loop; must not block or raise."""
