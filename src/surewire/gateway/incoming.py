"""What a peer may send that takes more than one look: a message in fragments, and a CLOSE frame."""

from __future__ import annotations

import codecs

import picows

from surewire.gateway.server_frame import TEXT
from surewire.protocol.codes import CloseCode

__all__ = ["MAX_FRAGMENTS", "NO_STATUS", "Assembly", "ViolationError", "parse_close"]

NO_STATUS = 1005
"""Stands for a CLOSE without a code; never on the wire (RFC 6455 §7.4.1)."""

MAX_FRAGMENTS = 1_024
"""What a message may come in unless it is configured otherwise."""


class ViolationError(Exception):
    """The peer broke the protocol: the connection ends with `code`."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason


class Assembly:
    """The fragments of one message so far. Text is decoded as it comes, so that bad UTF-8 is found at its fragment."""

    __slots__ = ("_chunks", "_count", "_decoder", "_max_bytes", "_max_fragments", "_size_bytes", "_texts")

    def __init__(self, opcode: picows.WSMsgType, max_bytes: int, max_fragments: int) -> None:
        self._max_bytes, self._max_fragments = max_bytes, max_fragments
        self._decoder = codecs.getincrementaldecoder("utf-8")("strict") if opcode is TEXT else None
        self._chunks: list[bytes] = []
        self._texts: list[str] = []
        self._count = self._size_bytes = 0

    def add(self, payload: bytes, is_final: bool) -> None:
        """Takes the next fragment. Raises: ViolationError 1007 or 1009."""
        self._count += 1
        self._size_bytes += len(payload)
        if self._size_bytes > self._max_bytes:
            raise ViolationError(CloseCode.TOO_BIG, f"message is longer than {self._max_bytes} bytes")
        if self._count > self._max_fragments:
            raise ViolationError(CloseCode.TOO_BIG, f"message has more than {self._max_fragments} fragments")
        if self._decoder is None:
            self._chunks.append(payload)
        else:
            self._texts.append(_decoded(self._decoder, payload, is_final))

    def whole(self) -> str | bytes:
        """The message, text or binary."""
        return b"".join(self._chunks) if self._decoder is None else "".join(self._texts)


def _decoded(decoder: codecs.IncrementalDecoder, payload: bytes, is_final: bool) -> str:
    try:
        return decoder.decode(payload, is_final)
    except UnicodeDecodeError:
        raise ViolationError(CloseCode.INVALID_TEXT, "text is not UTF-8") from None


def _is_legal_close_code(code: int) -> bool:
    """Whether a peer may send `code` (RFC 6455 §7.4, and the codes registered with IANA since)."""
    return 1000 <= code <= 1003 or 1007 <= code <= 1014 or 3000 <= code <= 4999


def parse_close(payload: bytes) -> tuple[int, str]:
    """Code and reason of a CLOSE frame, 1005 for an empty one. Raises: ViolationError 1002 or 1007."""
    if not payload:
        return NO_STATUS, ""
    code = int.from_bytes(payload[:2], "big")
    if len(payload) < 2 or not _is_legal_close_code(code):
        raise ViolationError(CloseCode.PROTOCOL_ERROR, "close code is not legal")
    try:
        return code, payload[2:].decode()
    except UnicodeDecodeError:
        raise ViolationError(CloseCode.INVALID_TEXT, "close reason is not UTF-8") from None
