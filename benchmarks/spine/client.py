"""Clients that cost little, so that one process can be thousands of them: the same parser as the server, no decoding of JSON."""

from __future__ import annotations

import asyncio
import itertools
import json
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any

import picows

__all__ = ["Client", "close_all", "http_post", "http_put", "open_all"]

_OPENING = 100


class Client(picows.WSListener):
    """One connection; `received` gets every message's payload as a memoryview that is valid during the call only."""

    __slots__ = ("closed", "ready", "received", "transport")

    def __init__(self, received: Callable[[Client, memoryview], None]) -> None:
        self.received = received
        self.ready = asyncio.get_running_loop().create_future()
        self.closed = False
        self.transport: Any = None

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        self.transport = transport

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        kind = frame.msg_type
        if kind is picows.WSMsgType.TEXT:
            if not self.ready.done():
                self.ready.set_result(None)
            else:
                self.received(self, frame.get_payload_as_memoryview())
        elif kind is picows.WSMsgType.PING:
            transport.send_pong(frame.get_payload_as_bytes())
        elif kind is picows.WSMsgType.CLOSE:
            self.closed = True
            transport.disconnect()

    def send(self, message: dict[str, Any]) -> None:
        self.transport.send(picows.WSMsgType.TEXT, json.dumps(message, separators=(",", ":")).encode())


async def open_all(
    urls: Iterable[str], received: Callable[[Client, memoryview], None], source_addresses: int = 1, wait_ready: bool = True
) -> list[Client]:
    """Connected clients in the order of the URLs, each past its welcome."""
    gate = asyncio.Semaphore(_OPENING)
    sources = itertools.cycle(f"127.0.0.{n}" for n in range(1, source_addresses + 1))

    async def connect(url: str) -> Client:
        async with gate:
            local = (next(sources), 0) if source_addresses > 1 else None
            _, client = await picows.ws_connect(lambda: Client(received), url, local_addr=local)
            if wait_ready:
                await client.ready
            return client

    return list(await asyncio.gather(*(connect(url) for url in urls)))


async def close_all(clients: list[Client]) -> None:
    """Ends the clients without waiting for each."""
    for client in clients:
        client.transport.disconnect(False)
    await asyncio.sleep(0)


async def http_post(url: str, body: Any, method: str = "POST") -> Any:
    """The decoded JSON answer of one request."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"}, method=method)
    return await asyncio.to_thread(lambda: json.load(urllib.request.urlopen(request)))


async def http_put(url: str) -> Any:
    """The decoded JSON answer of a PUT without a body."""
    return await http_post(url, None, "PUT")
