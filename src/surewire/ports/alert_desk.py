"""Where judged alerts go, and what it says of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from surewire.slo.judgement import Judgement, LatchMark

__all__ = ["AlertDesk"]


class AlertDesk(Protocol):
    """Takes every evaluation's judgements and tells people what they must know."""

    @property
    def marks(self) -> Mapping[str, LatchMark]:
        """How far each latched alert's counters have been looked at, by alert."""
        ...

    @property
    def firing(self) -> Collection[str]:
        """The names of the alerts that fire now."""
        ...

    async def advance(self, judgements: Sequence[Judgement], now_s: int) -> Sequence[object]:
        """Takes the judgements of one evaluation: what began or ceased to fire. What follows is on disk when it returns.

        Raises: BackendUnavailableError, and then nothing happened.
        """
        ...
