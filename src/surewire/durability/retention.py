"""Retention: messages that are too old go, in small batches, so that writing never waits long."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.clock import Clock
from surewire.ports.message_store import MessageStore
from surewire.telemetry.logging import logger

__all__ = ["Retention"]

_log = logger(__name__)
_BATCH: Final = 500
_SECONDS_PER_DAY: Final = 86_400


class Retention:
    """Removes what is older than `days`, and what deleted chats left behind."""

    def __init__(self, store: MessageStore, clock: Clock, days: float) -> None:
        self._store, self._clock = store, clock
        self._kept_micros = int(days * _SECONDS_PER_DAY * MICROS_PER_SECOND)

    async def remove_old(self, beat: Callable[[], None]) -> int:
        """Removes all there is to remove now, and returns how many messages that were; `beat` is called after each batch.

        Raises: BackendError.
        """
        removed = 0
        while count := await self._store.prune(self._clock.now_micros() - self._kept_micros, _BATCH):
            removed += count
            beat()
        if removed:
            _log.info("old messages were removed", messages=removed)
        return removed
