"""A look at all events, in a file whose pages are sound."""

from __future__ import annotations

from collections.abc import Iterator

from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.head_note import Mark
from surewire.adapters.sqlite.queries import load_queries

__all__ = ["check_events", "count_events", "read_mark"]

_SQL = load_queries("events")


def check_events(connection: Connection) -> Iterator[str]:
    """What is wrong with the events and their offsets, a sentence each. Raises: apsw.Error when nothing can be read."""
    yield from (f"event {offset} follows {previous}" for previous, offset in rows(connection, _SQL.check_offsets))
    yield from (f"event {offset} is damaged" for (offset,) in rows(connection, _SQL.check_events))
    ((*_, head, newest),) = rows(connection, _SQL.check_end)
    if read_mark(connection) is None:
        yield "the epoch of its offsets, or how many there were, is lost"
    elif newest is not None and newest != head:
        yield f"the newest event is {newest}, and the last one that was published is {head}"


def count_events(connection: Connection) -> int:
    """How many are kept."""
    ((events,),) = rows(connection, _SQL.count_events)
    return int(events)


def read_mark(connection: Connection) -> Mark | None:
    """How far the stream had got by this file; None when the file does not know."""
    ((epoch, openings, head, _),) = rows(connection, _SQL.check_end)
    return None if epoch is None or openings is None or head is None else Mark(epoch, head, openings)
