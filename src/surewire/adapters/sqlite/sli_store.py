"""Counts by slot, in the file of service levels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final, TypeVar

from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.queries import load_queries
from surewire.adapters.sqlite.readers import Readers
from surewire.adapters.sqlite.slot_body import SlotBody
from surewire.adapters.sqlite.slot_table import StoredSlot, read_slots, remove_old, roll_up, write_slot
from surewire.adapters.sqlite.writer import GroupCommitWriter
from surewire.contract.series import labels_of, metric_of, series_id
from surewire.ports.sli_store import LENGTHS_S, LifeRecord, Slot
from surewire.slo.window import DAY_S, SLOT_S, Interval

__all__ = ["SqliteSliStore"]

_SQL: Final = load_queries("slo")
V = TypeVar("V", int, float)
_LIVES_KEPT_S: Final = 365 * DAY_S


class SqliteSliStore:
    """The `SliStore` and `SliSource` of one file."""

    __slots__ = ("_names", "_numbers", "_readers", "_writer")

    def __init__(self, writer: GroupCommitWriter, readers: Readers) -> None:
        """`readers` has one thread."""
        self._writer, self._readers = writer, readers
        self._numbers: dict[str, int] = {}
        self._names: dict[int, str] = {}

    async def write(self, slots: Sequence[Slot], life: LifeRecord, *, is_estimate: bool = False) -> None:
        if any(slot.length_s != SLOT_S or slot.start_s % SLOT_S for slot in slots):
            raise ValueError("only slots of 15 s that start at a multiple of it are recorded")
        # What a transaction learned is true only when it was committed.
        await self._writer.run(partial(self._write, slots=slots, life=life, is_estimate=is_estimate), self._numbers.update)

    async def read(self, interval: Interval, length_s: int) -> Sequence[Slot]:
        if length_s not in LENGTHS_S:
            raise ValueError(f"slots are {LENGTHS_S} s long, not {length_s}")
        return await self._readers.read(partial(self._read, interval=interval, length_s=length_s))

    slots = read

    async def tidy(self, now_s: int) -> int:
        while not await self._writer.run(partial(roll_up, now_s=now_s)):
            pass
        return await self._writer.run(partial(_remove, now_s=now_s))

    async def lives(self, interval: Interval) -> Sequence[LifeRecord]:
        found = await self._readers.read(lambda connection: rows(connection, _SQL.lives, interval.end_s, interval.start_s))
        return [LifeRecord(ready, last, count, bool(clean), id_, instance) for ready, last, count, clean, id_, instance in found]

    # ---- on the writer thread

    def _write(self, connection: Connection, slots: Sequence[Slot], life: LifeRecord, *, is_estimate: bool) -> dict[str, int]:
        """The numbers of series that had none."""
        new: dict[str, int] = {}
        number = _keep_life(connection, life)
        for slot in slots:
            body = SlotBody(
                self._numbered(connection, slot.counts, new),
                self._numbered(connection, _of_instance(slot.gauges, life.instance), new),
                self._numbered(connection, _of_instance(slot.peaks, life.instance), new),
            )
            write_slot(connection, number, StoredSlot(slot.start_s, slot.seen_s, body), is_estimate=is_estimate)
        return new

    def _numbered(self, connection: Connection, values: Mapping[str, V], new: dict[str, int]) -> dict[int, V]:
        return {self._number(connection, name, new): value for name, value in values.items()}

    def _number(self, connection: Connection, name: str, new: dict[str, int]) -> int:
        number = self._numbers.get(name) or new.get(name)
        if number is None:
            ((number,),) = rows(connection, _SQL.name_series, name)
            new[name] = number
        return number

    # ---- on the reader thread

    def _read(self, connection: Connection, interval: Interval, length_s: int) -> list[Slot]:
        with connection:  # all of it as of one moment
            found = read_slots(connection, interval, length_s)
        try:
            return [self._named(slot, length_s) for slot in found]
        except KeyError:
            self._names.update(rows(connection, _SQL.all_series))
            return [self._named(slot, length_s) for slot in found]

    def _named(self, slot: StoredSlot, length_s: int) -> Slot:
        names, (counts, gauges, peaks) = self._names, slot.body
        return Slot(
            start_s=slot.start_s,
            length_s=length_s,
            seen_s=slot.seen_s,
            counts={names[number]: count for number, count in counts.items()},
            gauges={names[number]: value for number, value in gauges.items()},
            peaks={names[number]: value for number, value in peaks.items()},
        )


def _keep_life(connection: Connection, life: LifeRecord) -> int:
    ((number,),) = rows(connection, _SQL.keep_life, life.id, life.instance, life.ready_s, life.last_s, life.connections, int(life.is_clean))
    return int(number)


def _remove(connection: Connection, now_s: int) -> int:
    removed = remove_old(connection, now_s)
    connection.execute(_SQL.remove_lives, (now_s - _LIVES_KEPT_S,))
    return removed + connection.changes()


def _of_instance(values: Mapping[str, float], instance: str) -> Mapping[str, float]:
    """Gauges under names that say whose they are."""
    if not instance:
        return values
    return {series_id(metric_of(name), {**labels_of(name), "instance": instance}): value for name, value in values.items()}
