"""A WebSocket client that does only what it is told: it answers no ping, reads only when asked to, and may break every rule."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

__all__ = [
    "BINARY",
    "CLOSE",
    "PING",
    "PONG",
    "TEXT",
    "Answer",
    "Frame",
    "RawPeer",
    "client_frame",
    "connected",
    "half_close",
    "knock",
    "open_raw_peer",
    "request_upgrade",
]

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_TIMEOUT_S = 10.0
_MASK = b"\x01\x02\x03\x04"


class Answer(NamedTuple):
    """The answer to a handshake."""

    status: int
    headers: dict[str, str]
    problem: dict[str, Any]


class Frame(NamedTuple):
    """One frame from the server."""

    opcode: int
    payload: bytes

    @property
    def message(self) -> dict[str, Any]:
        assert self.opcode == TEXT, self
        message: dict[str, Any] = json.loads(self.payload)
        return message

    @property
    def close_code(self) -> int:
        assert self.opcode == CLOSE, self
        return int.from_bytes(self.payload[:2], "big")


class RawPeer:
    """A TCP connection to the server."""

    def __init__(self, connected: socket.socket) -> None:
        self.socket = connected
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()

    async def send_bytes(self, data: bytes) -> None:
        await asyncio.wait_for(self._loop.sock_sendall(self.socket, data), _TIMEOUT_S)

    async def send_frame(self, opcode: int, payload: bytes = b"") -> None:
        await self.send_bytes(client_frame(opcode, payload))

    async def say(self, kind: str, **fields: Any) -> None:
        await self.send_frame(TEXT, json.dumps({"type": kind, **fields}).encode())

    async def frame(self) -> Frame:
        """The next frame. Raises: EOFError, ConnectionResetError."""
        head = await self._exactly(2)
        length = head[1] & 127
        if length > 125:
            length = int.from_bytes(await self._exactly(2 if length == 126 else 8), "big")
        return Frame(head[0] & 15, await self._exactly(length))

    async def hear(self, *kinds: str) -> dict[str, Any]:
        """The next message, of one of the kinds if some are named and no position otherwise; others are dropped, pings answered."""
        while True:
            frame = await self.frame()
            if frame.opcode == PING:
                await self.send_frame(PONG, frame.payload)
            if frame.opcode == TEXT and (frame.message["type"] in kinds if kinds else frame.message["type"] != "position"):
                return frame.message

    async def ended(self) -> list[Frame]:
        """Every frame until the server closes the connection."""
        frames: list[Frame] = []
        try:
            while True:
                frames.append(await self.frame())
        except (EOFError, ConnectionResetError):
            return frames

    async def until_close(self) -> list[Frame]:
        """Every frame until the server's CLOSE, which is the last one and is not answered."""
        frames = [await self.frame()]
        while frames[-1].opcode != CLOSE:
            frames.append(await self.frame())
        return frames

    async def closed(self) -> list[Frame]:
        """Every frame until the server's CLOSE, which is answered, and the end."""
        frames = await self.until_close()
        await self.send_frame(CLOSE, frames[-1].payload)
        assert await self.ended() == []
        return frames

    async def answer(self) -> Answer:
        """The head of an HTTP answer, and the body of a refusal."""
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            await self._receive()
        first, *lines = (await self._exactly(end + 4)).decode("latin-1").rstrip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        body = await self._exactly(int(headers.get("content-length", "0")))
        return Answer(int(first.split(" ")[1]), headers, json.loads(body) if body else {})

    def reset(self) -> None:
        """Leaves with a TCP reset (SO_LINGER 0)."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    async def _exactly(self, count: int) -> bytes:
        while len(self._received) < count:
            await self._receive()
        taken = bytes(self._received[:count])
        del self._received[:count]
        return taken

    async def _receive(self) -> None:
        data = await asyncio.wait_for(self._loop.sock_recv(self.socket, 65_536), _TIMEOUT_S)
        if not data:
            raise EOFError
        self._received += data


def client_frame(opcode: int, payload: bytes) -> bytes:
    """A whole masked frame (RFC 6455 §5.2)."""
    length = len(payload)
    size = bytes([128 | length]) if length < 126 else b"\xfe" + length.to_bytes(2, "big")
    if length >= 65_536:
        size = b"\xff" + length.to_bytes(8, "big")
    mask = (_MASK * (length // 4 + 1))[:length]
    masked = (int.from_bytes(payload, "big") ^ int.from_bytes(mask, "big")).to_bytes(length, "big")
    return bytes([128 | opcode]) + size + _MASK + masked


@asynccontextmanager
async def connected(port: int, receive_buffer_bytes: int | None = None) -> AsyncGenerator[RawPeer]:
    """A bare TCP connection; a small receive buffer makes a client that does not read felt at once."""
    with socket.socket() as connecting:
        connecting.setblocking(False)
        if receive_buffer_bytes is not None:
            connecting.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer_bytes)
        await asyncio.get_running_loop().sock_connect(connecting, ("127.0.0.1", port))
        yield RawPeer(connecting)


async def request_upgrade(peer: RawPeer, path: str, changed: dict[str, str | None], method: str = "GET") -> None:
    """Sends a handshake; `changed` headers replace the right ones, None leaves one out."""
    right: dict[str, str | None] = {
        "Host": "127.0.0.1",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    lines = [f"{name}: {value}" for name, value in (right | changed).items() if value is not None]
    await peer.send_bytes("\r\n".join([f"{method} {path} HTTP/1.1", *lines, "", ""]).encode())


@asynccontextmanager
async def knock(
    port: int, path: str = "/ws", *, method: str = "GET", receive_buffer_bytes: int | None = None, **headers: str | None
) -> AsyncGenerator[tuple[RawPeer, Answer]]:
    """A handshake and its answer, whatever it is. Header names are written with `_` for `-`."""
    async with connected(port, receive_buffer_bytes) as peer:
        await request_upgrade(peer, path, {name.replace("_", "-"): value for name, value in headers.items()}, method)
        yield peer, await peer.answer()


@asynccontextmanager
async def open_raw_peer(port: int, user: str | None = None, *, receive_buffer_bytes: int | None = None) -> AsyncGenerator[RawPeer]:
    """A connection past its `welcome`."""
    path = f"/ws?user_id={user}" if user else "/ws"
    async with knock(port, path, receive_buffer_bytes=receive_buffer_bytes) as (peer, answer):
        assert answer.status == 101, answer
        assert (await peer.hear())["type"] == "welcome"
        yield peer


def half_close(peer: RawPeer) -> None:
    """EOF without a CLOSE frame."""
    peer.socket.shutdown(socket.SHUT_WR)
