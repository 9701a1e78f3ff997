"""Messages into memory: committed in the loop's next turn, as a disk would take a while."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from typing import Final, NamedTuple

from surewire.adapters.memory.answers import Answers
from surewire.adapters.memory.chats import MemoryChat, MemoryChats, StoredMessage, no_such_chat
from surewire.adapters.memory.event_log import MemoryEventLog
from surewire.domain.ids import UlidGenerator
from surewire.domain.instant import format_instant
from surewire.domain.message import Message
from surewire.errors import ClientError, SurewireError
from surewire.ports.clock import Clock
from surewire.ports.event_log import CommittedMessage
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import Stored, WriteOutcome, WriteSink

__all__ = ["MemoryMessageWriter"]

_LIMIT: Final = 20_000


class _Commit(NamedTuple):
    started_at: float
    applied_at: float
    committed_at: float
    size: int


class MemoryMessageWriter:
    """The `MessageWriter` port. `problem` is the fault of the moment: while it is set, nothing is stored and everything fails with it."""

    def __init__(self, chats: MemoryChats, answers: Answers, log: MemoryEventLog, clock: Clock) -> None:
        self._chats, self._answers, self._log, self._clock = chats, answers, log, clock
        self._ulids = UlidGenerator(secrets.randbits)
        self._waiting: list[SendRequest] = []
        self._position = 0
        self._sink: WriteSink
        self.problem: SurewireError | None = None

    def attach(self, sink: WriteSink) -> None:
        self._sink = sink

    def write(self, requests: list[SendRequest]) -> bool:
        if len(self._waiting) + len(requests) > _LIMIT:
            return False
        if not self._waiting:
            asyncio.get_running_loop().call_soon(self._commit)
        self._waiting.extend(requests)
        return True

    def _commit(self) -> None:
        requests, self._waiting = self._waiting, []
        if self.problem is not None:
            self._sink.failed(requests, self.problem)
            return
        now = self._clock.monotonic()
        outcomes: Sequence[WriteOutcome] = [self._store(request, now) for request in requests]
        self._sink.stored(requests, outcomes, _Commit(now, now, now, len(requests)))
        self._log.append([outcome for outcome in outcomes if isinstance(outcome, CommittedMessage)])

    def _store(self, request: SendRequest, now: float) -> WriteOutcome:
        micros = self._clock.now_micros()
        try:
            self._answers.refuse_repeated(request.claim, micros)
            outcome = self._store_once(request, now)
        except SurewireError as error:
            return error
        if not isinstance(outcome, SurewireError):
            duplicate = isinstance(outcome, Message)
            message = outcome if isinstance(outcome, Message) else outcome.message
            self._answers.remember(request.claim, Stored(message, duplicate), micros)
        return outcome

    def _store_once(self, request: SendRequest, now: float) -> WriteOutcome:
        chat = self._chats.living(request.chat_id)
        if chat is None or request.sender_id not in chat.members:
            return no_such_chat()
        first = chat.by_client_id.get((request.sender_id, request.client_message_id))
        if first is not None:
            return _repeated(request, first.message)
        return CommittedMessage(self._position + 1, self._append(chat, request), request.origin, now)

    def _append(self, chat: MemoryChat, request: SendRequest) -> Message:
        chat.latest_micros = max(chat.latest_micros, self._clock.now_micros())
        chat.latest_sequence += 1
        self._position += 1
        message = Message(
            f"msg_{self._ulids.next(chat.latest_micros // 1_000)}",
            chat.chat_id,
            chat.latest_sequence,
            request.sender_id,
            request.content,
            request.content_type,
            format_instant(chat.latest_micros),
        )
        stored = StoredMessage(self._position, chat.latest_micros, request.client_message_id, message)
        chat.messages.append(stored)
        chat.by_client_id[request.sender_id, request.client_message_id] = stored
        self._chats.by_message_id[message.message_id] = chat, message
        return message


def _repeated(request: SendRequest, first: Message) -> WriteOutcome:
    if request.content == first.content and request.content_type == first.content_type:
        return first
    problem = "this client_message_id was used with another content"
    return ClientError("CONFLICT", problem, details={"message_id": first.message_id}, path="client_message_id")
