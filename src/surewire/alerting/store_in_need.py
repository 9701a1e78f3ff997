"""An alert store that goes on in memory while the real one takes no writes: a full disk is when people must be told.

Theory of operation. What the real store refuses for now is kept as a queue of operations, and done in their order at the first call that
finds it working again. Until then what waits in the outbox is the real one's last answer with everything since laid over it. So alerts go
on, and go out; only a crash in that time loses what was not kept, and then the next life judges anew and tells again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import msgspec

from surewire.errors import BackendUnavailableError
from surewire.ports.alert_store import AlertBook, AlertChange, AlertStore, Episode
from surewire.ports.idempotency import Claim
from surewire.ports.notifier import Notification
from surewire.ports.outbox import Outgoing
from surewire.slo.window import Interval
from surewire.telemetry.logging import logger

__all__ = ["StoreInNeed"]

_log: Final = logger(__name__)

_Operation = Callable[[], Awaitable[None]]


class StoreInNeed:
    """The `AlertStore` of another one, whose `commit` and outbox also work while that cannot be written."""

    def __init__(self, store: AlertStore) -> None:
        self._store = store
        self._late: deque[_Operation] = deque()
        self._waiting: dict[str, Outgoing] = {}
        """The real outbox as it was last seen, and what was done to it since."""
        self._position = 0
        self._turn = asyncio.Lock()

    @property
    def late(self) -> int:
        """How many operations were not kept yet."""
        return len(self._late)

    # ---- what goes on in need

    async def commit(self, change: AlertChange, claim: Claim | None = None, result: object = None) -> None:
        """Only what nobody waits for goes on in need: who has a claim is told that it could not be kept."""
        if claim is None:
            await self._do(lambda: self._store.commit(change))
        else:
            await self._answered(change, claim, result)
        self._hold(change.notifications, change.at_s)

    async def put(self, notifications: Sequence[Notification], at_s: int) -> None:
        await self._do(lambda: self._store.put(notifications, at_s))
        self._hold(notifications, at_s)

    async def pending(self, limit: int = 1_000) -> Sequence[Outgoing]:
        async with self._turn:
            if await self._catch_up():
                try:
                    found = await self._store.pending(limit)
                except BackendUnavailableError:
                    pass  # what was last seen is still the best answer
                else:
                    self._see(found)
                    return found
            return list(self._waiting.values())[:limit]

    async def delivered(self, notification_id: str) -> None:
        await self._do(lambda: self._store.delivered(notification_id))
        self._waiting.pop(notification_id, None)

    async def failed(self, notification_id: str, problem: str, next_attempt_s: int) -> None:
        await self._do(lambda: self._store.failed(notification_id, problem, next_attempt_s))
        if (one := self._waiting.get(notification_id)) is not None:
            self._waiting[notification_id] = msgspec.structs.replace(
                one, attempts=one.attempts + 1, problem=problem, next_attempt_s=next_attempt_s
            )

    async def given_up(self, notification_id: str, problem: str, at_s: int) -> None:
        await self._do(lambda: self._store.given_up(notification_id, problem, at_s))
        self._waiting.pop(notification_id, None)

    # ---- what does not

    async def refuse_repeated(self, claim: Claim | None, at_s: int) -> None:
        await self._store.refuse_repeated(claim, at_s)

    async def load(self) -> AlertBook:
        return await self._store.load()

    async def episodes(self, interval: Interval) -> Sequence[Episode]:
        return await self._store.episodes(interval)

    async def dead_letters(self, limit: int = 1_000) -> Sequence[Outgoing]:
        return await self._store.dead_letters(limit)

    async def revive(self, notification_id: str, at_s: int, claim: Claim | None = None) -> bool:
        return await self._store.revive(notification_id, at_s, claim)

    # ---- within

    async def _do(self, operation: _Operation) -> None:
        """Keeps it now, or later."""
        async with self._turn:
            self._late.append(operation)
            await self._catch_up()

    async def _answered(self, change: AlertChange, claim: Claim, result: object) -> None:
        async with self._turn:
            if not await self._catch_up():
                raise BackendUnavailableError("alerts", "what happened before could not be kept yet; try again")
            await self._store.commit(change, claim, result)

    async def _catch_up(self) -> bool:
        """Does what is late, in order. Raises what the store refuses for good, and does not try that again."""
        while self._late:
            operation = self._late.popleft()
            try:
                await operation()
            except BackendUnavailableError as error:
                self._late.appendleft(operation)
                if len(self._late) == 1:
                    _log.error("the state of alerts cannot be kept; they go on in memory", reason=str(error))
                return False
        return True

    def _hold(self, notifications: Sequence[Notification], at_s: int) -> None:
        for one in notifications:
            if one.id not in self._waiting:
                self._position += 1
                self._waiting[one.id] = Outgoing(position=self._position, notification=one, queued_at_s=at_s)

    def _see(self, found: Sequence[Outgoing]) -> None:
        # Positions only rise for whoever reads them; the real store's own go on from where they were, so they are never below these.
        self._waiting = {one.notification.id: one for one in found}
        self._position = max((one.position for one in found), default=self._position)
