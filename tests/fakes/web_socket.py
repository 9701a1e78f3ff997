"""The other end of a connection: a client on a socket whose buffers and reading a test owns."""

from __future__ import annotations

import json
from typing import Any, cast

import picows

from surewire.gateway.frames import PING, PONG, TEXT, MessageListener, frame

__all__ = ["FakeTransport", "FakeWebSocket", "frames_of"]

Frame = tuple[int, bytes]


def frames_of(data: bytes) -> list[Frame]:
    """The whole server frames in `data`: opcode and payload (RFC 6455 §5.2)."""
    frames: list[Frame] = []
    while data:
        width = {126: 2, 127: 8}.get(data[1], 0)
        start = 2 + width
        length = int.from_bytes(data[2:start], "big") if width else data[1]
        assert len(data) >= start + length, "the last frame is cut off"
        frames.append((data[0] & 15, data[start : start + length]))
        data = data[start + length :]
    return frames


class FakeTransport:
    """asyncio's selector transport over a kernel that holds `kernel_bytes` until the client reads them.

    As the real one it writes at once what the kernel takes, pauses its protocol above the high-water mark, and resumes it at the low one.
    """

    def __init__(self, protocol: Any, kernel_bytes: int) -> None:
        self._protocol, self._kernel_bytes = protocol, kernel_bytes
        self._kernel, self._unsent = bytearray(), bytearray()
        self._high, self._low, self._paused = 64 * 1024, 16 * 1024, False
        self.writes = 0
        self.is_closed = self.is_aborted = self.wrote_eof = False
        self.is_reading = True
        self.breaks: Exception | None = None
        """What `write` raises, to be a transport that fails."""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = 64 * 1024 if high is None else high
        self._low = self._high // 4 if low is None else low

    def get_write_buffer_size(self) -> int:
        return len(self._unsent)

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return default

    def is_closing(self) -> bool:
        return self.is_closed

    def pause_reading(self) -> None:
        self.is_reading = False

    def resume_reading(self) -> None:
        self.is_reading = True

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.wrote_eof = True

    def write(self, data: bytes) -> None:
        if self.breaks is not None:
            raise self.breaks
        assert not self.wrote_eof
        if self.is_closed or not data:
            return
        self.writes += 1
        self._unsent += data
        self._send()
        if len(self._unsent) > self._high and not self._paused:
            self._paused = True
            self._protocol.pause_writing()

    def close(self) -> None:
        self.is_closed = True

    def abort(self) -> None:
        self.is_closed = self.is_aborted = True
        self._unsent.clear()

    def read(self, max_bytes: int | None = None) -> bytes:
        """What the client reads of what the kernel holds; the transport then sends on."""
        size = len(self._kernel) if max_bytes is None else min(max_bytes, len(self._kernel))
        data = bytes(self._kernel[:size])
        del self._kernel[:size]
        self._send()
        if self._paused and len(self._unsent) <= self._low:
            self._paused = False
            self._protocol.resume_writing()
        return data

    def read_all(self) -> bytes:
        """Everything, until nothing more comes."""
        parts: list[bytes] = []
        while part := self.read():
            parts.append(part)
        return b"".join(parts)

    def _send(self) -> None:
        room = self._kernel_bytes - len(self._kernel)
        self._kernel += self._unsent[:room]
        del self._unsent[:room]


class _ClientFrame:
    """A frame as the parser hands it over."""

    fin = True
    rsv1 = rsv2 = rsv3 = False

    def __init__(self, msg_type: picows.WSMsgType, payload: bytes) -> None:
        self.msg_type, self._payload = msg_type, payload

    def get_payload_as_utf8_text(self) -> str:
        return self._payload.decode()

    def get_payload_as_bytes(self) -> bytes:
        return self._payload


class FakeWebSocket:
    """The parser's transport of one listener, opened at once, and the client at its end."""

    def __init__(self, listener: MessageListener, *, kernel_bytes: int = 1 << 24) -> None:
        self.listener = listener
        self.underlying_transport = FakeTransport(listener, kernel_bytes)
        self.is_close_frame_sent = False
        self.close_handshake: Any = None
        self.is_secure = False
        self.is_lost = False
        self._read = bytearray()
        listener.on_ws_connected(cast(Any, self))

    # What the parser offers

    def send_close(self, code: int, reason: str) -> None:
        self.is_close_frame_sent = True
        self.underlying_transport.write(frame(picows.WSMsgType.CLOSE, int(code).to_bytes(2, "big") + reason.encode()))

    def send_pong(self, payload: bytes) -> None:
        self.underlying_transport.write(frame(PONG, payload))

    # What the client does

    def say(self, message: dict[str, Any] | str) -> None:
        """Sends a text frame."""
        self._send(TEXT, (message if isinstance(message, str) else json.dumps(message)).encode())

    def say_binary(self, data: bytes) -> None:
        self._send(picows.WSMsgType.BINARY, data)

    def ping(self, payload: bytes = b"") -> None:
        self._send(PING, payload)

    def pong(self, payload: bytes = b"") -> None:
        self._send(PONG, payload)

    def say_close(self, code: int = 1000) -> None:
        self._send(picows.WSMsgType.CLOSE, code.to_bytes(2, "big"))

    def lose(self) -> None:
        """The socket is gone."""
        if not self.is_lost:
            self.is_lost = True
            self.underlying_transport.is_closed = True
            self.listener.on_ws_disconnected(cast(Any, self))

    def frames(self) -> list[Frame]:
        """The frames that came since the last call; the client reads everything there is."""
        return frames_of(self.underlying_transport.read_all())

    def messages(self) -> list[dict[str, Any]]:
        """The JSON of the text frames that came since the last call."""
        return [json.loads(payload) for opcode, payload in self.frames() if opcode == TEXT.value]

    def _send(self, opcode: picows.WSMsgType, payload: bytes) -> None:
        self.listener.on_ws_frame(cast(Any, self), cast(Any, _ClientFrame(opcode, payload)))
