"""An open store as the contracts use it, and a sender that awaits what became of its messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Protocol

from surewire.domain.message import Message
from surewire.errors import SurewireError
from surewire.ports.event_log import CommittedMessage, EventLog
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.ingest import SendRequest
from surewire.ports.message_audit import AcknowledgedMarks, MessageAudit
from surewire.ports.message_store import MessageStore
from surewire.ports.message_writer import CommitTimes, MessageWriter, WriteOutcome

__all__ = ["OpenStore", "Sender", "claim_of"]


class OpenStore(Protocol):
    @property
    def messages(self) -> MessageStore: ...
    @property
    def message_writer(self) -> MessageWriter: ...
    @property
    def event_log(self) -> EventLog: ...
    @property
    def audit(self) -> MessageAudit: ...
    @property
    def marks(self) -> AcknowledgedMarks: ...
    @property
    def problem(self) -> str | None: ...
    @property
    def reopenings(self) -> int: ...


class Sender:
    """The sink of a writer, and a way to send through it. `acknowledged` is every message that was answered with success, in order."""

    def __init__(self, writer: MessageWriter) -> None:
        self._writer = writer
        self._answers: dict[int, asyncio.Future[Message | SurewireError]] = {}
        self.acknowledged: list[Message] = []
        self.told: list[SendRequest] = []
        self.commits: list[CommitTimes] = []
        writer.attach(self)

    async def send(
        self,
        chat_id: str,
        sender: str,
        client_id: str,
        content: str = "hello",
        *,
        content_type: str = "text/plain",
        claim: Claim | None = None,
    ) -> Message:
        """The stored message, the first one when it is a duplicate. Raises: SurewireError."""
        (outcome,) = await self.send_all([self.request(chat_id, sender, client_id, content, content_type=content_type, claim=claim)])
        if isinstance(outcome, SurewireError):
            raise outcome
        return outcome

    def request(
        self,
        chat_id: str,
        sender: str,
        client_id: str,
        content: str = "hello",
        *,
        content_type: str = "text/plain",
        claim: Claim | None = None,
    ) -> SendRequest:
        origin: Any = self
        return SendRequest(origin, sender, chat_id, client_id, content, content_type, 0.0, claim=claim)

    async def send_all(self, requests: list[SendRequest]) -> list[Message | SurewireError]:
        """What became of each; they are given to the writer together."""
        loop = asyncio.get_running_loop()
        answers = [self._answers.setdefault(id(request), loop.create_future()) for request in requests]
        assert self._writer.write(requests)
        return [await answer for answer in answers]

    def stored(self, requests: Sequence[SendRequest], outcomes: Sequence[WriteOutcome], commit: CommitTimes) -> None:
        self.commits.append(commit)
        for request, outcome in zip(requests, outcomes, strict=True):
            answer = outcome.message if isinstance(outcome, CommittedMessage) else outcome
            if isinstance(answer, Message):
                self.acknowledged.append(answer)
            self._tell(request, answer)

    def failed(self, requests: Sequence[SendRequest], error: SurewireError) -> None:
        for request in requests:
            self._tell(request, error)

    def _tell(self, request: SendRequest, answer: Message | SurewireError) -> None:
        self.told.append(request)
        self._answers.pop(id(request)).set_result(answer)


def claim_of(key: str, body: bytes = b"{}", *, owner: str = "alice", path: str = "/v1/chats") -> Claim:
    """A claim that answers with what the write returned."""
    return Claim(owner, "POST", path, key, sha256(body).digest(), lambda result: Answer(201, repr(result).encode()))
