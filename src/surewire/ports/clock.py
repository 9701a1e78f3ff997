"""Time from outside, so that tests own it."""

from __future__ import annotations

from typing import Protocol

__all__ = ["Clock"]


class Clock(Protocol):
    """Two clocks. Durations come from `monotonic`, stamps that people or other processes read from `now_micros`."""

    def monotonic(self) -> float:
        """Seconds that never go back, from an arbitrary start."""
        ...

    def now_micros(self) -> int:
        """Wall clock: microseconds since the Unix epoch. May jump."""
        ...
