"""The messages of one transaction: who of them is new, and which place, id and instant the new ones get."""

from __future__ import annotations

from typing import Any, Final

import apsw
import msgspec

from surewire.adapters.sqlite.chat_cache import CachedChat
from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.faults import BACKEND
from surewire.adapters.sqlite.queries import load_queries
from surewire.domain.ids import UlidGenerator
from surewire.domain.instant import format_instant
from surewire.domain.message import Message
from surewire.errors import ClientError
from surewire.ports.event_log import CommittedMessage
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import SequenceTakenError, WriteOutcome

__all__ = ["MESSAGE_PREFIX", "Key", "MessageBatch"]

MESSAGE_PREFIX: Final = "msg_"
Key = tuple[int, str, str]
"""Chat, sender, client message id."""

_SQL = load_queries("message_writer")
_encode = msgspec.json.Encoder().encode


class MessageBatch:
    """Collects new messages in order, then writes them all. `position` is the last one that was given."""

    __slots__ = ("_changed", "_instant", "_known", "_millis", "_now", "_rows", "_ulids", "position")

    def __init__(self, known: dict[Key, Message], now: int, ulids: UlidGenerator, position: int) -> None:
        self._known, self._now, self._ulids, self.position = known, now, ulids, position
        self._instant, self._millis = format_instant(now), now // 1_000
        self._rows: list[tuple[Any, ...]] = []
        self._changed: dict[int, CachedChat] = {}

    def add(self, request: SendRequest, chat: CachedChat, key: Key) -> WriteOutcome:
        """What became of the request. This runs for every message: it is one function on purpose."""
        first = self._known.get(key)
        if first is not None:
            return _repeated(request, first)
        # An instant never goes back within a chat, whatever the clock does.
        if chat.micros < self._now:
            chat.micros, chat.created_at = self._now, self._instant
        chat.sequence = sequence = chat.sequence + 1
        self.position = position = self.position + 1
        number, sender, client_id = key
        content, content_type = request.content, request.content_type
        message_id = MESSAGE_PREFIX + self._ulids.next(self._millis)
        message = Message(message_id, chat.chat_id, sequence, sender, content, content_type, chat.created_at)
        self._known[key] = message
        self._changed[number] = chat
        self._rows.append((position, number, sequence, message_id, sender, client_id, content, content_type, chat.micros))
        return CommittedMessage(position, message, request.origin, 0.0)

    def write(self, connection: Connection) -> None:
        """Raises: SequenceTakenError when a counter is wrong; apsw.Error."""
        if not self._rows:
            return
        try:
            connection.execute(_SQL.insert_messages, (_encode(self._rows).decode(),))
        except apsw.ConstraintError as error:
            if "messages.sequence" in str(error):
                raise SequenceTakenError(BACKEND, "a chat's next sequence is in use already") from error
            raise
        raised = [(number, chat.sequence) for number, chat in self._changed.items()]
        connection.execute(_SQL.raise_counters, (_encode(raised).decode(),))


def _repeated(request: SendRequest, first: Message) -> WriteOutcome:
    if request.content == first.content and request.content_type == first.content_type:
        return first
    problem = "this client_message_id was used with another content"
    return ClientError("CONFLICT", problem, details={"message_id": first.message_id}, path="client_message_id")
