"""Messages into the file: sequence, id, instant and idempotency of a whole batch in five statements.

Written for the interpreter's lock. Python work holds it and SQLite's steps give it up, so a batch is prepared in one loop, encoded
as one JSON value by C code, and written in one step; `benchmarks/store` has the figures.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import msgspec

from surewire.adapters.sqlite.chat_cache import CachedChat, ChatCache
from surewire.adapters.sqlite.connection import Connection, one
from surewire.adapters.sqlite.event_log import SqliteEventLog
from surewire.adapters.sqlite.faults import BACKEND
from surewire.adapters.sqlite.idempotency import refuse_repeated, remember
from surewire.adapters.sqlite.message_batch import MESSAGE_PREFIX, Key, MessageBatch
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.work import Commit
from surewire.adapters.sqlite.writer import GroupCommitWriter
from surewire.domain.ids import UlidGenerator
from surewire.domain.instant import format_instant
from surewire.domain.message import Message
from surewire.errors import ClientError, SurewireError
from surewire.ports.clock import Clock
from surewire.ports.event_log import CommittedMessage
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import SequenceTakenError, Stored, WriteOutcome, WriteSink

__all__ = ["SqliteMessageWriter"]

_SQL = load_queries("message_writer")
_encode = msgspec.json.Encoder().encode


class SqliteMessageWriter:
    """The lane of messages, and the `MessageWriter` port. What was committed goes to the sink, then to the event log."""

    def __init__(self, writer: GroupCommitWriter, chats: ChatCache, log: SqliteEventLog, clock: Clock) -> None:
        self._writer, self._chats, self._log, self._clock = writer, chats, log, clock
        self._ulids = UlidGenerator(secrets.randbits)
        self._position = 0
        self._sink: WriteSink
        writer.add_lane(self)

    def attach(self, sink: WriteSink) -> None:
        self._sink = sink

    def write(self, requests: list[SendRequest]) -> bool:
        return self._writer.put(self, requests)

    # ---- on the writer thread

    def reopened(self, connection: Connection) -> None:
        self._chats.clear()
        last_position = one(connection, _SQL.last_position)
        newest_id = one(connection, _SQL.newest_message_id)
        self._position = last_position[0] if last_position else 0
        if newest_id is not None:
            self._ulids.start_after(newest_id[0].removeprefix(MESSAGE_PREFIX))
        self._log.opened_at(self._position)

    def rolled_back(self) -> None:
        # Positions and ids that were given to nothing are just not used: both may have holes.
        self._chats.clear()

    def apply(self, connection: Connection, items: Sequence[SendRequest]) -> Sequence[WriteOutcome]:
        now = self._clock.now_micros()
        outcomes: list[WriteOutcome] = []
        for claimed, run in groupby(items, _is_claimed):
            if claimed:
                for request in run:
                    outcomes += self._apply_claimed(connection, request, now)
            else:
                outcomes += self._apply_together(connection, list(run), now)
        return outcomes

    def _apply_claimed(self, connection: Connection, request: SendRequest, now: int) -> Sequence[WriteOutcome]:
        try:
            refuse_repeated(connection, request.claim, now)
        except SurewireError as answered:
            return (answered,)
        (outcome,) = outcomes = self._apply_together(connection, (request,), now)
        if isinstance(outcome, CommittedMessage):
            remember(connection, request.claim, Stored(outcome.message, duplicate=False), now)
        elif isinstance(outcome, Message):
            remember(connection, request.claim, Stored(outcome, duplicate=True), now)
        return outcomes

    def _apply_together(self, connection: Connection, requests: Sequence[SendRequest], now: int) -> list[WriteOutcome]:
        chats = self._chats.load(connection, {request.chat_id for request in requests})
        outcomes: list[WriteOutcome] = []
        keys = [_key(chats.get(request.chat_id), request) for request in requests]
        batch = MessageBatch(self._known(connection, keys, chats), now, self._ulids, self._position)
        for request, key in zip(requests, keys, strict=True):
            outcomes.append(_refusal(chats.get(request.chat_id)) if key is None else batch.add(request, chats[request.chat_id], key))
        batch.write(connection)
        self._position = batch.position
        return outcomes

    def _known(self, connection: Connection, keys: Sequence[Key | None], chats: dict[str, CachedChat]) -> dict[Key, Message]:
        asked = [key for key in keys if key is not None]
        if not asked:
            return {}
        chat_ids = {chat.chat: chat.chat_id for chat in chats.values()}
        found = connection.execute(_SQL.known, (_encode(asked).decode(),)).fetchall()
        return {(row[0], row[1], row[2]): _message(chat_ids[row[0]], row) for row in found}

    # ---- on the loop

    def settle(self, items: Sequence[SendRequest], outcomes: Sequence[WriteOutcome], commit: Commit) -> None:
        committed = [outcome for outcome in outcomes if isinstance(outcome, CommittedMessage)]
        for entry in committed:
            entry.committed_at = commit.committed_at
        self._sink.stored(items, outcomes, commit)
        self._log.append(committed)

    def fail(self, items: Sequence[SendRequest], error: SurewireError) -> None:
        self._sink.failed(items, error)

    def resumed(self) -> None:
        self._log.resumed()


def _is_claimed(request: SendRequest) -> bool:
    return request.claim is not None


def _key(chat: CachedChat | None, request: SendRequest) -> Key | None:
    """What makes the message one and the same; None when it may not be written."""
    if chat is None or chat.problem is not None or request.sender_id not in chat.members:
        return None
    return chat.chat, request.sender_id, request.client_message_id


def _refusal(chat: CachedChat | None) -> SurewireError:
    if chat is not None and chat.problem is not None:
        return SequenceTakenError(BACKEND, chat.problem)
    return ClientError("NOT_FOUND", "there is no such chat, or you are no member of it", path="chat_id")


def _message(chat_id: str, row: tuple[Any, ...]) -> Message:
    _, sender, _, sequence, message_id, content, content_type, micros = row
    return Message(message_id, chat_id, sequence, sender, content, content_type, format_instant(micros))
