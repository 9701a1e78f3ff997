"""The consumer of the log: resolves members, asks the router, notes how far it got.

Theory of operation. Batches come in commit order and are worked off one message after the other, so every session gets a chat's
messages in sequence. The cursor moves after a batch is handed over: a crash in between repeats messages and loses none, and sessions
ignore what they had. A store that cannot be read, be it the log or the members, holds everything back until it can; a log whose read
failed is begun again behind the last message that is done, so nothing is skipped and nothing repeated. A message that fails by itself
becomes a dead letter, so that it never holds back others. A message whose chat was deleted before its turn is done: that is use and
no fault.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from surewire.errors import BackendError, BackendUnavailableError
from surewire.fanout.membership import MembershipCache
from surewire.ports.clock import Clock
from surewire.ports.event_log import CommittedMessage, EventLog, LogEntry, MembershipChanged
from surewire.ports.router import Routed, Router
from surewire.telemetry.instruments import FanoutInstruments, MessagingInstruments

__all__ = ["FanoutWorker"]

CONSUMER: Final = "fanout"
_TOPICS: Final = {CommittedMessage: "messages.persisted", MembershipChanged: "memberships.changed"}
_SLICE: Final = 256
_FIRST_RETRY_S: Final = 0.05
_LAST_RETRY_S: Final = 5.0
_NOBODY: Final = Routed(0, 0, 0)

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class FanoutWorker:
    """Delivers what the log holds. One runs per process."""

    def __init__(
        self,
        log: EventLog,
        members: MembershipCache,
        router: Router,
        clock: Clock,
        instruments: FanoutInstruments,
        messaging: MessagingInstruments,
    ) -> None:
        self._log, self._members, self._router, self._clock = log, members, router, clock
        self._instruments, self._e2e_latency = instruments, messaging.e2e_latency
        self._done = 0
        self._batches: AsyncIterator[Sequence[LogEntry]]
        instruments.consumer_lag["0"].read = messaging.messages_in_flight["fanout"].read = lambda: max(0, log.head - self._done)

    async def run(self, beat: Callable[[], None]) -> None:
        """Works until cancelled, from where the last life of the process stopped; `beat` is called after every batch."""
        self._done = await _until_it_can("the cursor cannot be read, delivery waits: %s", partial(self._log.cursor, CONSUMER))
        self._batches = self._log.batches(self._done)
        while True:
            await self._work_off(await _until_it_can("the log cannot be read, delivery waits: %s", self._next))
            beat()

    async def _next(self) -> Sequence[LogEntry]:
        try:
            return await anext(self._batches)
        except BackendUnavailableError:
            self._batches = self._log.batches(self._done)
            raise

    async def _work_off(self, batch: Sequence[LogEntry]) -> None:
        self._instruments.batch_size.observe(len(batch))
        for start in range(0, len(batch), _SLICE):
            await self._work_off_slice(batch[start : start + _SLICE])
            if start + _SLICE < len(batch):
                await asyncio.sleep(0)

    async def _work_off_slice(self, entries: Sequence[LogEntry]) -> None:
        delivered: dict[float, int] = {}
        for entry in entries:
            self._instruments.events_consumed[_TOPICS[type(entry)]].n += 1
            if isinstance(entry, MembershipChanged):
                self._members.drop(entry.chat_id)
                continue
            reached = await self._deliver(entry)
            delivered[entry.committed_at] = delivered.get(entry.committed_at, 0) + reached
            self._done = entry.position
        self._log.advance(CONSUMER, self._done)
        self._observe(delivered)

    async def _deliver(self, entry: CommittedMessage) -> int:
        """How many members the message reached."""
        message = entry.message
        try:
            members = self._members.known(message.chat_id)
            if members is None:
                load = partial(self._members.load, message.chat_id)
                members = await _until_it_can("members cannot be read, delivery waits: %s", load)
            # A chat that was deleted meanwhile has nobody left to deliver to.
            routed = _NOBODY if members is None else self._router.route(message, members, entry.origin)
        except Exception as error:  # noqa: BLE001 - the border of one background task
            _log.exception("delivery failed")
            self._instruments.delivery["error"].n += 1
            await self._bury(entry, "delivery_failed", type(error).__name__)
            return 0
        instruments = self._instruments
        instruments.delivery["delivered"].n += routed.delivered
        instruments.delivery["offline"].n += routed.offline
        instruments.delivery["duplicate"].n += routed.duplicate
        instruments.messages_delivered.n += routed.delivered > 0
        instruments.events_processed["success"].n += 1
        return routed.delivered

    async def _bury(self, entry: CommittedMessage, reason: str, detail: str) -> None:
        self._instruments.dlq_events[reason].n += 1
        self._instruments.events_processed["dead_letter"].n += 1
        try:
            await self._log.dead_letter(CONSUMER, entry, reason, detail)
        except BackendError as error:
            _log.error("a dead letter could not be kept: %s (position %d)", error, entry.position)

    def _observe(self, delivered: dict[float, int]) -> None:
        now = self._clock.monotonic()
        for committed_at, count in delivered.items():
            if count and committed_at:
                self._instruments.delivery_latency["true"].observe_many(now - committed_at, count)
                self._e2e_latency.observe_many(now - committed_at, count)


async def _until_it_can(problem: str, read: Callable[[], Awaitable[Result]]) -> Result:
    """What `read` returns, however long the store takes to be well again. Every failure is logged, and waited for longer than the last."""
    retry_s = _FIRST_RETRY_S
    while True:
        try:
            return await read()
        except BackendUnavailableError as error:
            _log.warning(problem, error)
        await asyncio.sleep(retry_s)
        retry_s = min(_LAST_RETRY_S, retry_s * 2)
