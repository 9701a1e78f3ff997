"""The event loop's `call_soon`, which runs when a test ends the turn."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["TurnOfLoop"]


class TurnOfLoop:
    """Gathers callbacks as `loop.call_soon` does."""

    def __init__(self) -> None:
        self._soon: list[Callable[[], None]] = []

    def call_soon(self, callback: Callable[[], None]) -> None:
        self._soon.append(callback)

    def end(self) -> None:
        """Runs what was gathered, as the loop does when the current callback returns."""
        soon, self._soon = self._soon, []
        for callback in soon:
            callback()
