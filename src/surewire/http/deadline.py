"""How long a request waits for a commit before it is told that nobody knows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

from surewire.errors import ClientError

__all__ = ["TIMEOUT_S", "in_time"]

TIMEOUT_S: Final = 30.0
_Result = TypeVar("_Result")


async def in_time(effect: Awaitable[_Result], timeout_s: float = TIMEOUT_S) -> _Result:
    """What the effect returns. The effect itself goes on, and may still be done, when it takes longer.

    Raises: what it raises; ClientError `TIMEOUT` (temporary) after `timeout_s`.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await effect
    except TimeoutError:
        problem = (
            "this takes too long, and it is not known whether it will be done; the same request with an Idempotency-Key may be sent again"
        )
        raise ClientError("TIMEOUT", problem, temporary=True, retry_after_s=1.0) from None
