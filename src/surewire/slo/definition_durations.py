"""Durations of definitions that nothing can be judged over: counts of so long a time are not kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from surewire.contract.slos import CheckSlo, Policy, ResponseSlo, Slo
from surewire.slo.timeline import KEPT_S
from surewire.slo.window import DAY_S, LONGEST_S, parse_duration

__all__ = ["too_long"]

Found = tuple[str, str, str]
"""The field, what is wrong there, and the mend."""

_CALENDAR_MONTH: Final = "calendar month"
_QUOTED: Final = 20


def too_long(piece: Slo | Policy) -> Iterator[Found]:
    """Every duration of an objective or a policy that is longer than counts are kept; what is asked of people may be 100 years."""
    for field, text in _judged(piece).items():
        if text not in {None, _CALENDAR_MONTH} and not _fits(str(text), KEPT_S):
            days = KEPT_S // DAY_S
            yield field, f"{_short(str(text))} is too long: counts are kept for {days} days to judge them.", f"Write {days}d or less."
    for field, text in _promised(piece).items():
        if not _fits(text, LONGEST_S):
            yield field, f"{_short(text)} is too long.", f"Write {LONGEST_S // DAY_S}d or less."


def _judged(piece: Slo | Policy) -> Mapping[str, str | None]:
    if isinstance(piece, Policy):
        return {"for": piece.breach_for, **{f"burn_tiers[{number}].long": tier.long for number, tier in enumerate(piece.burn_tiers)}}
    return {"window": getattr(piece, "window", None)}


def _promised(piece: Slo | Policy) -> Mapping[str, str]:
    if isinstance(piece, ResponseSlo):
        return {f"targets.{name}": within for name, within in piece.targets.items()}
    return {"persistent_retention": piece.persistent_retention} if isinstance(piece, CheckSlo) else {}


def _fits(text: str, longest_s: int) -> bool:
    try:
        parse_duration(text, longest_s)
    except ValueError:
        return False
    return True


def _short(text: str) -> str:
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}…"
