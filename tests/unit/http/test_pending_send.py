"""A message that waits for its commit on behalf of a request."""

from __future__ import annotations

import pytest

from surewire.contract.catalogue import load_metrics
from surewire.domain.message import Message
from surewire.errors import BackendUnavailableError, ClientError, SurewireError
from surewire.http.pending_send import PendingSend
from surewire.ports.idempotency import AlreadyAnsweredError, Answer
from surewire.ports.ingest import SendRequest
from surewire.telemetry.instruments import ConnectionInstruments
from surewire.telemetry.registry import Registry
from tests.fakes.clock import SettableClock

MESSAGE = Message("msg_1", "chat_1", 1, "alice", "Hello", "text/plain", "2026-11-21T10:00:00.000000Z")


class Sending:
    def __init__(self) -> None:
        self.clock = SettableClock()
        self.instruments = ConnectionInstruments(Registry(load_metrics()))
        self.pending = PendingSend(self.instruments, self.clock)
        self.request = SendRequest(self.pending, "alice", "chat_1", "m1", "Hello", "text/plain", self.clock.monotonic())

    @property
    def counted(self) -> tuple[int, int]:
        return self.instruments.send["success"].n, self.instruments.send["error"].n


async def test_a_commit_is_the_answer_with_its_latency() -> None:
    sending = Sending()
    sending.clock.advance(0.02)
    sending.pending.send_committed(sending.request, MESSAGE, duplicate=True)
    assert await sending.pending.answer == (MESSAGE, True)
    assert sending.counted == (1, 0)
    assert sending.instruments.send_latency.sum == pytest.approx(0.02)


@pytest.mark.parametrize(
    ("error", "counted"),
    [
        (ClientError("CONFLICT", "other content"), (0, 0)),
        (ClientError("NOT_FOUND", "no chat"), (0, 0)),
        (ClientError("UNAVAILABLE", "too much waits", temporary=True), (0, 1)),
        (BackendUnavailableError("sqlite", "disk I/O error"), (0, 1)),
        (AlreadyAnsweredError(Answer(201, b"{}")), (1, 0)),
    ],
)
async def test_a_refusal_is_raised_and_counts_by_whose_fault_it_is(error: SurewireError, counted: tuple[int, int]) -> None:
    sending = Sending()
    sending.pending.send_refused(sending.request, error)
    with pytest.raises(type(error)) as raised:
        await sending.pending.answer
    assert raised.value is error
    assert sending.counted == counted


async def test_a_commit_counts_also_when_nobody_waits_any_more() -> None:
    sending = Sending()
    sending.pending.answer.cancel()
    sending.pending.send_committed(sending.request, MESSAGE, duplicate=False)
    sending.pending.send_refused(sending.request, BackendUnavailableError("sqlite", "disk I/O error"))
    assert sending.counted == (1, 1)
