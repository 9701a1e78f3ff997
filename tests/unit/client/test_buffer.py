"""The line between a connection and its reader."""

from __future__ import annotations

import asyncio

import pytest

from surewire.client.buffer import Buffer
from surewire.errors import ClientError


def no_room() -> None:
    """Nobody waits for room."""


async def test_items_come_in_order_also_to_a_reader_that_waited() -> None:
    buffer: Buffer[int] = Buffer(4, no_room)
    waiting = asyncio.create_task(buffer.get())
    await asyncio.sleep(0)
    buffer.add([1, 2])
    assert [await waiting, await buffer.get()] == [1, 2]


async def test_room_is_announced_once_when_half_of_it_was_read() -> None:
    announced: list[int] = []
    buffer: Buffer[int] = Buffer(4, lambda: announced.append(buffer.room))
    buffer.add([1, 2, 3, 4])
    assert (buffer.room, buffer.has_room) == (0, False)
    for _ in range(4):
        await buffer.get()
    assert announced == [2]


async def test_a_closed_buffer_is_read_to_its_end() -> None:
    buffer: Buffer[int] = Buffer(4, no_room)
    buffer.add([1])
    buffer.close()
    buffer.add([2])
    assert await buffer.get() == 1
    with pytest.raises(StopAsyncIteration):
        await buffer.get()


async def test_the_error_it_was_closed_with_reaches_every_reader() -> None:
    buffer: Buffer[int] = Buffer(4, no_room)
    readers = [asyncio.create_task(buffer.get()) for _ in range(2)]
    await asyncio.sleep(0)
    buffer.close(ClientError("FORBIDDEN", "stay away"))
    for reader in readers:
        with pytest.raises(ClientError, match="stay away"):
            await reader
