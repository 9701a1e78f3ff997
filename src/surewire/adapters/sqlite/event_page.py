"""Events read from their file, a page in one row, because every row gives the interpreter's lock away and waits for it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

import msgspec
from msgspec import Struct

from surewire.adapters.sqlite.connection import Connection, one
from surewire.adapters.sqlite.faults import BACKEND
from surewire.adapters.sqlite.queries import load_queries
from surewire.domain.event import Event
from surewire.domain.instant import format_instant
from surewire.domain.stream import StreamEvent
from surewire.errors import BackendCorruptError

__all__ = ["read_events", "read_page"]

_PAGE_BYTES: Final = 1024 * 1024
_SQL: Final = load_queries("events")
_instant = lru_cache(maxsize=512)(format_instant)


class _StoredEvent(Struct, frozen=True, gc=False):
    offset: int
    message_id: str
    created_micros: int
    event: Event


_decode = msgspec.json.Decoder(list[_StoredEvent]).decode


def read_page(connection: Connection, after: int, limit: int) -> list[StreamEvent]:
    """At most `limit` events after an offset, ending behind a megabyte; empty when there is none.

    Raises: BackendCorruptError when what is stored is no event.
    """
    row = one(connection, _SQL.page, after, limit, _PAGE_BYTES)
    if row is None or row[0] is None:
        return []
    try:
        return [_stream_event(stored) for stored in _decode(row[0])]
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BackendCorruptError(BACKEND, f"an event after offset {after} cannot be read: {error}") from error


def read_events(connection: Connection, after: int, last: int) -> list[StreamEvent]:
    """All kept events in (after, last]."""
    events: list[StreamEvent] = []
    while after < last and (page := read_page(connection, after, last - after)):
        events.extend(page)
        after = page[-1].offset
    return events


def _stream_event(stored: _StoredEvent) -> StreamEvent:
    return StreamEvent(stored.offset, stored.message_id, _instant(stored.created_micros), stored.created_micros, stored.event)
