"""A look at everything in the file of events."""

from __future__ import annotations

from collections.abc import Iterator

from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.queries import load_queries

__all__ = ["check_events"]

_SQL = load_queries("events")


def check_events(connection: Connection) -> tuple[int, tuple[str, ...]]:
    """How many events are kept, and what is wrong with them, a sentence each. Raises: apsw.Error when nothing can be read."""
    problems = tuple(_problems(connection))
    ((events,),) = rows(connection, _SQL.count_events)
    return events, problems


def _problems(connection: Connection) -> Iterator[str]:
    yield from (f"the file of events is damaged: {text}" for (text,) in rows(connection, _SQL.check_integrity) if text != "ok")
    yield from (f"event {offset} follows {previous}" for previous, offset in rows(connection, _SQL.check_offsets))
    yield from (f"event {offset} is damaged" for (offset,) in rows(connection, _SQL.check_events))
