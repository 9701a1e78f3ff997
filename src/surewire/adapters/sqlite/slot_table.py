"""Slots in their tables: written raw, read in any length, rolled up and removed. Every function runs within the caller's transaction.

Theory of operation. Each length of slots has two marks. Before `rolled_up_to_s` its rows are the sums of all finer ones; from there on
a reader sums the finer ones itself, so both see the same. A raw slot that is written behind the mark moves it back, and the next
roll-up does those periods again. Before `removed_up_to_s` slots of that length are gone, and coarser ones are never made from the rest.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Final, NamedTuple

from surewire.adapters.sqlite.connection import Connection, one, rows
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.slot_body import SlotBody, merged, pack, unpack
from surewire.ports.sli_store import LENGTHS_S
from surewire.slo.window import DAY_S, SLOT_S, Interval

__all__ = ["StoredSlot", "read_slots", "remove_old", "roll_up", "write_slot"]

_SQL: Final = load_queries("slo")
_FINER: Final = dict(zip(LENGTHS_S[1:], LENGTHS_S, strict=False))
_COARSER: Final = {finer: coarser for coarser, finer in _FINER.items()}
_KEPT_S: Final = {15: 15 * DAY_S, 300: 90 * DAY_S, 3_600: 365 * DAY_S, 86_400: 5 * 365 * DAY_S}
_LATE_S: Final = 60
"""How long after a period's end its last slots may still be written without being rolled up twice."""
_PERIODS_AT_ONCE: Final = 50


class StoredSlot(NamedTuple):
    """A slot by the numbers of its series."""

    start_s: int
    seen_s: int
    body: SlotBody


def write_slot(connection: Connection, life: int, slot: StoredSlot, *, is_estimate: bool) -> None:
    """Stores what a life recorded in a slot of 15 s, over what it stored before; not where slots of that age are gone."""
    if slot.start_s < _level(connection, SLOT_S).removed_up_to_s:
        return
    connection.execute(_SQL.write_slot, (slot.start_s, life, int(is_estimate), slot.seen_s, pack(slot.body)))
    if slot.start_s < _level(connection, LENGTHS_S[1]).rolled_up_to_s:
        connection.execute(_SQL.reopen_levels, (slot.start_s,))


def read_slots(connection: Connection, interval: Interval, length_s: int) -> list[StoredSlot]:
    """The slots of that length which start in the interval, oldest first."""
    if length_s == SLOT_S:
        return _raw(connection, interval)
    start_s, end_s = _up(interval.start_s, length_s), _up(interval.end_s, length_s)
    complete_s = min(max(_complete_up_to(connection, length_s), start_s), end_s)
    stored = rows(connection, _SQL.rolled_slots, length_s, start_s, complete_s)
    rest = read_slots(connection, Interval(complete_s, end_s), _FINER[length_s])
    return [StoredSlot(start, seen, unpack(body)) for start, seen, body in stored] + list(_sums(rest, length_s))


def roll_up(connection: Connection, now_s: int) -> bool:
    """Rolls up some of the periods that are over; False when there may be more."""
    return all(_roll_up(connection, length_s, now_s) for length_s in LENGTHS_S[1:])


def remove_old(connection: Connection, now_s: int) -> int:
    """Removes slots that are older than their length is kept for and are rolled up: how many.

    At most a day of each length at a time, so that a clock that is far ahead for a while does not cost the past.
    """
    return sum(_remove(connection, length_s, now_s) for length_s in LENGTHS_S)


def _raw(connection: Connection, interval: Interval) -> list[StoredSlot]:
    found = rows(connection, _SQL.raw_slots, interval.start_s, interval.end_s)
    parts = (StoredSlot(start, seen, unpack(body)) for start, seen, body in found)
    return list(_sums(parts, SLOT_S))


def _sums(slots: Iterator[StoredSlot] | Sequence[StoredSlot], length_s: int) -> Iterator[StoredSlot]:
    """Neighbours of the same period as one."""
    for start_s, group in groupby(slots, lambda slot: slot.start_s // length_s * length_s):
        parts = list(group)
        # Two lives within one slot follow each other, two processes run side by side: either way it is never seen for longer than it lasts.
        seen_s = min(length_s, sum(part.seen_s for part in parts))
        yield StoredSlot(start_s, seen_s, parts[0].body if len(parts) == 1 else merged(part.body for part in parts))


def _roll_up(connection: Connection, length_s: int, now_s: int) -> bool:
    finer_s = _FINER[length_s]
    start_s, end_s = _complete_up_to(connection, length_s), (now_s - _LATE_S) // length_s * length_s
    if finer_s != SLOT_S:
        end_s = min(end_s, _complete_up_to(connection, finer_s) // length_s * length_s)
    for _ in range(_PERIODS_AT_ONCE):
        first_s = _first(connection, finer_s, start_s, end_s)
        if first_s is None:
            connection.execute(_SQL.rolled_up, (end_s, length_s))
            return True
        start_s = _roll_up_period(connection, first_s // length_s * length_s, length_s)
    connection.execute(_SQL.rolled_up, (start_s, length_s))
    return False


def _roll_up_period(connection: Connection, start_s: int, length_s: int) -> int:
    """Makes one rolled slot, and returns its end."""
    end_s = start_s + length_s
    for slot in _sums(read_slots(connection, Interval(start_s, end_s), _FINER[length_s]), length_s):
        connection.execute(_SQL.roll_up, (length_s, slot.start_s, slot.seen_s, pack(slot.body)))
    return end_s


def _remove(connection: Connection, length_s: int, now_s: int) -> int:
    horizon_s = (now_s - _KEPT_S[length_s]) // DAY_S * DAY_S
    if length_s in _COARSER:
        horizon_s = min(horizon_s, _complete_up_to(connection, _COARSER[length_s]) // DAY_S * DAY_S)
    first_s = _first(connection, length_s, 0, horizon_s)
    if first_s is None:
        return 0
    end_s = first_s // DAY_S * DAY_S + DAY_S
    if length_s == SLOT_S:
        connection.execute(_SQL.remove_raw, (end_s,))
    else:
        connection.execute(_SQL.remove_rolled, (length_s, end_s))
    removed = connection.changes()
    connection.execute(_SQL.removed, (end_s, length_s))
    return removed


class _Level(NamedTuple):
    rolled_up_to_s: int
    removed_up_to_s: int


def _level(connection: Connection, length_s: int) -> _Level:
    found = one(connection, _SQL.level, length_s)
    assert found is not None  # noqa: S101 - the migration made a row for each length
    return _Level(*found)


def _complete_up_to(connection: Connection, length_s: int) -> int:
    """Before this instant a rolled length has all there ever will be."""
    return max(_level(connection, length_s).rolled_up_to_s, _level(connection, _FINER[length_s]).removed_up_to_s)


def _first(connection: Connection, length_s: int, start_s: int, end_s: int) -> int | None:
    if length_s == SLOT_S:
        found = one(connection, _SQL.first_raw, start_s, end_s)
    else:
        found = one(connection, _SQL.first_rolled, length_s, start_s, end_s)
    return found[0] if found else None


def _up(at_s: int, length_s: int) -> int:
    return -(-at_s // length_s) * length_s
