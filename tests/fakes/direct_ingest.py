"""Ingest and receipts that go straight to a store: for tests of what stands before the durability plane."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from surewire.domain.message import Message
from surewire.errors import ClientError, SurewireError
from surewire.ports.event_log import CommittedMessage
from surewire.ports.ingest import SendRequest
from surewire.ports.message_store import MessageStore, WatermarkUpdate
from surewire.ports.message_writer import CommitTimes, MessageWriter, WriteOutcome

__all__ = ["DirectIngest", "DirectReceipts"]


class DirectIngest:
    """An `Ingest` that gives every message to the writer by itself. `hold` keeps messages until `release` or `refuse`."""

    def __init__(self, writer: MessageWriter) -> None:
        self._writer = writer
        self._held: list[SendRequest] | None = None
        self._is_held = asyncio.Event()
        writer.attach(self)

    def hold(self) -> asyncio.Event:
        """What is returned is set when the first message is held."""
        self._held = []
        return self._is_held

    def release(self) -> None:
        held, self._held = self._held or [], None
        for request in held:
            self.submit(request)

    def refuse(self, error: SurewireError) -> None:
        held, self._held = self._held or [], None
        self.failed(held, error)

    def submit(self, request: SendRequest) -> None:
        if self._held is not None:
            self._held.append(request)
            self._is_held.set()
        elif not self._writer.write([request]):
            error = ClientError("UNAVAILABLE", "too many messages wait to be stored", temporary=True, retry_after_s=1.0)
            request.origin.send_refused(request, error)

    def stored(self, requests: Sequence[SendRequest], outcomes: Sequence[WriteOutcome], commit: CommitTimes) -> None:
        for request, outcome in zip(requests, outcomes, strict=True):
            if isinstance(outcome, CommittedMessage):
                request.origin.send_committed(request, outcome.message, duplicate=False)
            elif isinstance(outcome, Message):
                request.origin.send_committed(request, outcome, duplicate=True)
            else:
                request.origin.send_refused(request, outcome)

    def failed(self, requests: Sequence[SendRequest], error: SurewireError) -> None:
        for request in requests:
            request.origin.send_refused(request, error)


class DirectReceipts:
    """`Receipts` that are stored by `flush`."""

    def __init__(self, store: MessageStore) -> None:
        self._store = store
        self._updates: list[WatermarkUpdate] = []

    def acknowledge(self, update: WatermarkUpdate, refused: Callable[[WatermarkUpdate], None] | None = None) -> None:
        self._updates.append(update)

    async def flush(self) -> None:
        updates, self._updates = self._updates, []
        await self._store.acknowledge(updates)
