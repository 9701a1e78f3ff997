"""What the evaluation says of an alert's condition at one moment."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

__all__ = ["Judgement", "LatchMark", "Verdict"]

Verdict = Literal["firing", "quiet", "no_data"]


class LatchMark(msgspec.Struct, frozen=True):
    """How far a latched alert's counters have been looked at: they grew by `counted` since `since_s`, and that is told already."""

    since_s: int = 0
    counted: int = 0


class Judgement(msgspec.Struct, frozen=True, kw_only=True):
    """Whether the condition of the alert `name` holds. `no_data` is neither: what it reads is not there, or nothing happened."""

    name: str
    verdict: Verdict
    value: Decimal | None = None
    """What was compared."""
    detail: str = ""
    """The numbers behind it, in words."""
    mark: LatchMark | None = None
    """For a latched alert: up to where its counters have been looked at now."""
