"""When a receiver wants to be asked again."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import parsedate_to_datetime

import httpx

__all__ = ["retry_after_s"]

_MOST_S = 86_400


def retry_after_s(headers: httpx.Headers) -> float | None:
    """Seconds from now by the `Retry-After` header, at most a day; None when there is none that can be read (RFC 9110 §10.2.3).

    A date counts from the answer's own `Date`, so that no clock of ours enters.
    """
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,9}", value):
        return float(min(int(value), _MOST_S))
    then, now = _date(value), _date(headers.get("date", ""))
    return None if then is None or now is None else min(max(0.0, (then - now).total_seconds()), _MOST_S)


def _date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date of the zone -0000 comes without one, and two of them must be comparable.
    return date if date.tzinfo is not None else None
