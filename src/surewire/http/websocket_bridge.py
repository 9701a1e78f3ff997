"""From an accepted upgrade to the frames of one connection: picows' parser on a transport that uvicorn accepted.

picows keeps a read buffer per connection and looks one frame ahead, so that a frame followed by a bad one in the same read is lost, and
the second of two CLOSE frames is answered first. So bytes are read into one staging buffer, shared by all connections of a server, and
given to the parser frame by frame: each is delivered before the next is looked at, and an idle connection needs no room for a read.

The state of the feeding is one number, `_left`:

    > 0         bytes of the current frame still to come
    0           at the start of a frame
    _SPLIT      the header of the next frame is incomplete; its bytes wait in `_header`
    _DEAF       the peer broke the protocol; whatever comes is dropped
"""

from __future__ import annotations

import asyncio
import functools
import logging
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, cast

import picows

from surewire.gateway.frames import MessageListener
from surewire.protocol.codes import CloseCode

if TYPE_CHECKING:

    class WSProtocol(asyncio.BufferedProtocol):
        """What is used of picows 2.3's own protocol class, which it neither exports nor types. A test holds it to this."""

        transport: picows.WSTransport
        listener: MessageListener

        def __init__(self, *arguments: object) -> None: ...
        def get_buffer(self, sizehint: int) -> memoryview: ...
        def buffer_updated(self, nbytes: int) -> None: ...
else:
    from picows.picows import WSProtocol

__all__ = ["Staging", "WebSocketBridge"]

_SPLIT: Final = -1
_DEAF: Final = -2
_STAGING_BYTES = 262144
_TURN_BYTES = 16384  # what one connection may say before others get their turn, unless it is one long frame
_HEAD_BEFORE_KEY = b"GET / HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
_SHORT_HEADER_BYTES = 6  # opcode, length below 126, mask
_MEDIUM_HEADER_BYTES = 8
_LONGEST_HEADER_BYTES = 14
_FINAL_TEXT = 0x81
_RUN_BYTES = 1500  # what the parser's smallest buffer takes without growing

_log = logging.getLogger(__name__)
_parser_buffer = WSProtocol.get_buffer
_parser_updated = WSProtocol.buffer_updated


class Staging:
    """The buffer into which the sockets of one event loop are read, one at a time."""

    __slots__ = ("data", "turn", "view")

    def __init__(self, size_bytes: int = _STAGING_BYTES) -> None:
        self.data = bytearray(size_bytes)
        self.view = memoryview(self.data)
        self.turn = self.view[:_TURN_BYTES]


class _QuietLogger:
    """Takes picows' log lines, of which it writes several per connection; only what it did not expect itself is passed on."""

    __slots__ = ()

    def isEnabledFor(self, level: int) -> bool:  # noqa: N802 - the name logging gives it
        return False

    def debug(self, message: str, *arguments: object) -> None: ...
    def info(self, message: str, *arguments: object) -> None: ...
    def warning(self, message: str, *arguments: object) -> None: ...
    def error(self, message: str, *arguments: object) -> None: ...

    def exception(self, message: str, *arguments: object) -> None:
        _log.error("WebSocket parser: %s", message)


class _Switching:
    """A 101 answer, shared by all connections with the same subprotocol: picows keeps it as long as the connection."""

    __slots__ = ("_extra", "headers")

    status = HTTPStatus.SWITCHING_PROTOCOLS

    def __init__(self, subprotocol: str | None) -> None:
        self._extra = f"Sec-WebSocket-Protocol: {subprotocol}\r\n" if subprotocol else ""
        self.headers: dict[str, str] = {}

    def to_bytes(self) -> bytearray:
        # picows has just put the accept value of this one connection into `headers`.
        accept = self.headers["Sec-WebSocket-Accept"]
        return bytearray(
            f"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n{self._extra}\r\n".encode("latin-1")
        )


@functools.cache
def _switching(subprotocol: str | None) -> _Switching:
    return _Switching(subprotocol)


_QUIET = _QuietLogger()
_FORGOTTEN_HEADERS: Any = {}


def _answer(answer: picows.WSUpgradeResponseWithListener, request: object) -> picows.WSUpgradeResponseWithListener:
    return answer


