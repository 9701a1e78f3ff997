"""Whether a request opens a WebSocket: RFC 6455 §4.2.1, all of it, since the parser behind it is too strict and too lax."""

from __future__ import annotations

import base64
import binascii

from surewire.http.refusal import INVALID, UNSUPPORTED, RequestRefusedError
from surewire.http.request_guard import Headers, RequestHead, tokens, values

__all__ = ["read_handshake"]

_UPGRADE = (("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"))  # RFC 9110 §15.5.22: a 426 names what it wants


def read_handshake(method: bytes, version: str, headers: Headers, head: RequestHead) -> bytes:
    """The handshake's key. Raises: RequestRefusedError 400, 405 or 426."""
    if method != b"GET":  # RFC 9110 §15.5.6: the path is there and knows another method, which a 405 names
        raise RequestRefusedError(405, UNSUPPORTED, "a WebSocket opens with GET", (("Allow", "GET"),))
    if b"websocket" not in tokens(headers, b"upgrade"):
        raise RequestRefusedError(426, UNSUPPORTED, "this path speaks WebSocket", _UPGRADE)
    if version != "1.1" or head.has_body:
        raise RequestRefusedError(400, INVALID, "a WebSocket handshake is HTTP/1.1 and has no body")
    if b"upgrade" not in tokens(headers, b"connection"):
        raise RequestRefusedError(400, INVALID, "Connection header does not name upgrade")
    if values(headers, b"sec-websocket-version") != [b"13"]:
        raise RequestRefusedError(426, UNSUPPORTED, "WebSocket version is not 13", _UPGRADE)
    return _key(values(headers, b"sec-websocket-key"))


def _key(keys: list[bytes]) -> bytes:
    try:
        if len(keys) == 1 and len(base64.b64decode(keys[0], validate=True)) == 16:
            return keys[0]
    except binascii.Error:
        pass
    raise RequestRefusedError(400, INVALID, "Sec-WebSocket-Key is not one key of 16 bytes")
