"""What came and was not read yet: bounded, and never in the way of the connection.

Whoever fills it asks `has_room` first and otherwise leaves the rest to the server, which keeps it: chats are synchronised and
subscriptions resumed once the reader has caught up. So a slow reader costs neither memory nor the connection, and misses nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Generic, TypeVar

__all__ = ["Buffer"]

T = TypeVar("T")


class Buffer(Generic[T]):
    """First in, first out, for one event loop. `on_room` is called when a reader has taken so much that there is room again."""

    __slots__ = ("_arrival", "_end", "_is_closed", "_items", "_on_room", "most")

    def __init__(self, most: int, on_room: Callable[[], None]) -> None:
        self.most = most
        self._items: deque[T] = deque()
        self._on_room = on_room
        self._is_closed = False
        self._end: Exception | None = None
        self._arrival = asyncio.Event()

    @property
    def room(self) -> int:
        """How many items may be added."""
        return max(0, self.most - len(self._items))

    @property
    def has_room(self) -> bool:
        """Whether at least half of it is free: time to fetch more."""
        return len(self._items) <= self.most // 2

    def add(self, items: Iterable[T]) -> None:
        """Adds items; a closed buffer drops them."""
        if not self._is_closed:
            self._items.extend(items)
            self._arrival.set()

    async def get(self) -> T:
        """The next item. Raises: StopAsyncIteration, or the error it was closed with, when it is closed and empty."""
        while not self._items:
            if self._is_closed:
                raise self._end or StopAsyncIteration
            self._arrival.clear()
            await self._arrival.wait()
        item = self._items.popleft()
        if len(self._items) == self.most // 2:
            self._on_room()
        return item

    def close(self, end: Exception | None = None) -> None:
        """Takes nothing more; what is in it can still be read. Idempotent."""
        if not self._is_closed:
            self._is_closed, self._end = True, end
            self._arrival.set()
