"""What was acknowledged, in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from surewire.adapters.sqlite.connection import Connection, one, rows
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.writer import GroupCommitWriter
from surewire.ports.clock import Clock
from surewire.ports.message_audit import Finding

__all__ = ["SqliteAcknowledgedMarks", "acknowledged_beside"]

_SQL = load_queries("audit")
_encode = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(list[tuple[str, int]]).decode


def acknowledged_beside(store: Path) -> Path:
    """Where the file for a store's marks lies."""
    return store.with_name(f"{store.stem}-acknowledged.db")


class SqliteAcknowledgedMarks:
    """The `AcknowledgedMarks` port, all through one writer: there is little of it."""

    def __init__(self, writer: GroupCommitWriter, clock: Clock) -> None:
        self._writer, self._clock = writer, clock

    async def raise_to(self, marks: Mapping[str, int]) -> None:
        given = _encode(list(marks.items())).decode()
        await self._writer.run(lambda connection: rows(connection, _SQL.raise_marks, given))

    async def read(self, after: str, limit: int) -> Sequence[tuple[str, int]]:
        found = await self._writer.run(lambda connection: one(connection, _SQL.marks, after, limit))
        return _decode(found[0]) if found else []

    async def unreported(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        now = self._clock.now_micros()
        return await self._writer.run(lambda connection: _report(connection, findings, now)) if findings else []


def _report(connection: Connection, findings: Sequence[Finding], now: int) -> list[Finding]:
    new: list[Finding] = []
    for finding in findings:
        for part in _without_reported(finding, rows(connection, _SQL.reported, finding.chat_id, finding.kind)):
            connection.execute(_SQL.report, (part.kind, part.chat_id, part.first, part.last, now))
            new.append(part)
    return new


def _without_reported(finding: Finding, reported: Sequence[tuple[int, ...]]) -> list[Finding]:
    """What is left of a finding; the reported ranges come in ascending order."""
    parts: list[Finding] = []
    first = finding.first
    for begin, end in reported:
        if begin > first:
            parts.append(Finding(finding.kind, finding.chat_id, first, min(begin - 1, finding.last)))
        first = max(first, end + 1)
        if first > finding.last:
            return [part for part in parts if part.first <= part.last]
    return [*parts, Finding(finding.kind, finding.chat_id, first, finding.last)]
