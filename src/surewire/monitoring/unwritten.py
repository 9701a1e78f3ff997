"""Slots that the store has not taken yet."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from surewire.errors import BackendError
from surewire.ports.sli_store import LifeRecord, SliStore, Slot
from surewire.telemetry.logging import logger

__all__ = ["Unwritten"]

_MOST_SLOTS: Final = 240
"""An hour of them; a store that fails for longer loses the oldest."""

_log = logger(__name__)


class Unwritten:
    """Keeps slots and signs of life until the store has them. `problem` is why it did not take the last ones."""

    def __init__(self) -> None:
        self._lives: dict[str, LifeRecord] = {}
        self._slots: dict[tuple[str, int], Slot] = {}
        self.problem: str | None = None

    def put(self, life: LifeRecord, slots: Iterable[Slot]) -> None:
        """Adds slots of a life, over what waits of the same slots."""
        self._lives[life.id] = life
        self._slots |= {(life.id, slot.start_s): slot for slot in slots}
        while len(self._slots) > _MOST_SLOTS:
            del self._slots[next(iter(self._slots))]

    async def offer(self, store: SliStore) -> int | None:
        """Gives the store everything: the start of the first slot it took, None when there was none or it fails."""
        taken: list[int] = []
        for life in list(self._lives.values()):
            slots = [slot for (life_id, _), slot in self._slots.items() if life_id == life.id]
            if not await self._write(store, life, slots):
                return None
            self._forget(life, slots)
            taken += (slot.start_s for slot in slots)
        return min(taken, default=None)

    async def _write(self, store: SliStore, life: LifeRecord, slots: list[Slot]) -> bool:
        try:
            await store.write(slots, life)
        except BackendError as error:
            if self.problem is None:
                _log.error("what is counted cannot be stored", reason=str(error), exc_info=error)
            self.problem = str(error)
            return False
        if self.problem is not None:
            _log.info("what is counted is stored again", slots=len(slots))
        self.problem = None
        return True

    def _forget(self, life: LifeRecord, slots: Iterable[Slot]) -> None:
        """What was put meanwhile stays."""
        if self._lives.get(life.id) is life:
            del self._lives[life.id]
        for slot in slots:
            if self._slots.get((life.id, slot.start_s)) is slot:
                del self._slots[life.id, slot.start_s]
