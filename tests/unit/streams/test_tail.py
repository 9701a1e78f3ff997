from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import given
from msgspec import Raw

from surewire.adapters.memory.event_history import MemoryEventHistory
from surewire.domain.event import Event
from surewire.domain.stream import StreamEvent
from surewire.streams.tail import Tail, load_tail, memory_size
from tests.contracts.event_history import append
from tests.fakes.clock import SettableClock


def event(size: int) -> Event:
    return Event("x", data=Raw(b'"' + b"x" * size + b'"'))


def stream_event(offset: int, size: int = 10) -> StreamEvent:
    return StreamEvent(offset, f"msg_{offset}", "", 0, event(size))


@given(
    max_events=st.integers(1, 6),
    max_bytes=st.integers(1, 8_000),
    head=st.integers(0, 100),
    sizes=st.lists(st.integers(0, 3_000), max_size=30),
)
def test_the_newest_events_within_the_bounds_are_held(max_events: int, max_bytes: int, head: int, sizes: list[int]) -> None:
    tail = Tail(head, max_events=max_events, max_bytes=max_bytes)
    held: list[StreamEvent] = []
    for size in sizes:
        head += 1
        added = stream_event(head, size)
        tail.append(added)
        held.append(added)
        while len(held) > max_events or (len(held) > 1 and memory(held) > max_bytes):
            held.pop(0)
        assert tail.head == head
        assert tail.first == (held[0].offset if held else head + 1)
        assert [tail[offset] for offset in range(tail.first, tail.head + 1)] == held
        assert tail.size_bytes == memory(held)


def memory(events: list[StreamEvent]) -> int:
    return sum(memory_size(held.event) for held in events)


@pytest.mark.parametrize(
    ("stored", "max_events", "max_bytes", "first"),
    [
        (0, 10, 10**9, 1),
        (7, 10, 10**9, 1),
        (1_700, 10_000, 10**9, 1),
        (1_700, 1_200, 10**9, 501),
        (1_700, 500, 10**9, 1_201),
        (1_700, 1_700, 1, 1_700),
        (600, 600, 10 * memory_size(event(10)), 591),
    ],
)
async def test_loading_gives_the_tail_that_appending_would_have_left(stored: int, max_events: int, max_bytes: int, first: int) -> None:
    history = MemoryEventHistory(SettableClock(), history_events=10_000, history_s=60.0, queue_events=10_000)
    if stored:
        await append(history, [event(10)] * stored)
    tail = await load_tail(history, max_events=max_events, max_bytes=max_bytes)
    assert (tail.first, tail.head) == (first, stored)
    assert [tail[offset].offset for offset in range(first, stored + 1)] == list(range(first, stored + 1))
