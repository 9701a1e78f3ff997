"""A server that says exactly what a test wants, written with the `websockets` library from the description of the protocol alone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

__all__ = ["Line", "Script", "scripted_server"]

LIMITS = {"max_message_bytes": 65536, "max_content_bytes": 16384, "max_subscriptions": 100, "messages_per_s": 1000, "burst": 1000}


class Line:
    """One connection of a client: what it said, and what to say to it. `number` counts connections from 1."""

    def __init__(self, connection: ServerConnection, number: int) -> None:
        self._connection, self.number = connection, number

    async def welcome(self, **changes: Any) -> None:
        times = {"server_time": "2026-11-21T10:00:00.000000Z", "heartbeat_interval_ms": 30000, "session_timeout_ms": 300000}
        names = {"session_id": f"sess_{self.number}", "connection_id": f"conn_{self.number}", "user_id": "alice", "resume_token": "t"}
        await self.say(**({"type": "welcome", "protocol_version": 1, "limits": LIMITS} | times | names | changes))

    async def say(self, **message: Any) -> None:
        await self._connection.send(json.dumps(message))

    async def hear(self, kind: str) -> dict[str, Any]:
        """The next message, which must be of this type; null stands for absent."""
        message = {name: value for name, value in json.loads(await self._connection.recv()).items() if value is not None}
        assert message["type"] == kind, message
        return message

    async def event(self, offset: int, *subscription_ids: str) -> None:
        await self.say(
            type="event",
            message_id=f"msg_{offset}",
            event={"event_type": "system_event", "priority": "low", "data": offset},
            timestamp="2026-11-21T10:00:00.000000Z",
            position={"epoch": "e", "offset": offset},
            subscription_ids=subscription_ids or ("s1",),
        )

    async def message(self, sequence: int, sender: str = "bob") -> None:
        await self.say(**chat_message(sequence, sender), type="message")

    async def close(self, code: int) -> None:
        await self._connection.close(code)

    async def cut(self) -> None:
        """The connection breaks without a word."""
        self._connection.transport.abort()
        await self._connection.wait_closed()

    async def wait(self) -> None:
        await self._connection.wait_closed()


def chat_message(sequence: int, sender: str = "bob") -> dict[str, Any]:
    ids = {"message_id": f"msg_{sequence}", "chat_id": "chat_x", "sequence": sequence, "sender_id": sender}
    return ids | {"content": f"text {sequence}", "content_type": "text/plain", "created_at": "2026-11-21T10:00:00.000000Z"}


Script = Callable[[Line], Awaitable[None]]


@asynccontextmanager
async def scripted_server(
    script: Script, *, refuse: tuple[int, dict[str, str]] | None = None, latest_sequence: int = 0
) -> AsyncGenerator[str]:
    """The address of a server that runs `script` for every connection, and lists one chat, `chat_x`, over HTTP.

    An assertion that fails in the script ends the test.
    """
    connections = 0
    failures: list[AssertionError] = []
    test = asyncio.current_task()
    assert test is not None

    def answer(_: ServerConnection, request: Request) -> Response | None:
        if request.path.startswith("/v1/chats"):
            chat = {"chat_id": "chat_x", "name": None, "owner": None, "created_at": "", "latest_sequence": latest_sequence}
            return _http(200, {"items": [chat]}, {})
        if refuse is not None:
            return _http(refuse[0], {"code": "UNAVAILABLE", "detail": "come back later"}, refuse[1])
        return None

    async def converse(connection: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        try:
            await script(Line(connection, connections))
        except AssertionError as failure:
            failures.append(failure)
            test.cancel()

    try:
        async with serve(converse, "127.0.0.1", 0, process_request=answer, close_timeout=1) as server:
            yield f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
    finally:
        if failures:
            raise failures[0]


def _http(status: int, body: Any, headers: dict[str, str]) -> Response:
    content = json.dumps(body).encode()
    fields = Headers({"Content-Type": "application/json", "Content-Length": str(len(content)), "Connection": "close"} | headers)
    return Response(status, HTTPStatus(status).phrase, fields, content)
