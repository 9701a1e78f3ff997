"""Time that has passed, by a wall clock that may be set back."""

from __future__ import annotations

from typing import Final

__all__ = ["elapsed_s"]

_LONG_S: Final = 2**40


def elapsed_s(since_s: int, now_s: int) -> int:
    """Seconds since then. When that lies in the future the clock was set back, and nobody knows: then it was long ago, so that somebody is
    rather told once too often than waited for until the clock has caught up."""
    return now_s - since_s if since_s <= now_s else _LONG_S
