"""The Python client of a surewire server.

    async with connect("http://127.0.0.1:8080", user_id="alice") as client:
        await client.join("chat_lobby")
        await client.send("chat_lobby", "hello")
        async for message in client.messages():
            print(message.sender_id, message.content)

A client reconnects by itself. Nothing it was told is stored is lost, and nothing comes twice.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from surewire.client.backoff import BackoffPolicy
    from surewire.client.client import Client, connect
    from surewire.client.http_api import HttpApi, Published
    from surewire.client.inbox import Inbox
    from surewire.client.incoming import Event
    from surewire.client.notices import Connected, Disconnected, EventsLost, MessagesLost, Notice, OnNotice
    from surewire.client.subscription import ReceivedEvent, Subscription
    from surewire.domain.chat import LOBBY, Chat
    from surewire.domain.filters import Filters
    from surewire.domain.message import Message
    from surewire.domain.stream import Position
    from surewire.errors import ClientError

__all__ = [
    "LOBBY",
    "BackoffPolicy",
    "Chat",
    "Client",
    "ClientError",
    "Connected",
    "Disconnected",
    "Event",
    "EventsLost",
    "Filters",
    "HttpApi",
    "Inbox",
    "Message",
    "MessagesLost",
    "Notice",
    "OnNotice",
    "Position",
    "Published",
    "ReceivedEvent",
    "Subscription",
    "connect",
]

_HOMES: Final = {
    "BackoffPolicy": "surewire.client.backoff",
    "Chat": "surewire.domain.chat",
    "Client": "surewire.client.client",
    "ClientError": "surewire.errors",
    "Connected": "surewire.client.notices",
    "Disconnected": "surewire.client.notices",
    "Event": "surewire.client.incoming",
    "EventsLost": "surewire.client.notices",
    "Filters": "surewire.domain.filters",
    "HttpApi": "surewire.client.http_api",
    "Inbox": "surewire.client.inbox",
    "LOBBY": "surewire.domain.chat",
    "Message": "surewire.domain.message",
    "MessagesLost": "surewire.client.notices",
    "Notice": "surewire.client.notices",
    "OnNotice": "surewire.client.notices",
    "Position": "surewire.domain.stream",
    "Published": "surewire.client.http_api",
    "ReceivedEvent": "surewire.client.subscription",
    "Subscription": "surewire.client.subscription",
    "connect": "surewire.client.client",
}
"""Where each name is. They are imported when they are used: a program that asks one question does not wait for what keeps connections."""

if not TYPE_CHECKING:  # type checkers know every name, and so find those that do not exist

    def __getattr__(name: str) -> Any:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        found = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
