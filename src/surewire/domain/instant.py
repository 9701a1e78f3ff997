"""Instants: integer microseconds since the Unix epoch inside, RFC 3339 UTC with microseconds and `Z` outside."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

__all__ = ["MICROS_PER_SECOND", "format_instant", "format_seconds", "parse_instant"]

MICROS_PER_SECOND = 1_000_000
# Python reads all of ISO 8601: weeks, missing seconds, commas, local times.
_RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def format_instant(micros: int) -> str:
    """`2026-11-21T10:00:00.000000Z` (RFC 3339 §5.6) of microseconds since the epoch."""
    seconds, rest = divmod(micros, MICROS_PER_SECOND)
    return f"{datetime.fromtimestamp(seconds, UTC).isoformat()[:19]}.{rest:06d}Z"


def format_seconds(seconds: int) -> str:
    """The same of whole seconds since the epoch."""
    return format_instant(seconds * MICROS_PER_SECOND)


def parse_instant(text: str) -> int:
    """Microseconds since the epoch of an RFC 3339 instant, cut off below them. Raises: ValueError when it is none."""
    if not _RFC_3339.fullmatch(text):
        raise ValueError(f"{text!r} is no instant; write it as 2026-11-21T10:00:00Z")
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)
