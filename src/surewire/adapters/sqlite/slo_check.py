"""A look at all counts and decisions of service levels, in a file whose pages are sound."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Set
from itertools import islice
from typing import Final

import msgspec

from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.slot_body import unpack

__all__ = ["check_slo"]

_SQL: Final = load_queries("slo")
_MOST: Final = 100


def check_slo(connection: Connection) -> tuple[str, ...]:
    """What is wrong with counts and decisions, a sentence each. Raises: apsw.Error when nothing can be read."""
    return tuple(_problems(connection))


def _problems(connection: Connection) -> Iterator[str]:
    yield from islice(_unreadable(connection), _MOST)
    yield from (f"decision {id_} is damaged" for (id_,) in rows(connection, _SQL.check_ledger))


def _unreadable(connection: Connection) -> Iterator[str]:
    named = {number for (number,) in rows(connection, _SQL.series_numbers)}
    for length_s, start_s, body in connection.execute(_SQL.all_slots):
        if not _is_sound(body, named):
            yield f"the slot of {length_s} s at {start_s} is damaged"


def _is_sound(body: bytes, named: Set[int]) -> bool:
    try:
        counts, gauges, peaks = unpack(body)
    except (zlib.error, msgspec.MsgspecError, ValueError):
        return False
    return all(count > 0 for count in counts.values()) and counts.keys() | gauges.keys() | peaks.keys() <= named
