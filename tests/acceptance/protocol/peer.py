"""A client that knows nothing of surewire: the `websockets` library and JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

__all__ = ["Peer", "open_peer"]

_TIMEOUT_S = 10.0


class Peer:
    """One connection, past its `welcome`."""

    def __init__(self, socket: ClientConnection, welcome: dict[str, Any]) -> None:
        self.socket, self.welcome = socket, welcome

    async def say(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind, **fields}))

    async def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """The next message after saying something."""
        await self.say(kind, **fields)
        return await self.hear()

    async def hear(self) -> dict[str, Any]:
        """The next message that answers or tells something; a position comes whenever a sweep does, and is passed over."""
        while (message := await self.hear_any())["type"] == "position":
            pass
        return message

    async def hear_any(self) -> dict[str, Any]:
        """The next message, whatever it is."""
        return json.loads(await asyncio.wait_for(self.socket.recv(), _TIMEOUT_S))

    async def hear_until(self, kind: str) -> dict[str, Any]:
        """The next message of that type; others are dropped."""
        while (message := await self.hear())["type"] != kind:
            pass
        return message

    async def hear_close(self) -> tuple[dict[str, Any] | None, int]:
        """The `closing` message, if one came, and the code of the CLOSE frame."""
        closing = None
        with suppress(ConnectionClosed):
            while True:
                message = await self.hear()
                closing = message if message["type"] == "closing" else closing
        assert self.socket.close_code is not None
        return closing, self.socket.close_code

    async def hears_nothing(self) -> bool:
        """Whether a ping comes back before any other message: everything that was due has arrived by then."""
        return (await self.ask("ping", timestamp="quiet?"))["type"] == "pong"


@asynccontextmanager
async def open_peer(url: str, user: str | None = None, **options: Any) -> AsyncGenerator[Peer]:
    """A connection as `user`, anonymous without one."""
    async with connect(url + (f"?user_id={user}" if user else ""), **options) as socket:
        yield Peer(socket, json.loads(await asyncio.wait_for(socket.recv(), _TIMEOUT_S)))
