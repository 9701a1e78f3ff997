"""The day by which an alert's cause is mended: a day to come when it is said, and overdue when it has passed."""

from __future__ import annotations

from datetime import UTC, date, datetime

from surewire.errors import ClientError

__all__ = ["check_due", "is_overdue"]


def check_due(due: str, now_s: int) -> None:
    """Raises: ClientError when it is no day, or has passed."""
    try:
        date.fromisoformat(due)
    except ValueError:
        raise ClientError("INVALID_MESSAGE", f"{due!r} is no day; write it like 2026-12-01", path="due") from None
    if is_overdue(due, now_s):
        raise ClientError("INVALID_MESSAGE", f"{due} has passed; say by which day it will be mended", path="due")


def is_overdue(due: str, now_s: int) -> bool:
    """Whether the day is over, in UTC."""
    return due < f"{datetime.fromtimestamp(now_s, UTC):%Y-%m-%d}"
