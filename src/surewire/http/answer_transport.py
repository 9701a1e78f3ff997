"""One system call and one packet for a whole answer: its head waits for the first bytes of its body."""

from __future__ import annotations

import asyncio
from typing import Final

__all__ = ["AnswerTransport"]

_INTERIM: Final = b"HTTP/1.1 100 "


class AnswerTransport:
    """What uvicorn's cycle of one request writes its answer to. The answer has a body, be it empty: a HEAD request has none."""

    __slots__ = ("_head", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._head: bytes | None = None

    def write(self, data: bytes) -> None:
        """Keeps the head, and writes everything else at once; 100 Continue is no head, somebody waits for it."""
        if self._head is None and not data.startswith(_INTERIM):
            self._head = data
        elif self._head:
            head, self._head = self._head, b""
            self._transport.write(head + data)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Ends the connection, after a head that never got its body."""
        if self._head:
            self.write(b"")
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()
