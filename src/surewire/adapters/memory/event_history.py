"""The events stream's history in memory: all that the port promises but the disk."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Sequence
from itertools import islice
from typing import Final

from surewire.domain.event import Event
from surewire.domain.ids import UlidGenerator
from surewire.domain.instant import MICROS_PER_SECOND, format_instant
from surewire.domain.stream import PlacedEvents, StreamEvent
from surewire.errors import ClientError, SurewireError
from surewire.ports.clock import Clock
from surewire.ports.event_history import AppendDone, OnCommitted
from surewire.ports.idempotency import AlreadyAnsweredError, Answer, Claim

__all__ = ["MemoryEventHistory"]

_CLAIM_MICROS: Final = 24 * 3600 * MICROS_PER_SECOND

_Key = tuple[str, str, str, str]


class MemoryEventHistory:
    """An `EventHistory` that lives as long as the process. An append is "committed" in the loop's next turn."""

    def __init__(self, clock: Clock, *, history_events: int, history_s: float, queue_events: int) -> None:
        self._clock = clock
        self._listener: OnCommitted | None = None
        self._history_events, self._history_micros, self._queue_events = history_events, int(history_s * MICROS_PER_SECOND), queue_events
        self._events: deque[StreamEvent] = deque()
        self._claims: dict[_Key, tuple[Claim, Answer, int]] = {}
        self._ids = UlidGenerator(secrets.randbits)
        self._waiting = 0
        self.epoch = secrets.token_hex(8)
        self.head = 0

    @property
    def oldest(self) -> int:
        return self._events[0].offset if self._events else self.head + 1

    def listen(self, committed: OnCommitted) -> None:
        self._listener = committed

    def append(self, events: Sequence[Event], done: AppendDone, claim: Claim | None = None) -> None:
        loop = asyncio.get_running_loop()
        if self._waiting and self._waiting + len(events) > self._queue_events:
            loop.call_soon(done, ClientError("UNAVAILABLE", "too many events wait to be stored", temporary=True, retry_after_s=1.0))
            return
        self._waiting += len(events)
        loop.call_soon(self._commit, events, done, claim)

    async def read(self, after: int, limit: int) -> Sequence[StreamEvent]:
        await asyncio.sleep(0)
        start = max(0, after + 1 - self.oldest)
        return tuple(islice(self._events, start, start + limit))

    def trim(self) -> None:
        """Removes what is too old or too many. Part of every append; call it while idle."""
        too_old = self._clock.now_micros() - self._history_micros
        while self._events and (len(self._events) > self._history_events or self._events[0].created_micros < too_old):
            self._events.popleft()

    def _commit(self, events: Sequence[Event], done: AppendDone, claim: Claim | None) -> None:
        self._waiting -= len(events)
        result = self._committed(events, claim)
        if self._listener and not isinstance(result, SurewireError):
            self._listener(result.events)
        done(result)

    def _committed(self, events: Sequence[Event], claim: Claim | None) -> PlacedEvents | SurewireError:
        now = self._clock.now_micros()
        refusal = self._refusal(claim, now) if claim else None
        if refusal:
            return refusal
        placed = PlacedEvents(self.epoch, [self._placed(event, offset, now) for offset, event in enumerate(events, self.head + 1)])
        if claim:
            self._forget_claims(now)
            self._claims[_key(claim)] = (claim, claim.render(placed), now)
        self._events.extend(placed.events)
        self.head += len(placed.events)
        self.trim()
        return placed

    def _forget_claims(self, now: int) -> None:
        while self._claims and next(iter(self._claims.values()))[2] <= now - _CLAIM_MICROS:
            del self._claims[next(iter(self._claims))]

    def _placed(self, event: Event, offset: int, now: int) -> StreamEvent:
        return StreamEvent(offset, f"msg_{self._ids.next(now // 1000)}", format_instant(now), now, event)

    def _refusal(self, claim: Claim, now: int) -> SurewireError | None:
        found = self._claims.get(_key(claim))
        if found is None or found[2] <= now - _CLAIM_MICROS:
            return None
        first, answer, _ = found
        if first.fingerprint != claim.fingerprint:
            return ClientError("CONFLICT", "this Idempotency-Key was used for another request")
        return AlreadyAnsweredError(answer)


def _key(claim: Claim) -> _Key:
    return claim.owner, claim.method, claim.path, claim.key
