"""Watermarks, gathered: a client may acknowledge every message, the store hears of the last."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple

from surewire.ports.message_store import MessageStore, WatermarkState, WatermarkUpdate

__all__ = ["CoalescedReceipts"]

_BATCH: Final = 1_000
_MAX_PENDING: Final = 100_000

_Refused = Callable[[WatermarkUpdate], None] | None


class _Key(NamedTuple):
    user_id: str
    state: WatermarkState
    chat_id: str
    message_id: str


class CoalescedReceipts:
    """The `Receipts` port over a `MessageStore`. What is not stored at a kill -9 is lost; the next acknowledgement makes up for it."""

    def __init__(self, store: MessageStore, *, max_pending: int = _MAX_PENDING) -> None:
        self._store, self._max_pending = store, max_pending
        self._pending: dict[_Key, tuple[WatermarkUpdate, _Refused]] = {}
        self._flushing = asyncio.Lock()

    def acknowledge(self, update: WatermarkUpdate, refused: _Refused = None) -> None:
        key = _Key(update.user_id, update.state, update.chat_id, update.message_id)
        known = self._pending.get(key)
        if known is None and len(self._pending) >= self._max_pending:
            return  # the store does not keep up; watermarks are cumulative, a later one says the same
        if known is None or known[0].sequence <= update.sequence:
            self._pending[key] = update, refused

    async def flush(self) -> None:
        """Returns when everything taken before the call is stored. Raises: BackendError, then it is kept for the next time."""
        async with self._flushing:
            pending, self._pending = self._pending, {}
            while pending:
                batch = dict(islice(pending.items(), _BATCH))
                try:
                    await self._store_batch(batch)
                except BaseException:
                    self._put_back(pending)
                    raise
                for key in batch:
                    del pending[key]

    async def _store_batch(self, batch: dict[_Key, tuple[WatermarkUpdate, _Refused]]) -> None:
        for outsider in await self._store.acknowledge([update for update, _ in batch.values()]):
            key = _Key(outsider.user_id, outsider.state, outsider.chat_id, outsider.message_id)
            refused = batch[key][1]
            if refused is not None:
                refused(outsider)

    def _put_back(self, pending: dict[_Key, tuple[WatermarkUpdate, _Refused]]) -> None:
        newer, self._pending = self._pending, pending
        for update, refused in newer.values():
            self.acknowledge(update, refused)
