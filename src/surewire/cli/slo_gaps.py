"""When the server did not run, in sentences: what `surewire slo status` adds to its table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from surewire.domain.instant import MICROS_PER_SECOND, parse_instant
from surewire.monitoring.slo_view import GapView, SloView
from surewire.slo.window import DAY_S, HOUR_S, GapCause

__all__ = ["gap_sentences"]

_ENDINGS: Final[dict[GapCause, str]] = {"crash": "after a crash", "drain": "after it was stopped (drain)"}


def gap_sentences(slos: Iterable[SloView]) -> Iterator[str]:
    """One sentence for each gap of each objective: from when to when, how long, and how the life before it had ended."""
    return (_sentence(slo.id, gap) for slo in slos for gap in slo.gaps)


def _sentence(slo: str, gap: GapView) -> str:
    length_s = (parse_instant(gap.to) - parse_instant(gap.from_)) // MICROS_PER_SECOND
    return f"{slo}: down from {_short(gap.from_)} to {_short(gap.to)}, {_length(length_s)}, {_ENDINGS[gap.cause]}"


def _short(instant: str) -> str:
    """To the second, as finely as signs of life are kept."""
    return f"{instant[:19]}Z"


def _length(seconds: int) -> str:
    """`1 d 2 h 3 min 4 s`, without what is zero."""
    parts = ((seconds // DAY_S, "d"), (seconds % DAY_S // HOUR_S, "h"), (seconds % HOUR_S // 60, "min"), (seconds % 60, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
