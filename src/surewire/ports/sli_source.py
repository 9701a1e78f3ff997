"""Counts by slot, from wherever they are recorded."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from surewire.ports.sli_store import Slot
from surewire.slo.window import Interval

__all__ = ["SliSource"]


class SliSource(Protocol):
    """The recorded past: the server's own store, or a Prometheus that scrapes it."""

    async def slots(self, interval: Interval, length_s: int) -> Sequence[Slot]:
        """The slots of that length which start in the interval, oldest first.

        Raises: BackendUnavailableError when it cannot be asked.
        """
        ...
