"""The Python client of a surewire server.

    async with connect("http://127.0.0.1:8080", user_id="alice") as client:
        await client.join("chat_lobby")
        await client.send("chat_lobby", "hello")
        async for message in client.messages():
            print(message.sender_id, message.content)

A client reconnects by itself. Nothing it was told is stored is lost, and nothing comes twice.
"""

from __future__ import annotations

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
