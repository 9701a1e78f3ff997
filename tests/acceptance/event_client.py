"""A client of the events stream that shares no code with the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect

__all__ = ["EventClient", "connected", "publish"]

Json = dict[str, Any]
_PATIENCE_S = 20.0


class EventClient:
    """A connection after its `welcome`."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def say(self, **message: Any) -> None:
        await self._socket.send(json.dumps(message))

    async def hear(self, kind: str) -> Json:
        """The next message, which is of this type. Positions come with every heartbeat, so only who asks for one gets it."""
        async with asyncio.timeout(_PATIENCE_S):
            while True:
                message: Json = json.loads(await self._socket.recv())
                if message["type"] != "position" or kind == "position":
                    assert message["type"] == kind, message
                    return message

    async def subscribe(self, name: str = "s", since: Json | None = None, **filters: Any) -> Json:
        await self.say(type="subscribe", subscription_id=name, filters=filters, **({"since": since} if since else {}))
        return await self.hear("subscribed")

    async def events(self, count: int) -> list[Json]:
        return [await self.hear("event") for _ in range(count)]

    async def nothing_more(self) -> None:
        """Whatever the server had to say was heard: the answer to a ping is next."""
        await self.say(type="ping", timestamp="last")
        assert (await self.hear("pong"))["timestamp"] == "last"

    async def recover(self, since: Json, name: str = "s", **filters: Any) -> tuple[list[Json], list[Json]]:
        """Every page from a position on: what was said of each, and all events."""
        pages: list[Json] = []
        found: list[Json] = []
        while True:
            answer = await self.subscribe(name, since, **filters)
            pages.append(answer["recovery"])
            found += await self.events(answer["recovery"]["count"])
            since = answer["position"]
            if not answer["recovery"]["has_more"]:
                return pages, found


@asynccontextmanager
async def connected(url: str) -> AsyncGenerator[EventClient]:
    async with connect(url, ping_interval=None) as socket:
        client = EventClient(socket)
        await client.hear("welcome")
        yield client


async def publish(address: str, *events: Json) -> list[Json]:
    """Publishes a batch: the id and position of each event."""
    async with httpx.AsyncClient(base_url=address) as http:
        answer = await http.post("/v1/events", json={"events": list(events)})
    assert answer.status_code == 202, answer.text
    published: list[Json] = answer.json()["events"]
    return published
