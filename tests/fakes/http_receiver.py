"""A real HTTP server on loopback that takes notifications, or does not, as a test has written."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Answer", "HttpReceiver", "Received", "http_receiver"]


@dataclass
class Answer:
    """What is answered. `stalls`: nothing, ever. `cuts`: the connection breaks after the request."""

    status: int = 200
    body: bytes = b"{}"
    headers: Mapping[str, str] = field(default_factory=dict)
    stalls: bool = False
    cuts: bool = False


@dataclass
class Received:
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class HttpReceiver:
    """Answers requests in their order by `answers`, those after the last by `otherwise`."""

    def __init__(self, *answers: Answer) -> None:
        self.answers, self.otherwise = list(answers), Answer()
        self.received: asyncio.Queue[Received] = asyncio.Queue()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def all(self) -> list[Received]:
        """What came since the last call."""
        return [self.received.get_nowait() for _ in range(self.received.qsize())]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _read(reader)
            answer = self.answers.pop(0) if self.answers else self.otherwise
            self.received.put_nowait(request)
            if answer.stalls:
                await reader.read()
            elif not answer.cuts:
                writer.write(_written(answer))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def http_receiver(*answers: Answer, tls: ssl.SSLContext | None = None, port: int = 0) -> AsyncGenerator[HttpReceiver]:
    receiver = HttpReceiver(*answers)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver


async def _read(reader: asyncio.StreamReader) -> Received:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    line, *lines = head.strip().split("\r\n")
    method, path, _ = line.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (one.partition(":") for one in lines)}
    return Received(method, path, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def _written(answer: Answer) -> bytes:
    headers = {"content-length": str(len(answer.body)), "connection": "close", **answer.headers}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {answer.status} Word\r\n{lines}\r\n".encode() + answer.body
