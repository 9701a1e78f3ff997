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
FEW: Final = 4
MAX_CONDITION_VALUES: Final = 16
MAX_LABEL_COLUMNS: Final = 16
MAX_RECENT: Final = 100_000
"""What is remembered of earlier events, in references of 8 bytes; `ENTRY_OF_RECENT` of them stand for the bits themselves."""
ENTRY_OF_RECENT: Final = 300


class Indexed:
    """A filter as an index holds it. `place` is where, `slot` its bit there, `checks` what remains to be tested when it is found.

    The owner's class, which has other bases, provides the slots.
    """

    __slots__ = ()

    checks: tuple[Check, ...]
    place: object
    slot: int


_Entry = TypeVar("_Entry", bound=Indexed)
_Kept = TypeVar("_Kept", int, tuple[int, ...])


class _Column:
    """By value the bits of the filters that name it: as bits, which take up to 2 KB, or for the values of few filters as slots."""

    __slots__ = ("bits_by_value", "read", "slots_by_value", "unnamed")

    def __init__(self, read: Callable[[Event], str | None], unnamed: int) -> None:
        self.read, self.unnamed = read, unnamed
        self.bits_by_value: dict[str | None, int] = {}
        self.slots_by_value: dict[str | None, tuple[int, ...]] = {}

    @property
    def empty(self) -> bool:
        return not self.bits_by_value and not self.slots_by_value

    def naming(self, value: str | None) -> int:
        """The bits of the filters that name the value."""
        bits = self.bits_by_value.get(value, 0)
        if not bits:
            for slot in self.slots_by_value.get(value, ()):
                bits |= 1 << slot
        return bits

    def set(self, slot: int, values: tuple[str, ...]) -> None:
        if not values:
            self.unnamed |= 1 << slot
        for value in values:
            slots = (*self.slots_by_value.get(value, ()), slot)
            if value in self.bits_by_value or len(slots) > FEW:
                self.bits_by_value[value] = self.naming(value) | 1 << slot
                self.slots_by_value.pop(value, None)
            else:
                self.slots_by_value[value] = slots

    def clear(self, slot: int, values: tuple[str, ...]) -> None:
        """Forgets the filter, whether or not its condition is in the column."""
        self.unnamed &= ~(1 << slot)
        for value in values:
            bits = self.bits_by_value.get(value, 0) & ~(1 << slot)
            slots = tuple(other for other in self.slots_by_value.get(value, ()) if other != slot)
            _keep(self.bits_by_value, value, bits)
            _keep(self.slots_by_value, value, slots)


def _keep(by_value: dict[str | None, _Kept], value: str, kept: _Kept) -> None:
    if kept:
        by_value[value] = kept
    else:
        by_value.pop(value, None)


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
        slot = entry.slot = self._take_slot(entry)
        for field, column in self._columns.items():
            column.set(slot, columned.get(field, ()))
        self._resources.set(slot, columned.get(RESOURCES, ()))
        self._used |= 1 << slot
        entry.place, entry.checks = self, checks_of(missing)
        self.unsure += bool(missing)

    def remove(self, entry: _Entry, conditions: Conditions) -> None:
        """Lets the filter go. `conditions` are those it came with."""
        self._forget()
        slot = entry.slot
        self._resources.clear(slot, conditions.get(RESOURCES, ()))
        for field, column in list(self._columns.items()):
            column.clear(slot, conditions.get(field, ()))
            if column.empty:
                self._drop_column(field)
        self._used &= ~(1 << slot)
        self.unsure -= bool(entry.checks)
        self._entries[slot] = None
        self._free.append(slot)

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
        if not resources.empty:
            named = resources.unnamed
            for resource in event.affected_resources:
                named |= resources.naming(resource)
            bits &= named
        for column in self._columns.values():
            value = column.read(event)
            bits &= (column.bits_by_value.get(value) or column.naming(value)) | column.unnamed
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
        is_label = field.startswith(LABEL)
        if len(values) > MAX_CONDITION_VALUES:
            return False
        if field == RESOURCES or field in self._columns:
            return True
        if is_label and self._label_columns >= MAX_LABEL_COLUMNS:
            return False
        self._label_columns += is_label
        self._columns[field] = _Column(reader_of(field), self._used)
        return True

    def _drop_column(self, field: str) -> None:
        del self._columns[field]
        self._label_columns -= field.startswith(LABEL)

    def _take_slot(self, entry: _Entry) -> int:
        if self._free:
            self._entries[self._free[-1]] = entry
            return self._free.pop()
        self._entries.append(entry)
        return len(self._entries) - 1
