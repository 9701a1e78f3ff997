"""A message sent over HTTP on its way to the disk, and the request that waits for it."""

from __future__ import annotations

import asyncio
from typing import Final

from surewire.domain.message import Message
from surewire.errors import ClientError, SurewireError
from surewire.ports.clock import Clock
from surewire.ports.idempotency import AlreadyAnsweredError
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import Stored
from surewire.telemetry.instruments import ConnectionInstruments

__all__ = ["TIMEOUT_S", "PendingSend"]

TIMEOUT_S: Final = 30.0


class PendingSend:
    """The `SendOrigin` of one message. Counts how it ends, also when nobody waits any more."""

    __slots__ = ("_answer", "_clock", "_instruments", "_timeout_s")

    def __init__(self, instruments: ConnectionInstruments, clock: Clock, timeout_s: float = TIMEOUT_S) -> None:
        self._instruments, self._clock, self._timeout_s = instruments, clock, timeout_s
        self._answer: asyncio.Future[Stored] = asyncio.get_running_loop().create_future()

    async def answer(self) -> Stored:
        """The message once it is on disk. Raises: SurewireError why it is not; ClientError `TIMEOUT` when nobody knows yet."""
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._answer
        except TimeoutError:
            problem = "the message was not stored in time; sending it again under the same client_message_id is safe"
            raise ClientError("TIMEOUT", problem, temporary=True, retry_after_s=1.0) from None

    def send_committed(self, request: SendRequest, message: Message, duplicate: bool) -> None:
        self._count_success(request)
        if not self._answer.done():
            self._answer.set_result(Stored(message, duplicate))

    def send_refused(self, request: SendRequest, error: SurewireError) -> None:
        if isinstance(error, AlreadyAnsweredError):
            self._count_success(request)
        elif not isinstance(error, ClientError) or error.temporary:
            self._instruments.send["error"].n += 1
        if not self._answer.done():
            self._answer.set_exception(error)

    def _count_success(self, request: SendRequest) -> None:
        self._instruments.send["success"].n += 1
        self._instruments.send_latency.observe(self._clock.monotonic() - request.received_at)
