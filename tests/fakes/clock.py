"""Time that passes only when it is told to."""

from __future__ import annotations

__all__ = ["SettableClock"]


class SettableClock:
    """A `Clock` whose two clocks go on together, or apart when one is set."""

    def __init__(self, now_micros: int = 1_790_000_000_000_000) -> None:
        self.wall_micros = now_micros
        self.monotonic_s = 1_000.0

    def monotonic(self) -> float:
        return self.monotonic_s

    def now_micros(self) -> int:
        return self.wall_micros

    def advance(self, seconds: float) -> None:
        self.monotonic_s += seconds
        self.wall_micros += int(seconds * 1_000_000)
