"""The auditor's eyes: what is wrong with stored chats, read through a connection that serves nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from surewire.adapters.sqlite.connection import Connection, one
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.readers import Readers
from surewire.domain.message import Message
from surewire.ports.message_audit import Finding

__all__ = ["SqliteMessageAudit"]

_SQL = load_queries("audit")
_ROWS_AT_ONCE: Final = 100_000
_encode = msgspec.json.Encoder().encode
_decode_texts: Final = msgspec.json.Decoder(list[str]).decode
_decode_indexes: Final = msgspec.json.Decoder(list[int]).decode
_decode_steps: Final = msgspec.json.Decoder(list[tuple[int, int]]).decode


class _State(NamedTuple):
    chat: int
    latest_sequence: int | None
    removed_up_to: int
    highest_sequence: int | None


class SqliteMessageAudit:
    """The `MessageAudit` port."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def chat_ids(self, after: str, limit: int) -> Sequence[str]:
        found = await self._readers.read(lambda connection: one(connection, _SQL.chat_ids, after, limit))
        return _decode_texts(found[0]) if found else []

    async def examine(self, marks: Mapping[str, int], beat: Callable[[], None]) -> Sequence[Finding]:
        findings: list[Finding] = []
        for chat_id, mark in marks.items():
            examination = _Examination(chat_id, mark)
            while (found := await self._readers.read(examination.proceed)) is None:
                beat()
            findings += found
            beat()
        return findings

    async def absent(self, messages: Sequence[Message]) -> Sequence[Message]:
        asked = _encode([(m.chat_id, m.sequence, m.message_id, m.content) for m in messages]).decode()
        found = await self._readers.read(lambda connection: one(connection, _SQL.absent, asked))
        return [messages[index] for index in _decode_indexes(found[0])] if found else []


class _Examination:
    """One chat looked at a part at a time, so that no read lasts long, up to what was its newest at first: a busy chat would never end."""

    __slots__ = ("_chat_id", "_findings", "_mark", "_reached", "_state")

    def __init__(self, chat_id: str, mark: int) -> None:
        self._chat_id, self._mark = chat_id, mark
        self._findings: list[Finding] = []
        self._state: _State | None = None
        self._reached = 0

    def proceed(self, connection: Connection) -> Sequence[Finding] | None:
        """Looks at the next part. What is wrong in the chat when that was the last one, else None."""
        state = self._state or self._begin(connection)
        if state is None:
            return [Finding("lost", self._chat_id, 1, self._mark)] if self._mark else []
        return None if self._look_at_part(connection, state) else self._end(connection, state)

    def _begin(self, connection: Connection) -> _State | None:
        self._state = state = _state(connection, self._chat_id)
        if state is not None:
            self._reached = state.removed_up_to
            self._findings += _counter(self._chat_id, state)
        return state

    def _look_at_part(self, connection: Connection, state: _State) -> bool:
        """Finds duplicates and holes, and tells whether there is another part."""
        found = one(connection, _SQL.uneven, state.chat, self._reached, _ROWS_AT_ONCE)
        if found is None or found[0] is None:
            return False
        self._reached, steps = found
        self._findings += _uneven(self._chat_id, _decode_steps(steps), self._mark)
        return self._reached < (state.highest_sequence or 0)

    def _end(self, connection: Connection, state: _State) -> Sequence[Finding]:
        if self._reached < self._mark:
            self._findings.append(Finding("lost", self._chat_id, self._reached + 1, self._mark))
        # Retention may have removed some of it while we looked; its mark tells.
        now = _state(connection, self._chat_id) or state
        return list(_without_removed(self._findings, now.removed_up_to))


def _state(connection: Connection, chat_id: str) -> _State | None:
    found = one(connection, _SQL.chat_state, chat_id)
    return None if found is None else _State(*found)


def _counter(chat_id: str, state: _State) -> Iterator[Finding]:
    highest = state.highest_sequence or 0
    if state.latest_sequence is None or state.latest_sequence < highest:
        yield Finding("counter", chat_id, highest, highest)


def _uneven(chat_id: str, steps: Sequence[tuple[int, int]], mark: int) -> Iterator[Finding]:
    for previous, sequence in steps:
        if sequence == previous:
            yield Finding("duplicate_sequence", chat_id, sequence, sequence)
        elif previous < mark:
            yield Finding("lost", chat_id, previous + 1, min(sequence - 1, mark))


def _without_removed(findings: Sequence[Finding], removed_up_to: int) -> Iterator[Finding]:
    for finding in findings:
        if finding.kind != "lost":
            yield finding
        elif finding.last > removed_up_to:
            yield Finding("lost", finding.chat_id, max(finding.first, removed_up_to + 1), finding.last)
