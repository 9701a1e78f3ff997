"""What happens when connections cannot be accepted because the process or the machine has run out of descriptors or memory.

asyncio tells the loop's exception handler about every single failure, dozens a second, and tries again after a second. The operator is told
once an episode instead, and connections that wait for their clients make room, so that the next attempt has somebody to serve.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Generator
from typing import Any, Final

from surewire.http.plain_connections import PlainConnections

__all__ = ["enduring_accept_failures"]

_ACCEPT_FAILED: Final = "socket.accept() out of system resource"
_RETRY_CALLBACK: Final = "_start_serving"
_EPISODE_GAP_S: Final = 60.0
"""Failures further apart than this are told apart."""
_TURN_S: Final = 0.5
"""asyncio reports many failures of one attempt, and waits for 1 s until the next."""
_EVICTED: Final = 64

_log = logging.getLogger(__name__)

_Context = dict[str, Any]
_Handler = Callable[[asyncio.AbstractEventLoop, _Context], object]


class _AcceptFailures:
    """An exception handler of the loop, which passes on whatever it is not about."""

    def __init__(self, connections: PlainConnections, others: _Handler | None) -> None:
        self._connections, self._others = connections, others
        self._last_s = -_EPISODE_GAP_S

    def __call__(self, loop: asyncio.AbstractEventLoop, context: _Context) -> None:
        if context.get("message") == _ACCEPT_FAILED:
            self._failed(loop.time(), context.get("exception"))
        elif self._is_late_retry(context):
            return
        elif self._others is not None:
            self._others(loop, context)
        else:
            loop.default_exception_handler(context)

    def _failed(self, now_s: float, error: object) -> None:
        since_s, self._last_s = now_s - self._last_s, now_s
        if since_s < _TURN_S:
            return
        evicted = self._connections.evict(_EVICTED)
        if since_s >= _EPISODE_GAP_S:
            reason = error.strerror if isinstance(error, OSError) else error
            _log.error("no connection can be accepted: %s; raise ulimit -n; closed %d idle connections, trying on", reason, evicted)

    @staticmethod
    def _is_late_retry(context: _Context) -> bool:
        # asyncio tries again also after the listening socket was closed, and finds that it is no descriptor any more.
        return isinstance(context.get("exception"), ValueError) and _RETRY_CALLBACK in context.get("message", "")


@contextlib.contextmanager
def enduring_accept_failures(connections: PlainConnections) -> Generator[None]:
    """While the block runs, the running loop's failures to accept are endured as this module says."""
    loop = asyncio.get_running_loop()
    previous = loop.get_exception_handler()
    loop.set_exception_handler(_AcceptFailures(connections, previous))
    try:
        yield
    finally:
        loop.set_exception_handler(previous)
