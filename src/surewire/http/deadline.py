"""How long a request waits for its effect before it is told that nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Final, TypeVar

from surewire.errors import ClientError
from surewire.http.failure_place import place_of
from surewire.ports.idempotency import AlreadyAnsweredError
from surewire.telemetry.logging import logger

__all__ = ["TIMEOUT_S", "in_time"]

TIMEOUT_S: Final = 30.0
_TOO_LONG: Final = (
    "this takes too long, and it is not known whether it will be done; "
    "a POST with an Idempotency-Key, and any PUT, PATCH or DELETE, may be sent again"
)
_Result = TypeVar("_Result")

_left_alone: Final[set[asyncio.Future[Any]]] = set()
"""Effects that nobody waits for any more: a loop itself holds its tasks only weakly."""
_log = logger(__name__)


async def in_time(effect: Awaitable[_Result], timeout_s: float = TIMEOUT_S) -> _Result:
    """What the effect returns. The effect itself goes on, and may still be done, when it takes longer or when its requester is cancelled:
    what it commits also comes into force. Only the end of the loop cancels it. A future costs less here than a coroutine.

    Raises: what it raises; ClientError `TIMEOUT` (temporary) after `timeout_s`.
    """
    running = asyncio.ensure_future(effect)
    is_done = False
    try:
        # Unlike asyncio.timeout, this cancels nothing but the waiting.
        await asyncio.wait((running,), timeout=timeout_s)
        is_done = running.done()
    finally:
        if not is_done:
            _leave_alone(running)
    if is_done:
        return running.result()
    raise ClientError("TIMEOUT", _TOO_LONG, temporary=True, retry_after_s=1.0)


def _leave_alone(running: asyncio.Future[Any]) -> None:
    _left_alone.add(running)
    running.add_done_callback(_ended_alone)


def _ended_alone(ended: asyncio.Future[Any]) -> None:
    """Says what its requester can no longer be told: that it failed. A refusal is the requester's affair, and nothing was done."""
    _left_alone.discard(ended)
    error = None if ended.cancelled() else ended.exception()
    is_refusal = isinstance(error, AlreadyAnsweredError) or (isinstance(error, ClientError) and not error.temporary)
    if error is not None and not is_refusal:
        _log.error("what a request left behind failed", error_type=type(error).__name__, place=place_of(error))
