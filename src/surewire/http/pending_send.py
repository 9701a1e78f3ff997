"""A message sent over HTTP on its way to the disk, and the request that waits for it."""

from __future__ import annotations

import asyncio

from surewire.domain.message import Message
from surewire.errors import ClientError, SurewireError
from surewire.ports.clock import Clock
from surewire.ports.idempotency import AlreadyAnsweredError
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import Stored
from surewire.telemetry.instruments import ConnectionInstruments

__all__ = ["PendingSend"]


class PendingSend:
    """The `SendOrigin` of one message. Counts how it ends, also when nobody waits for `answer` any more."""

    __slots__ = ("_clock", "_instruments", "answer")

    def __init__(self, instruments: ConnectionInstruments, clock: Clock) -> None:
        self._instruments, self._clock = instruments, clock
        self.answer: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()

    def send_committed(self, request: SendRequest, message: Message, duplicate: bool) -> None:
        self._count_success(request)
        if not self.answer.done():
            self.answer.set_result(Stored(message, duplicate))

    def send_refused(self, request: SendRequest, error: SurewireError) -> None:
        if isinstance(error, AlreadyAnsweredError):
            self._count_success(request)
        elif not isinstance(error, ClientError) or error.temporary:
            self._instruments.send["error"].n += 1
        if not self.answer.done():
            self.answer.set_exception(error)

    def _count_success(self, request: SendRequest) -> None:
        self._instruments.send["success"].n += 1
        self._instruments.send_latency.observe(self._clock.monotonic() - request.received_at)
