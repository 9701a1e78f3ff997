"""Which of some thousand filters an event meets, by arithmetic on bits: for filters that have no rare value to be found by.

Each filter has a bit. A column stands for a field: for each value the bits of the filters that name it, and the bits of those that do
not name the field. So the filters that an event may meet are (bits of its value or of the unnamed) of every column, AND-ed:
a few operations on long integers, however many filters there are.

What a column would pay for badly (a condition with very many values, the seventeenth label name) is left out of the columns; such
filters are marked unsure and their missing conditions are checked one by one when the columns let them through.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Callable
from itertools import compress
from typing import Any, Final, Generic, TypeVar

from surewire.domain.event import Event
from surewire.gateway.filter_conditions import LABEL, RESOURCES, Check, Conditions, checks_of, reader_of

__all__ = ["FilterBitmap", "Indexed"]

CAPACITY: Final = 16_384
"""Bits are copied when one changes; so a bitmap is kept short enough for that to take a tenth of a microsecond."""
MAX_CONDITION_VALUES: Final = 16
MAX_COLUMN_VALUES: Final = 2_048
MAX_LABEL_COLUMNS: Final = 16
MAX_RECENT: Final = 100_000
"""What is remembered of earlier events, in references of 8 bytes; `ENTRY_OF_RECENT` of them stand for the bits themselves."""
ENTRY_OF_RECENT: Final = 300


class Indexed:
    """A filter as an index holds it. `place` is where, `slot` its bit there, `checks` what remains to be tested when it is found."""

    __slots__ = ("checks", "place", "slot")

    checks: tuple[Check, ...]
    place: object
    slot: int


_Entry = TypeVar("_Entry", bound=Indexed)


class _Column:
    __slots__ = ("by_value", "read", "unnamed")

    def __init__(self, read: Callable[[Event], str | None], unnamed: int) -> None:
        self.read, self.unnamed = read, unnamed
        self.by_value: dict[str | None, int] = {}

    def set(self, bit: int, values: tuple[str, ...]) -> None:
        if not values:
            self.unnamed |= bit
        for value in values:
            self.by_value[value] = self.by_value.get(value, 0) | bit

    def clear(self, bit: int, values: tuple[str, ...]) -> None:
        self.unnamed &= ~bit
        for value in values:
            bits = self.by_value.get(value, 0) & ~bit
            if bits:
                self.by_value[value] = bits
            else:
                self.by_value.pop(value, None)


class FilterBitmap(Generic[_Entry]):
    """Up to `CAPACITY` filters, each with a bit. `unsure` counts those that have checks left."""

    __slots__ = ("_columns", "_entries", "_free", "_label_columns", "_recent", "_recent_size", "_resources", "_used", "unsure")

    def __init__(self) -> None:
        self._columns: dict[str, _Column] = {}
        self._label_columns = 0
        self._resources = _Column(reader_of(RESOURCES), 0)
        self._entries: list[_Entry | None] = []
        self._free: list[int] = []
        self._used = 0
        self._recent: dict[int, list[_Entry]] = {}
        self._recent_size = 0
        self.unsure = 0

    def __len__(self) -> int:
        return len(self._entries) - len(self._free)

    @property
    def full(self) -> bool:
        """Whether no more filter fits."""
        return not self._free and len(self._entries) >= CAPACITY

    def add(self, entry: _Entry, conditions: Conditions) -> None:
        """Takes the filter in; must not be full."""
        self._forget()
        columned = {field: values for field, values in conditions.items() if self._has_column(field, values)}
        missing = {field: values for field, values in conditions.items() if field not in columned}
        bit = self._take_bit(entry)
        for field, column in self._columns.items():
            column.set(bit, columned.get(field, ()))
        self._resources.set(bit, columned.get(RESOURCES, ()))
        self._used |= bit
        entry.place, entry.checks = self, checks_of(missing)
        self.unsure += bool(missing)

    def remove(self, entry: _Entry, conditions: Conditions) -> None:
        """Lets the filter go. `conditions` are those it came with."""
        self._forget()
        bit = 1 << entry.slot
        self._resources.clear(bit, conditions.get(RESOURCES, ()))
        for field, column in list(self._columns.items()):
            column.clear(bit, conditions.get(field, ()))
            if not column.by_value:
                self._drop_column(field)
        self._used &= ~bit
        self.unsure -= bool(entry.checks)
        self._entries[entry.slot] = None
        self._free.append(entry.slot)

    def find(self, event: Event) -> list[_Entry]:
        """The filters that the event may meet; it meets those whose `checks` it passes. Not to be changed by the caller."""
        bits = self._admitted(event)
        if not bits:
            return []
        known = self._recent.get(bits)
        if known is None:
            known = self._entries_at(bits)
            self._remember(bits, known)
        return known

    def _admitted(self, event: Event) -> int:
        bits, resources = self._used, self._resources
        if resources.by_value:
            named = resources.unnamed
            for resource in event.affected_resources:
                named |= resources.by_value.get(resource, 0)
            bits &= named
        for column in self._columns.values():
            bits &= column.by_value.get(column.read(event), 0) | column.unnamed
            if not bits:
                break
        return bits

    def _entries_at(self, bits: int) -> list[_Entry]:
        words = array("Q", bits.to_bytes((bits.bit_length() + 63) // 64 * 8, "little"))
        if sys.byteorder == "big":
            words.byteswap()
        entries: list[Any] = self._entries
        found: list[_Entry] = []
        for index in compress(range(len(words)), words):
            word, before = words[index], index * 64 - 1
            while word:
                lowest = word & -word
                found.append(entries[before + lowest.bit_length()])
                word ^= lowest
        return found

    def _remember(self, bits: int, entries: list[_Entry]) -> None:
        """Events of the same type, severity and state admit the same bits, and most events are of few such kinds."""
        self._recent_size += ENTRY_OF_RECENT + len(entries)
        if self._recent_size > MAX_RECENT:
            self._forget()
        self._recent[bits] = entries

    def _forget(self) -> None:
        if self._recent:
            self._recent, self._recent_size = {}, 0

    def _has_column(self, field: str, values: tuple[str, ...]) -> bool:
        """Whether the condition goes into a column, which is made if need be."""
        column = self._resources if field == RESOURCES else self._columns.get(field)
        if column is None:
            return self._make_column(field, values)
        # Every value takes up to 2 KB; a column of a great many values is for values that are rare, and so are their filters.
        return len(values) <= MAX_CONDITION_VALUES and (len(column.by_value) <= MAX_COLUMN_VALUES or column.by_value.keys() >= set(values))

    def _make_column(self, field: str, values: tuple[str, ...]) -> bool:
        is_label = field.startswith(LABEL)
        if len(values) > MAX_CONDITION_VALUES or (is_label and self._label_columns >= MAX_LABEL_COLUMNS):
            return False
        self._label_columns += is_label
        self._columns[field] = _Column(reader_of(field), self._used)
        return True

    def _drop_column(self, field: str) -> None:
        del self._columns[field]
        self._label_columns -= field.startswith(LABEL)

    def _take_bit(self, entry: _Entry) -> int:
        if self._free:
            slot = self._free.pop()
            self._entries[slot] = entry
        else:
            slot = len(self._entries)
            self._entries.append(entry)
        entry.slot = slot
        return 1 << slot
