"""The operating system's clocks."""

from __future__ import annotations

import time

__all__ = ["SystemClock"]

_NANOS_PER_MICRO = 1_000


class SystemClock:
    """The `Clock` of a running server."""

    __slots__ = ()

    monotonic = staticmethod(time.monotonic)

    def now_micros(self) -> int:
        return time.time_ns() // _NANOS_PER_MICRO
