"""How many sockets and files the process may have open."""

from __future__ import annotations

import contextlib
import resource

__all__ = ["raise_descriptor_limit"]


def raise_descriptor_limit() -> int:
    """Raises the soft limit to the hard one, as servers may (setrlimit(2)), and returns what holds now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        # Some systems name a hard limit that they do not grant; then what was there still holds.
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            return hard
    return soft