class WebSocketBridge(WSProtocol):
    """The asyncio protocol of one open WebSocket: call `connection_made`, set it as the transport's protocol, then call `open`.

    It keeps itself in `registry` (uvicorn's set of connections) while the socket lives.
    """

    __slots__ = ("_header", "_left", "_registry", "_staging")

    def __init__(self, listener: MessageListener, subprotocol: str | None, staging: Staging, registry: set[Any]) -> None:
        answer = picows.WSUpgradeResponseWithListener(cast(picows.WSUpgradeResponse, _switching(subprotocol)), listener)
        super().__init__(
            None,  # host_port: of clients
            None,  # ws_path: of clients
            False,  # is_client_side
            functools.partial(_answer, answer),
            _QUIET,
            True,  # disconnect_on_exception
            None,  # websocket_handshake_timeout: the front has its own
            False,  # enable_auto_ping: the gateway sweeps
            0,  # auto_ping_idle_timeout
            0,  # auto_ping_reply_timeout
            picows.WSAutoPingStrategy.PING_WHEN_IDLE,
            False,  # enable_auto_pong
            listener.max_message_bytes,
            None,  # extra_headers: of clients
            0,  # read_buffer_init_size: the smallest there is, 2 KiB
        )
        self._staging = staging
        self._registry = registry
        self._left = 0
        self._header = b""

    def open(self, key: bytes, early: bytes) -> None:
        """Answers 101 and calls the listener's `on_open`; then `early`, what came behind the request head, is read as frames."""
        self._registry.add(self)
        self._give(_HEAD_BEFORE_KEY + key + b"\r\n\r\n")
        _forget_request(self.transport)
        if early:
            self._take(early)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tells the listener, once."""
        self._registry.discard(self)
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """uvicorn is stopping: whoever the gateway's drain has left is told to come back."""
        self.listener.close(CloseCode.RESTART, "server is stopping")

    def get_buffer(self, sizehint: int) -> memoryview:
        """The shared staging buffer; asyncio fills it and calls `buffer_updated` before it serves any other socket.

        As much of it as one turn is worth: small messages are many, and each is answered before anyone else is heard.
        """
        left = self._left
        if _SPLIT <= left <= _TURN_BYTES:
            return self._staging.turn
        return self._staging.view[:left] if left > 0 else self._staging.view

    def buffer_updated(self, nbytes: int) -> None:
        """Reads `nbytes` from the staging buffer."""
        staging = self._staging
        data = staging.data
        if not self._left:
            # The common read is exactly one frame. What stands behind `nbytes` is stale, but then the sum does not fit.
            length, header_bytes = data[1] & 127, _SHORT_HEADER_BYTES
            if length == 126:
                length, header_bytes = data[2] << 8 | data[3], _MEDIUM_HEADER_BYTES
            if length + header_bytes == nbytes and length != 127:  # 127 is no length here, but a header of 14 bytes
                self._give(staging.view[:nbytes])
                if self.transport.is_close_frame_sent:
                    self._notice_close()
                return
        self._take(staging.view[:nbytes])

    def _take(self, data: bytes | memoryview) -> None:
        """Gives the parser a run of common frames, or one frame, or what there is of it, at a time."""
        if self._left == _SPLIT:
            data = self._header + bytes(data)
            self._left = 0
        start, end = 0, len(data)
        while start < end and self._left >= 0:
            stop = start if self._left else _end_of_texts(data, start, min(end, start + _RUN_BYTES))
            if stop == start:
                stop = self._part_of_frame(data, start, end)
            if stop > start:
                self._give(data[start:stop])
                start = stop
                if self.transport.is_close_frame_sent:
                    self._notice_close()

    def _part_of_frame(self, data: bytes | memoryview, start: int, end: int) -> int:
        """Where the part of the current frame ends that `data` holds; `start` when the frame cannot be read."""
        if not self._left:
            self._begin_frame(data[start : start + _LONGEST_HEADER_BYTES])
        stop = min(end, start + max(0, self._left))
        self._left -= stop - start
        return stop

    def _begin_frame(self, header: bytes | memoryview) -> None:
        """Learns how long the frame is that starts here."""
        size_bytes = _frame_bytes(header)
        if size_bytes is None:
            self._header, self._left = bytes(header), _SPLIT
        elif size_bytes > self.listener.max_message_bytes + _LONGEST_HEADER_BYTES:
            self._left = _DEAF
            self.listener.violate(CloseCode.TOO_BIG, f"message is longer than {self.listener.max_message_bytes} bytes")
        else:
            self._left = size_bytes

    def _give(self, data: bytes | memoryview) -> None:
        """Copies into the parser's own buffer, which grows only when one frame needs it."""
        buffer = _parser_buffer(self, -1)
        while (count := len(data)) > (room := len(buffer)):
            buffer[:] = data[:room]
            data = data[room:]
            _parser_updated(self, room)
            buffer = _parser_buffer(self, -1)
        buffer[:count] = data
        _parser_updated(self, count)

    def _notice_close(self) -> None:
        """A CLOSE of ours is out: when the parser sent it, or when the socket is closing, nothing that comes may reach the parser."""
        listener = self.listener
        if listener.is_open:
            listener.parser_closed()
            self._left = _DEAF
        elif self.transport.underlying_transport.is_closing():
            self._left = _DEAF


def _end_of_texts(data: bytes | memoryview, start: int, end: int) -> int:
    """Where a run of whole, final, masked text frames ends that begins at `start`: the parser can refuse none of them."""
    while start + _MEDIUM_HEADER_BYTES <= end and data[start] == _FINAL_TEXT:
        length, header_bytes, least = data[start + 1] - 128, _SHORT_HEADER_BYTES, 0
        if length == 126:
            length, header_bytes, least = data[start + 2] << 8 | data[start + 3], _MEDIUM_HEADER_BYTES, 126
        elif length > 126:
            return start
        stop = start + header_bytes + length
        if length < least or stop > end:
            return start
        start = stop
    return start


def _frame_bytes(header: bytes | memoryview) -> int | None:
    """Header and payload of the frame that starts with `header`, None when its length is not there yet (RFC 6455 §5.2)."""
    if len(header) < 2:
        return None
    length, mask_bytes = header[1] & 127, 4 if header[1] & 128 else 0
    if length < 126:
        return 2 + mask_bytes + length
    width = 2 if length == 126 else 8
    if len(header) < 2 + width:
        return None
    return 2 + width + mask_bytes + int.from_bytes(header[2 : 2 + width], "big")


def _forget_request(transport: picows.WSTransport) -> None:
    """Empties the request that picows keeps as long as the connection."""
    request = transport.request
    request.method = request.path = request.version = b""
    request.headers = _FORGOTTEN_HEADERS
