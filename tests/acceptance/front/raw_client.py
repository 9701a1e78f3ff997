"""A client that sends exactly the bytes it is given."""

from __future__ import annotations

import json
import os
import socket
from dataclasses import dataclass
from typing import Any

from tests.acceptance.front.running_front import TIMEOUT_S

KEY = "dGhlIHNhbXBsZSBub25jZQ=="


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        assert self.headers["content-type"] == "application/problem+json"
        document: dict[str, Any] = json.loads(self.body)
        assert document["status"] == self.status
        assert document["request_id"] == self.headers["x-request-id"]
        assert set(document) == {"type", "title", "status", "detail", "code", "request_id"}
        return document


@dataclass(frozen=True)
class Frame:
    opcode: int
    payload: bytes

    @property
    def close_code(self) -> int:
        assert self.opcode == 8
        return int.from_bytes(self.payload[:2], "big")


class RawClient:
    """A TCP connection that reads HTTP answers and WebSocket frames."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""

    def __enter__(self) -> RawClient:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send_bytewise(self, data: bytes) -> None:
        """One segment per byte, until the server has had enough."""
        for byte in data:
            try:
                self.socket.sendall(bytes((byte,)))
            except OSError:
                return

    def answer(self, *, to_head: bool = False) -> Answer:
        head = self._until(b"\r\n\r\n").decode("latin-1")
        first, *lines = head.removesuffix("\r\n\r\n").split("\r\n")
        pairs = [line.split(": ", 1) for line in lines]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs)
        length = 0 if to_head else int(headers.get("content-length", "0"))
        return Answer(int(first.split(" ")[1]), headers, self._exactly(length))

    def open(self, path: str = "/ws", *more: str, behind: bytes = b"") -> Answer:
        """Opens a WebSocket; `behind` is sent in the same segment as the head."""
        self.send(upgrade(path, *more) + behind)
        answer = self.answer()
        assert answer.status == 101
        return answer

    def frame(self) -> Frame:
        first, second = self._exactly(2)
        assert first & 0x70 == 0
        assert second < 128
        length = second
        if length == 126:
            length = int.from_bytes(self._exactly(2), "big")
        elif length == 127:
            length = int.from_bytes(self._exactly(8), "big")
        return Frame(first & 15, self._exactly(length))

    def at_end(self) -> bool:
        """Whether the server closed without another byte."""
        try:
            return not self._buffer and self.socket.recv(1) == b""
        except ConnectionResetError:
            return True

    def leave(self) -> None:
        """Closes without a word."""
        self.socket.close()

    def _until(self, end: bytes) -> bytes:
        while end not in self._buffer:
            self._read()
        head, _, self._buffer = self._buffer.partition(end)
        return head + end

    def _exactly(self, count: int) -> bytes:
        while len(self._buffer) < count:
            self._read()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _read(self) -> None:
        data = self.socket.recv(65536)
        assert data, f"the server closed after {self._buffer!r}"
        self._buffer += data


def request(line: str, *headers: str, body: bytes = b"", host: str | None = "localhost") -> bytes:
    lines = [line, *([f"Host: {host}"] if host is not None else []), *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def upgrade(path: str, *more: str, method: str = "GET", connection: str = "Upgrade", version: str = "13", key: str = KEY) -> bytes:
    headers = ("Upgrade: websocket", f"Connection: {connection}", f"Sec-WebSocket-Version: {version}", f"Sec-WebSocket-Key: {key}")
    return request(f"{method} {path} HTTP/1.1", *headers, *more)


def client_frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0) -> bytes:
    size = len(payload)
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    if size < 126:
        head = bytes((first, 0x80 | size))
    elif size < 65536:
        head = bytes((first, 0xFE)) + size.to_bytes(2, "big")
    else:
        head = bytes((first, 0xFF)) + size.to_bytes(8, "big")
    mask = os.urandom(4)
    return head + mask + masked(payload, mask)


def masked(payload: bytes, mask: bytes) -> bytes:
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")


def close_frame(code: int, reason: bytes = b"") -> bytes:
    return client_frame(8, code.to_bytes(2, "big") + reason)
