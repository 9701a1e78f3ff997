"""Server frames as bytes: built once, written to any number of sockets, since a server does not mask (RFC 6455 §5.1)."""

from __future__ import annotations

import picows

__all__ = ["BINARY", "CLOSE", "CONTINUATION", "PING", "PONG", "TEXT", "frame"]

TEXT, BINARY, CONTINUATION = picows.WSMsgType.TEXT, picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION
PING, PONG, CLOSE = picows.WSMsgType.PING, picows.WSMsgType.PONG, picows.WSMsgType.CLOSE

_SHORT_HEADERS = {opcode: [bytes((0x80 | opcode.value, size)) for size in range(126)] for opcode in picows.WSMsgType}
_MEDIUM_PREFIX = {opcode: bytes((0x80 | opcode.value, 126)) for opcode in picows.WSMsgType}
_LONG_PREFIX = {opcode: bytes((0x80 | opcode.value, 127)) for opcode in picows.WSMsgType}


def frame(opcode: picows.WSMsgType, payload: bytes) -> bytes:
    """A final, unmasked server frame, ready for any number of sockets (RFC 6455 §5.2). `opcode` is TEXT, BINARY or a control opcode."""
    size = len(payload)
    if size < 126:
        return _SHORT_HEADERS[opcode][size] + payload
    if size < 65536:
        return _MEDIUM_PREFIX[opcode] + size.to_bytes(2, "big") + payload
    return _LONG_PREFIX[opcode] + size.to_bytes(8, "big") + payload
