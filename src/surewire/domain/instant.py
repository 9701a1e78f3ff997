"""Instants: integer microseconds since the Unix epoch inside, RFC 3339 UTC with microseconds and `Z` outside."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

__all__ = ["MICROS_PER_SECOND", "format_instant", "parse_instant"]

MICROS_PER_SECOND = 1_000_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def format_instant(micros: int) -> str:
    """`2026-11-21T10:00:00.000000Z` (RFC 3339 §5.6) of microseconds since the epoch."""
    seconds, rest = divmod(micros, MICROS_PER_SECOND)
    moment = datetime.fromtimestamp(seconds, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"


def parse_instant(text: str) -> int:
    """Microseconds since the epoch of an RFC 3339 instant. Raises: ValueError when it is none, or has no time zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone; write it as 2026-11-21T10:00:00Z")
    return (moment - _EPOCH) // timedelta(microseconds=1)
