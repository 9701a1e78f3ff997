"""Which filters an event meets, at a cost that hardly grows with their number.

Theory of operation. A filter that names a rare value (an incident, a host, one of a thousand services) is kept under that value: an
event looks its own few values up and tests what it finds there, so all other such filters cost nothing. A filter without one (severities,
types, states, the environment label) would be found by every other event only to fail a test; those go into bitmaps, which reject
thousands at once. What is rare is learnt from the filters themselves: a field is selective when many different values of it are in use.

Neither way has an unbounded cost: at most `ROOM` filters wait under one value, the others of that value go into the bitmaps.
`benchmarks/filters` compares this with either way alone: values alone cost a test for every filter of a common value, bitmaps alone
cost time that grows with the number of filters.
"""

from __future__ import annotations

from typing import Any, Final, Generic, TypeVar, cast

from surewire.domain.event import Event
from surewire.gateway.filter_bitmap import FilterBitmap, Indexed
from surewire.gateway.filter_conditions import LABEL, RESOURCES, Conditions, checks_of, reader_of

__all__ = ["FilterIndex", "Indexed"]

SELECTIVE: Final = 256
"""A field with so many different values is worth looking up: a test costs as much as rejecting some hundred filters in a bitmap."""
ROOM: Final = 64
"""How many filters may be kept under one value of a selective field: so many tests take about 10 microseconds."""
ROOM_UNTIL_SELECTIVE: Final = 1

_Entry = TypeVar("_Entry", bound=Indexed)


class _Shelf(Generic[_Entry]):
    """The filters that are kept under values of one field: under each value one, or a tuple of several."""

    __slots__ = ("by_value", "field", "read")

    def __init__(self, field: str) -> None:
        self.field = field
        self.read = reader_of(field)
        self.by_value: dict[str | None, _Entry | tuple[_Entry, ...]] = {}

    def has_room(self, values: tuple[str, ...]) -> bool:
        room = ROOM if len(self.by_value) >= SELECTIVE else ROOM_UNTIL_SELECTIVE
        return all(len(self.at(value)) < room for value in values)

    def at(self, value: str | None) -> tuple[_Entry, ...]:
        held = self.by_value.get(value)
        return () if held is None else held if isinstance(held, tuple) else (held,)

    def put(self, entry: _Entry, values: tuple[str, ...]) -> None:
        for value in values:
            held = self.at(value)
            self.by_value[value] = (*held, entry) if held else entry

    def take(self, entry: _Entry, values: tuple[str, ...]) -> None:
        for value in values:
            rest = [other for other in self.at(value) if other is not entry]
            if rest:
                self.by_value[value] = tuple(rest) if len(rest) > 1 else rest[0]
            else:
                del self.by_value[value]


class FilterIndex(Generic[_Entry]):
    """A set of filters that finds those an event meets. Each is an `Indexed` of the owner's; none may be added twice."""

    __slots__ = ("_bitmaps", "_labels", "_resources", "_single")

    def __init__(self) -> None:
        self._single: dict[str, _Shelf[_Entry]] = {}
        self._labels: dict[str, _Shelf[_Entry]] = {}
        self._resources: dict[str, _Shelf[_Entry]] = {}
        self._bitmaps: list[FilterBitmap[_Entry]] = []

    def add(self, entry: _Entry, conditions: Conditions) -> None:
        """Takes the filter in. Costs some microseconds, growing with the values it names but not with the filters held."""
        field = self._best_field(conditions)
        if field is None:
            self._open_bitmap().add(entry, conditions)
            return
        shelves, key = self._where(field)
        if key not in shelves:
            shelves[key] = _Shelf(field)
        entry.place = shelves[key]
        shelves[key].put(entry, conditions[field])
        entry.checks = checks_of({other: values for other, values in conditions.items() if other != field})

    def remove(self, entry: _Entry, conditions: Conditions) -> None:
        """Lets the filter go. `conditions` are those it came with."""
        place: Any = entry.place
        if isinstance(place, FilterBitmap):
            bitmap = cast("FilterBitmap[_Entry]", place)
            bitmap.remove(entry, conditions)
            if not bitmap:
                self._bitmaps.remove(bitmap)
        else:
            place.take(entry, conditions[place.field])
            if not place.by_value:
                shelves, key = self._where(place.field)
                del shelves[key]

    def find(self, event: Event) -> list[_Entry]:
        """Every filter that the event meets, each once, in no order."""
        met: list[_Entry] = []
        unsure = self._shelved(event)
        for bitmap in self._bitmaps:
            if bitmap.unsure:
                unsure += bitmap.find(event)
            else:
                met += bitmap.find(event)
        for entry in unsure:
            for test, values in entry.checks:
                if not test(event, values):
                    break
            else:
                met.append(entry)
        return met

    def _shelved(self, event: Event) -> list[_Entry]:
        found: list[_Entry] = []
        for shelf in self._single.values():
            held = shelf.by_value.get(shelf.read(event))
            if held is not None:
                found += held if isinstance(held, tuple) else (held,)
        if self._labels:
            for name, value in event.labels.items():
                if name in self._labels:
                    found += self._labels[name].at(value)
        for shelf in self._resources.values():
            # One filter may be kept under several of the event's resources.
            found += dict.fromkeys(entry for resource in event.affected_resources for entry in shelf.at(resource))
        return found

    def _best_field(self, conditions: Conditions) -> str | None:
        best, most = None, -1
        for field, values in conditions.items():
            shelves, key = self._where(field)
            shelf = shelves.get(key)
            different = 0 if shelf is None else len(shelf.by_value)
            if different > most and (shelf is None or shelf.has_room(values)):
                best, most = field, different
        return best

    def _where(self, field: str) -> tuple[dict[str, _Shelf[_Entry]], str]:
        if field.startswith(LABEL):
            return self._labels, field[len(LABEL) :]
        return (self._resources if field == RESOURCES else self._single), field

    def _open_bitmap(self) -> FilterBitmap[_Entry]:
        for bitmap in reversed(self._bitmaps):
            if not bitmap.full:
                return bitmap
        self._bitmaps.append(FilterBitmap())
        return self._bitmaps[-1]
