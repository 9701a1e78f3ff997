"""Messages on their way to the disk: gathered for one turn of the loop, handed over at once, answered after their commit.

Theory of operation. `submit` only puts the request into a list; the first of a turn asks the loop to hand the list over at the turn's
end. The writer tells of requests in the order in which they were handed over, so a queue of those lists is all the bookkeeping there is.
A list that the writer does not tell of in time is answered with `UNAVAILABLE` ("nobody knows"), and its results are ignored when they
come: the messages that were stored are in the log, and a sender that tries again gets the first result.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final

from surewire.domain.message import Message
from surewire.durability.acknowledged import Acknowledged
from surewire.durability.refusal import overloaded, refusal_of, timed_out
from surewire.errors import BackendError, SurewireError
from surewire.ports.clock import Clock
from surewire.ports.event_log import CommittedMessage
from surewire.ports.idempotency import AlreadyAnsweredError
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import CommitTimes, MessageWriter, SequenceTakenError, WriteOutcome
from surewire.telemetry.instruments import DurabilityInstruments
from surewire.telemetry.logging import logger

__all__ = ["DurableIngest"]

_log = logger(__name__)
_MAX_WAITING: Final = 16_000
_TIMEOUT_S: Final = 10.0
_COMPLAINT_S: Final = 1.0
_NOT_ACKNOWLEDGED: Final = "messages were not acknowledged"


class _Handed:
    """The requests of one turn. `told` counts those that the writer has told of."""

    __slots__ = ("abandoned", "at", "requests", "told")

    def __init__(self, requests: list[SendRequest], at: float) -> None:
        self.requests, self.at = requests, at
        self.told = 0
        self.abandoned = False


class DurableIngest:
    """The `Ingest` port over a `MessageWriter`, and the writer's sink."""

    def __init__(
        self,
        writer: MessageWriter,
        clock: Clock,
        instruments: DurabilityInstruments,
        acknowledged: Acknowledged,
        *,
        max_waiting: int = _MAX_WAITING,
        timeout_s: float = _TIMEOUT_S,
    ) -> None:
        self._writer, self._clock, self._instruments, self._acknowledged = writer, clock, instruments, acknowledged
        self._max_waiting, self._timeout_s = max_waiting, timeout_s
        self._gathered: list[SendRequest] = []
        self._handed: deque[_Handed] = deque()
        self._in_flight = self._settled = 0
        self._call_soon = asyncio.get_running_loop().call_soon
        self._progress: asyncio.Future[None] | None = None
        self._unsaid, self._complained_at = 0, -_COMPLAINT_S
        writer.attach(self)

    @property
    def waiting(self) -> int:
        """Requests that are neither on disk nor refused."""
        return len(self._gathered) + self._in_flight

    def submit(self, request: SendRequest) -> None:
        gathered = self._gathered
        if len(gathered) + self._in_flight >= self._max_waiting:
            self._refuse(request, overloaded())
            return
        if not gathered:
            self._call_soon(self._hand_over)
        gathered.append(request)

    async def drained(self) -> None:
        """Returns when everything submitted before was answered, whatever is submitted meanwhile."""
        goal = self._settled + self.waiting
        while self._settled < goal:
            self._progress = self._progress or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._progress)

    def give_up_overdue(self) -> None:
        """Answers what the disk has kept waiting for too long. To be called about every second."""
        overdue = self._clock.monotonic() - self._timeout_s
        for handed in self._handed:
            if handed.at > overdue:
                return
            if not handed.abandoned:
                handed.abandoned = True
                late = handed.requests[handed.told :]
                self._instruments.persist["timeout"].n += len(late)
                self._refuse_all(late, timed_out())
                self._complain(len(late), timed_out())

    # ---- the sink

    def stored(self, requests: Sequence[SendRequest], outcomes: Sequence[WriteOutcome], commit: CommitTimes) -> None:
        instruments = self._instruments
        instruments.commit_batch_size.observe(len(requests))
        instruments.sequence_allocation_duration.observe_many(commit.applied_at - commit.started_at, len(requests))
        start = 0
        for handed, count in self._told(len(requests)):
            end = start + count
            if not handed.abandoned:
                acknowledged = self._answer(requests[start:end], outcomes[start:end])
                instruments.persist_duration.observe_many(commit.committed_at - handed.at, acknowledged)
            start = end
        self._acknowledged.offer([outcome.message for outcome in outcomes if isinstance(outcome, CommittedMessage)])

    def failed(self, requests: Sequence[SendRequest], error: SurewireError) -> None:
        refusal = refusal_of(error)
        start = 0
        for handed, count in self._told(len(requests)):
            if not handed.abandoned:
                self._instruments.persist["error"].n += count
                self._refuse_all(requests[start : start + count], refusal)
            start += count
        if isinstance(error, SequenceTakenError):
            self._instruments.duplicate_sequence.n += len(requests)
            _log.error(_NOT_ACKNOWLEDGED, error_code="DUPLICATE_SEQUENCE", ack_sent=False, messages=len(requests), reason=str(error))
        else:
            self._complain(len(requests), error)

    # ----

    def _hand_over(self) -> None:
        requests, self._gathered = self._gathered, []
        if self._writer.write(requests):
            self._in_flight += len(requests)
            self._handed.append(_Handed(requests, self._clock.monotonic()))
        else:
            self._refuse_all(requests, overloaded())
            self._settle(len(requests))

    def _told(self, count: int) -> list[tuple[_Handed, int]]:
        """Whose requests the next `count` are, and how many of each."""
        self._in_flight -= count
        self._settle(count)
        parts: list[tuple[_Handed, int]] = []
        while count:
            handed = self._handed[0]
            part = min(count, len(handed.requests) - handed.told)
            parts.append((handed, part))
            handed.told += part
            count -= part
            if handed.told == len(handed.requests):
                self._handed.popleft()
        return parts

    def _answer(self, requests: Sequence[SendRequest], outcomes: Sequence[WriteOutcome]) -> int:
        """How many of them were acknowledged."""
        highest = self._acknowledged.highest
        acknowledged = 0
        for request, outcome in zip(requests, outcomes, strict=True):
            try:
                if isinstance(outcome, CommittedMessage):
                    message = outcome.message
                    highest[message.chat_id] = message.sequence
                    acknowledged += 1
                    request.origin.send_committed(request, message, False)
                else:
                    acknowledged += self._answer_other(request, outcome)
            except Exception:  # noqa: BLE001 - the border of one connection: its mistake must not keep the others waiting
                _log.exception("an answer could not be handed over")
        self._instruments.persist["success"].n += acknowledged
        self._instruments.ack_sent["true"].n += acknowledged
        return acknowledged

    def _answer_other(self, request: SendRequest, outcome: Message | SurewireError) -> int:
        """Answers a request of which nothing new was stored; 1 when that is an acknowledgement."""
        if isinstance(outcome, Message):
            self._instruments.idempotency_hits.n += 1
            self._acknowledged.note_repeated(outcome)
            request.origin.send_committed(request, outcome, True)
            return 1
        self._instruments.idempotency_hits.n += isinstance(outcome, AlreadyAnsweredError)
        if isinstance(outcome, BackendError):
            self._instruments.persist["error"].n += 1
            self._complain(1, outcome)
        self._refuse(request, refusal_of(outcome))
        return 0

    def _refuse_all(self, requests: Sequence[SendRequest], error: SurewireError) -> None:
        for request in requests:
            self._refuse(request, error)

    def _refuse(self, request: SendRequest, error: SurewireError) -> None:
        try:
            request.origin.send_refused(request, error)
        except Exception:  # noqa: BLE001 - the border of one connection
            _log.exception("a refusal could not be handed over")

    def _complain(self, messages: int, error: SurewireError) -> None:
        """Logs that messages were refused or left open, once a second at most: a store that fails does so for everyone."""
        self._unsaid += messages
        now = self._clock.monotonic()
        if now - self._complained_at >= _COMPLAINT_S:
            _log.error(_NOT_ACKNOWLEDGED, error_code="PERSIST_FAILED", ack_sent=False, messages=self._unsaid, reason=str(error))
            self._unsaid, self._complained_at = 0, now

    def _settle(self, count: int) -> None:
        self._settled += count
        if self._progress is not None:
            self._progress.set_result(None)
            self._progress = None
