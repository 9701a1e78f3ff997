"""What was decided, in the file of service levels. The file itself refuses to change or remove a row."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any, Final

import msgspec

from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.idempotency import refuse_repeated, remember
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.readers import Readers
from surewire.adapters.sqlite.writer import GroupCommitWriter
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.idempotency import Claim
from surewire.ports.ledger import Entry

__all__ = ["SqliteLedger"]

_SQL: Final = load_queries("slo")
_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode


class SqliteLedger:
    """The `Ledger` of one file."""

    __slots__ = ("_readers", "_writer")

    def __init__(self, writer: GroupCommitWriter, readers: Readers) -> None:
        self._writer, self._readers = writer, readers

    async def append(self, entry: Entry, claim: Claim | None = None) -> None:
        if not await self._writer.run(partial(_append, entry=entry, claim=claim)):
            raise ValueError(f"the ledger has an entry {entry.id} already")

    async def entries(self, kinds: Collection[str] = (), since_s: int = 0) -> Sequence[Entry]:
        wanted = _encode(sorted(kinds)).decode()
        return await self._readers.read(lambda connection: _read(connection, since_s, wanted))


def _append(connection: Connection, entry: Entry, claim: Claim | None) -> bool:
    """Whether the id was free."""
    now_micros = entry.at_s * MICROS_PER_SECOND
    refuse_repeated(connection, claim, now_micros)
    connection.execute(_SQL.append_entry, (entry.id, entry.kind, entry.at_s, entry.actor, _encode(entry.body).decode()))
    if not connection.changes():
        return False
    remember(connection, claim, entry, now_micros)
    return True


def _read(connection: Connection, since_s: int, kinds: str) -> list[Entry]:
    found = rows(connection, _SQL.entries, since_s, kinds)
    return [Entry(id=id_, kind=kind, at_s=at_s, actor=actor, body=_decode(body)) for id_, kind, at_s, actor, body in found]
