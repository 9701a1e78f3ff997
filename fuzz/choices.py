"""Structured values out of bytes, so that changing bytes changes values: an engine that knows only bytes can explore them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

__all__ = ["Choices"]

_Value = TypeVar("_Value")


class Choices:
    """Takes decisions from bytes, one byte each; when they run out, every further decision is the first option."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    @property
    def is_over(self) -> bool:
        return self._at >= len(self._data)

    def number(self, below: int) -> int:
        """0 up to `below` - 1, which is at most 256."""
        if self.is_over:
            return 0
        self._at += 1
        return self._data[self._at - 1] % below

    def one_of(self, values: Sequence[_Value]) -> _Value:
        return values[self.number(len(values))]

    def some_of(self, values: Sequence[_Value], most: int) -> tuple[_Value, ...]:
        """Up to `most` of the values, with repetition."""
        return tuple(self.one_of(values) for _ in range(self.number(most + 1)))

    def maybe(self, values: Sequence[_Value]) -> _Value | None:
        return self.one_of(values) if self.number(3) else None

    def rest(self) -> bytes:
        """What is left."""
        rest, self._at = self._data[self._at :], len(self._data)
        return rest
