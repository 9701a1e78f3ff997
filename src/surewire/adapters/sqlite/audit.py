"""The auditor's eyes: what is wrong with stored chats, read through a connection that serves nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
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

    async def examine(self, marks: Mapping[str, int]) -> Sequence[Finding]:
        findings: list[Finding] = []
        for chat_id, mark in marks.items():
            findings += await self._readers.read(partial(_examine, chat_id=chat_id, mark=mark))
        return findings

    async def absent(self, messages: Sequence[Message]) -> Sequence[Message]:
        asked = _encode([(m.chat_id, m.sequence, m.message_id, m.content) for m in messages]).decode()
        found = await self._readers.read(lambda connection: one(connection, _SQL.absent, asked))
        return [messages[index] for index in _decode_indexes(found[0])] if found else []


def _examine(connection: Connection, chat_id: str, mark: int) -> list[Finding]:
    state = _state(connection, chat_id)
    if state is None:
        return [Finding("lost", chat_id, 1, mark)] if mark else []
    findings = [*_counter(chat_id, state), *_sequences(connection, chat_id, state, mark)]
    # Retention may have removed some of it while we looked; its mark tells.
    now = _state(connection, chat_id) or state
    return list(_without_removed(findings, now.removed_up_to))


def _state(connection: Connection, chat_id: str) -> _State | None:
    found = one(connection, _SQL.chat_state, chat_id)
    return None if found is None else _State(*found)


def _counter(chat_id: str, state: _State) -> Iterator[Finding]:
    highest = state.highest_sequence or 0
    if state.latest_sequence is None or state.latest_sequence < highest:
        yield Finding("counter", chat_id, highest, highest)


def _sequences(connection: Connection, chat_id: str, state: _State, mark: int) -> Iterator[Finding]:
    """Duplicates and holes. The statement looks at a part of the chat at a time, so that no read lasts long."""
    reached = state.removed_up_to
    while (found := one(connection, _SQL.uneven, state.chat, reached, _ROWS_AT_ONCE)) and found[0] is not None:
        last, steps = found
        for previous, sequence in _decode_steps(steps):
            if sequence == previous:
                yield Finding("duplicate_sequence", chat_id, sequence, sequence)
            elif previous < mark:
                yield Finding("lost", chat_id, previous + 1, min(sequence - 1, mark))
        reached = last
    if reached < mark:
        yield Finding("lost", chat_id, reached + 1, mark)


def _without_removed(findings: Sequence[Finding], removed_up_to: int) -> Iterator[Finding]:
    for finding in findings:
        if finding.kind != "lost":
            yield finding
        elif finding.last > removed_up_to:
            yield Finding("lost", finding.chat_id, max(finding.first, removed_up_to + 1), finding.last)
