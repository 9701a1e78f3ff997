"""The other side's view of what a server wrote: HTTP answers and WebSocket frames, taken apart strictly."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["CLOSE", "Frame", "answers", "client_frame", "server_frames"]

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0, 1, 2, 8, 9, 10


class Frame(NamedTuple):
    """A frame of a server."""

    opcode: int
    payload: bytes


def client_frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, mask: bytes = b"\x01\x80\xff\x88") -> bytes:
    """A masked frame (RFC 6455 §5.2)."""
    size = len(payload)
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + size.to_bytes(2, "big")
    return bytes([first]) + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def server_frames(data: bytes) -> list[Frame]:
    """Every frame. Fails when one is masked, cut off, in fragments, has reserved bits, or stands behind a CLOSE."""
    frames: list[Frame] = []
    while data:
        assert not frames or frames[-1].opcode != CLOSE, "a frame behind the CLOSE"
        assert data[0] & 0xF0 == 0x80, "no final frame without reserved bits"
        assert data[0] & 15 in (TEXT, BINARY, CLOSE, PING, PONG), "no opcode for a server"
        width = {126: 2, 127: 8}.get(data[1], 0)
        start = 2 + width
        length = int.from_bytes(data[2:start], "big") if width else data[1]
        assert len(data) >= start + length, "a masked frame, or one that is cut off"
        frames.append(Frame(data[0] & 15, data[start : start + length]))
        data = data[start + length :]
    return frames


def answers(data: bytes) -> tuple[list[int], bytes]:
    """The statuses of HTTP answers with Content-Length, and what follows a 101. Fails when one is malformed or cut off."""
    statuses: list[int] = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        first, *lines = head.split(b"\r\n")
        assert end, "an answer is cut off"
        assert first.startswith(b"HTTP/1.1 "), first
        statuses.append(int(first[9:12]))
        if statuses[-1] == 101:
            return statuses, data
        headers = dict(line.lower().split(b": ", 1) for line in lines)
        assert len(headers) == len(lines), "a header comes twice"
        length = int(headers.get(b"content-length", b"0"))
        # The answer to HEAD has no body, and none of ours begins like an answer.
        if not data.startswith(b"HTTP/1.1 ") and data:
            assert len(data) >= length, "a body is cut off"
            data = data[length:]
    return statuses, b""
