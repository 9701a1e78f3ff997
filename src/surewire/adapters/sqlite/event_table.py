"""The events stream in one file: offsets are taken, events stored and removed within the writer's transactions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from functools import cache
from itertools import chain
from typing import Final, NamedTuple

import msgspec

from surewire.adapters.sqlite.connection import Connection, Value, one
from surewire.adapters.sqlite.head_note import Mark
from surewire.adapters.sqlite.queries import load_queries
from surewire.domain.event import Event
from surewire.domain.ids import UlidGenerator
from surewire.domain.instant import MICROS_PER_SECOND, format_instant
from surewire.domain.stream import StreamEvent

__all__ = ["EventTable", "Kept", "StreamState", "count_opening", "new_epoch", "read_state", "restart_after", "start_epoch"]

_SQL: Final = load_queries("events")
_PREFIX: Final = "msg_"
_ROWS_AT_ONCE: Final = (256, 64, 16, 4, 1)
_REMOVED_AT_ONCE: Final = 500
_AGE_CHECKED_EVERY_MICROS: Final = MICROS_PER_SECOND

_encode = msgspec.json.Encoder().encode


class Kept(NamedTuple):
    """How much of a stream is kept."""

    events: int
    micros: int


class StreamState(NamedTuple):
    """What a file holds. `oldest` is head + 1 when no event is kept, `newest_id` then empty."""

    mark: Mark
    oldest: int
    newest_id: str


class EventTable:
    """Places events after the head and removes the oldest. Used by one thread, within its transactions.

    `head` and `oldest` are those of the running transaction. `forget` makes the next call read them anew.
    """

    __slots__ = ("_age_checked_micros", "_ids", "_kept", "_known", "head", "oldest")

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._ids = UlidGenerator(secrets.randbits)
        self._age_checked_micros = 0
        self.forget()

    def forget(self) -> None:
        """Forgets what a transaction that was rolled back may have changed."""
        self._known, self.head, self.oldest = False, 0, 1

    def place(self, connection: Connection, events: Sequence[Event], now_micros: int) -> list[StreamEvent]:
        """Stores events at the next offsets, all with this instant."""
        self._know(connection)
        millis, instant = now_micros // 1_000, format_instant(now_micros)
        placed = [
            StreamEvent(offset, _PREFIX + self._ids.next(millis), instant, now_micros, event)
            for offset, event in enumerate(events, self.head + 1)
        ]
        _insert(connection, placed)
        self.head += len(placed)
        return placed

    def trim(self, connection: Connection, now_micros: int, *, added: int = 0) -> bool:
        """Removes events that are too many or too old, `added` and a few hundred at most. False when that was not all."""
        self._know(connection)
        limit = self.oldest + added + _REMOVED_AT_ONCE
        keep_from = max(self.head + 1 - self._kept.events, self._first_young(connection, now_micros, limit))
        self._remove_before(connection, min(keep_from, limit))
        return keep_from < limit

    def _know(self, connection: Connection) -> None:
        if self._known:
            return
        state = read_state(connection)
        self._known, self.head, self.oldest = True, state.mark.head, state.oldest
        if state.newest_id:
            self._ids.start_after(state.newest_id.removeprefix(_PREFIX))

    def _first_young(self, connection: Connection, now_micros: int, limit: int) -> int:
        """The first event to keep by its age, looked for below `limit` and not more often than once a second."""
        if abs(now_micros - self._age_checked_micros) < _AGE_CHECKED_EVERY_MICROS or self.oldest > self.head:
            return self.oldest
        found = one(connection, _SQL.first_not_older, limit - self.oldest, now_micros - self._kept.micros)
        offset = found[0] if found else None
        self._age_checked_micros = now_micros if offset is not None else 0
        return limit if offset is None else int(offset)

    def _remove_before(self, connection: Connection, offset: int) -> None:
        offset = min(offset, self.head + 1)
        if offset > self.oldest:
            connection.execute(_SQL.remove_before, (offset,))
            self.oldest = offset


def read_state(connection: Connection) -> StreamState:
    """What the file holds, the running transaction included."""
    row = one(connection, _SQL.state)
    assert row is not None  # noqa: S101 - a statement of sub-queries always has its one row
    epoch, openings, head, oldest, newest_id = row
    return StreamState(Mark(epoch, head, openings), head + 1 if oldest is None else oldest, newest_id or "")


def new_epoch() -> str:
    """A name that no other epoch has."""
    return secrets.token_hex(8)


def count_opening(connection: Connection) -> None:
    """Notes in the file that a process opened it."""
    connection.execute(_SQL.count_opening)


def start_epoch(connection: Connection, epoch: str) -> None:
    """Makes every earlier position one of another epoch."""
    connection.execute(_SQL.begin_epoch, (epoch,))


def restart_after(connection: Connection, offset: int) -> None:
    """Keeps no event, and takes offsets after this one."""
    connection.execute(_SQL.remove_before, (offset + 1,))
    connection.execute(_SQL.begin_at, (offset,))


def _insert(connection: Connection, events: Sequence[StreamEvent]) -> None:
    start = 0
    for rows in _ROWS_AT_ONCE:
        while len(events) - start >= rows:
            connection.execute(_insert_statement(rows), list(chain.from_iterable(map(_row, events[start : start + rows]))))
            start += rows


def _row(event: StreamEvent) -> tuple[Value, ...]:
    return event.offset, event.message_id, event.created_micros, _encode(event.event)


@cache
def _insert_statement(rows: int) -> str:
    head, row = _SQL.insert.split(" VALUES ")
    return f"{head} VALUES {','.join([row] * rows)}"
