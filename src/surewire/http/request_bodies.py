"""How many bytes of request bodies may be in memory at once, over all connections.

What counts is what has come, not what was announced, from then on until the request is over: until its task has ended, for that may
outlive the connection. Once the bound is reached, nobody may add to it but small bodies: a publisher of events does not suffer from those
who upload slowly, and how many small bodies there can be follows from the number of connections.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

from surewire.http.refusal import UNAVAILABLE, RequestRefusedError

__all__ = ["SMALL_BODY_BYTES", "HeldBody", "RequestBodies"]

SMALL_BODY_BYTES: Final = 16384
"""Up to this size a body is taken whatever the others hold."""

_RETRY_SOON_S: Final = 1.0

_AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]


class RequestBodies:
    """The bodies of all listeners. Loop thread only."""

    __slots__ = ("_limit_bytes", "held_bytes")

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self.held_bytes = 0

    @property
    def is_full(self) -> bool:
        """Whether only small bodies are taken."""
        return self.held_bytes >= self._limit_bytes

    def check(self, announced: Sequence[bytes]) -> None:
        """Before a body is read. `announced` is the Content-Length, empty for a chunked body. Raises: RequestRefusedError 503."""
        if self.is_full and (not announced or int(announced[0]) > SMALL_BODY_BYTES):
            raise _full()


class HeldBody:
    """The ASGI application of one request with a body: `app`, and what has come of the body counts until it returns."""

    __slots__ = ("_app", "_bodies", "_is_over", "_size_bytes")

    def __init__(self, bodies: RequestBodies, app: _AsgiApp) -> None:
        self._bodies, self._app = bodies, app
        self._size_bytes = 0
        self._is_over = False

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await self._app(scope, receive, send)
        finally:
            self.give_back()

    def add(self, count: int) -> None:
        """So many bytes more have come. Raises: RequestRefusedError 503 when they are too many."""
        if self._is_over:
            return
        if self._bodies.is_full and self._size_bytes + count > SMALL_BODY_BYTES:
            raise _full()
        self._size_bytes += count
        self._bodies.held_bytes += count

    def give_back(self) -> None:
        """The request is over. Idempotent."""
        self._is_over = True
        self._bodies.held_bytes -= self._size_bytes
        self._size_bytes = 0


def _full() -> RequestRefusedError:
    return RequestRefusedError(503, UNAVAILABLE, "too many request bodies are on their way; try again", retry_after_s=_RETRY_SOON_S)
