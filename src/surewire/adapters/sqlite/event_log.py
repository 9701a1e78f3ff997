"""The embedded log of committed messages: the messages table read by position, and the newest commits straight from the writer.

Theory of operation. Everything above `_floor` is in memory, in `_live`; everything up to it is read from the file in pages. A consumer
that is behind the floor reads pages until it reaches it, then it takes what is live. When nobody takes the live part and it grows too
long, when a consumer begins, and when the file was opened again after an error, the floor is raised to the head and the live part is
forgotten: so every position is either read or handed over, and none twice. Changes of membership are never forgotten; they come before
the next page, early rather than late, since they only make what is known of a chat void. A page that cannot be read ends the batches,
and the consumer begins again behind what it has finished.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

import msgspec

from surewire.adapters.sqlite.connection import Connection, one
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.readers import Readers
from surewire.adapters.sqlite.work import Commit
from surewire.adapters.sqlite.writer import GroupCommitWriter
from surewire.domain.instant import format_instant
from surewire.domain.message import Message
from surewire.errors import SurewireError
from surewire.ports.clock import Clock
from surewire.ports.event_log import CommittedMessage, LogEntry, MembershipChanged

__all__ = ["SqliteEventLog"]

_SQL = load_queries("event_log")
_PAGE: Final = 500
_LIVE: Final = 50_000
_CURSOR_DELAY_S: Final = 0.5
_encode = msgspec.json.Encoder().encode


class _Row(msgspec.Struct, array_like=True, frozen=True, gc=False):
    position: int
    message_id: str
    chat_id: str
    sequence: int
    sender: str
    content: str
    content_type: str
    created_micros: int


_decode = msgspec.json.Decoder(list[_Row]).decode


class SqliteEventLog:
    """The `EventLog` port. Also the lane by which cursors get to the disk; `live` bounds what waits in memory."""

    def __init__(self, writer: GroupCommitWriter, readers: Readers, clock: Clock, live: int = _LIVE) -> None:
        self._writer, self._readers, self._clock, self._limit = writer, readers, clock, live
        self._head = self._floor = self._opened_at = 0
        self._live: list[LogEntry] = []
        self._waiting: asyncio.Future[None] | None = None
        self._cursors: dict[str, int] = {}
        self._begins: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        writer.add_lane(self)

    # ---- the port

    @property
    def head(self) -> int:
        return self._head

    async def cursor(self, consumer: str) -> int:
        # A consumer that must ask again, since the file failed, is not to miss what was committed meanwhile.
        head = self._begins.setdefault(consumer, self._head)

        def begin(connection: Connection) -> int:
            connection.execute(_SQL.begin_consumer, (consumer, head))
            found = one(connection, _SQL.cursor, consumer)
            return int(found[0]) if found else head

        return await self._writer.run(begin)

    async def batches(self, after: int) -> AsyncIterator[Sequence[LogEntry]]:
        self._forget_live()
        position = after
        while True:
            if position < self._floor:
                if changes := self._take_changes():
                    yield changes
                page = await self._page(position, self._floor)
                # A short page ends at the floor that it was asked for; what is missing below it was removed.
                position, entries = page
                if entries:
                    yield entries
            elif self._live:
                batch, self._live = self._live, []
                position = max(position, self._head)
                yield batch
            else:
                await self._more()

    def advance(self, consumer: str, position: int) -> None:
        self._cursors[consumer] = max(position, self._cursors.get(consumer, 0))
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(_CURSOR_DELAY_S, self.store_cursors)

    async def dead_letter(self, consumer: str, entry: CommittedMessage, reason: str, detail: str) -> None:
        message = entry.message
        values = consumer, entry.position, message.chat_id, message.message_id, reason, detail, self._clock.now_micros()
        await self._writer.run(lambda connection: connection.execute(_SQL.dead_letter, values).fetchall())

    # ---- what the writer's side gives

    def append(self, entries: Sequence[CommittedMessage]) -> None:
        """Takes in the new messages of a commit, in order."""
        if not entries:
            return
        self._head = entries[-1].position
        self._live.extend(entries)
        if len(self._live) > self._limit:
            self._forget_live()
        self._wake()

    def membership_changed(self, chat_id: str) -> None:
        """Takes in a change of members, in the order of commits."""
        self._live.append(MembershipChanged(chat_id))
        self._wake()

    def opened_at(self, position: int) -> None:
        """Notes the newest position in a file that was just opened; on the writer thread."""
        self._opened_at = position

    def store_cursors(self) -> None:
        """Gives the cursors to the writer now."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        cursors, self._cursors = self._cursors, {}
        if cursors and not self._writer.put(self, list(cursors.items())):
            self.fail(list(cursors.items()), None)

    # ---- the lane of cursors

    def apply(self, connection: Connection, items: Sequence[tuple[str, int]]) -> Sequence[None]:
        connection.execute(_SQL.advance, (_encode(list(dict(items).items())).decode(),))
        return [None] * len(items)

    def rolled_back(self) -> None: ...

    def reopened(self, connection: Connection) -> None: ...

    def settle(self, items: Sequence[tuple[str, int]], outcomes: Sequence[None], commit: Commit) -> None: ...

    def fail(self, items: Sequence[tuple[str, int]], error: SurewireError | None) -> None:
        for consumer, position in items:
            self.advance(consumer, position)

    def resumed(self) -> None:
        # A commit that was failed may be in the file after all; then its messages are read from there.
        self._head = max(self._head, self._opened_at)
        self._forget_live()
        self._wake()

    # ----

    async def _page(self, after: int, up_to: int) -> tuple[int, Sequence[LogEntry]]:
        """The next stored entries, and the position that is reached with them."""
        found = await self._readers.read(lambda connection: one(connection, _SQL.entries, after, up_to, _PAGE))
        rows = _decode(found[0]) if found else []
        return rows[-1].position if len(rows) == _PAGE else up_to, [_entry(row) for row in rows]

    def _take_changes(self) -> Sequence[LogEntry]:
        changes = [entry for entry in self._live if entry.__class__ is MembershipChanged]
        if changes:
            self._live = [entry for entry in self._live if entry.__class__ is not MembershipChanged]
        return changes

    def _forget_live(self) -> None:
        self._live = [entry for entry in self._live if entry.__class__ is MembershipChanged]
        self._floor = self._head

    async def _more(self) -> None:
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)


def _entry(row: _Row) -> CommittedMessage:
    instant = format_instant(row.created_micros)
    message = Message(row.message_id, row.chat_id, row.sequence, row.sender, row.content, row.content_type, instant)
    return CommittedMessage(row.position, message, None, 0.0)
