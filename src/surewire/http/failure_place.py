"""Where something failed, in words that may be logged."""

from __future__ import annotations

import traceback

__all__ = ["place_of"]


def place_of(error: BaseException) -> str:
    """File, line and function that raised it. The text of an exception may hold what a client sent; its place never does."""
    last = traceback.extract_tb(error.__traceback__)[-1:]
    return f"{last[0].filename}:{last[0].lineno} in {last[0].name}" if last else "nowhere"
