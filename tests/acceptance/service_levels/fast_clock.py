"""A clock that runs fast for one process, by libfaketime: hours of a real server pass in minutes, its waits included."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest

__all__ = ["Stalls", "needs_fast_clock", "running_fast", "watched_stalls"]

_LOOKS_EVERY_S = 0.05
_USUALLY_LATE_S = 0.1

_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

needs_fast_clock = pytest.mark.skipif(
    not _LIBRARIES and os.environ.get("CI") != "true", reason="libfaketime is not installed (apt-get install faketime)"
)


def running_fast(start_s: float, rate: int) -> dict[str, str]:
    """The environment of a process that starts at `start_s` (seconds since the epoch), with a clock `rate` times as fast."""
    start = datetime.fromtimestamp(start_s, UTC)
    return {
        "LD_PRELOAD": str(_LIBRARIES[0]),
        "FAKETIME": f"@{start:%Y-%m-%d %H:%M:%S} x{rate}",
        "FAKETIME_FMT": "%Y-%m-%d %H:%M:%S",
        "TZ": "UTC",
    }


class Stalls:
    """How long the machine stood still, as far as this process can tell: what happens on a fast clock meanwhile is no server's fault."""

    def __init__(self) -> None:
        self.total_s = 0.0

    async def watch(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due_s = loop.time() + _LOOKS_EVERY_S
            await asyncio.sleep(_LOOKS_EVERY_S)
            if (late_s := loop.time() - due_s) > _USUALLY_LATE_S:
                self.total_s += late_s


@asynccontextmanager
async def watched_stalls() -> AsyncGenerator[Stalls]:
    """Counts while the block runs."""
    stalls = Stalls()
    watching = asyncio.create_task(stalls.watch())
    try:
        yield stalls
    finally:
        watching.cancel()
