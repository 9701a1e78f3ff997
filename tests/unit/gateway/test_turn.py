"""What one turn of the loop writes: joined, in order, and each connection's failure its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.gateway.frames import EndCause, Ending
from tests.fakes.web_socket import FakeWebSocket
from tests.unit.gateway.outboxes import Box, Outboxes, event, numbered

BOXES = 3
BINARY = 2


def numbers(socket: FakeWebSocket) -> list[int]:
    """The numbers of the frames that came."""
    return [int.from_bytes(payload, "big") for opcode, payload in socket.frames() if opcode == BINARY]


def test_nothing_is_written_before_the_turn_ends() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open()
    box.write(numbered(1))
    box.write_event(event(2))
    assert numbers(socket) == []
    outboxes.loop.end()
    assert numbers(socket) == [1, 2]


def test_the_frames_of_a_turn_are_one_write_per_connection() -> None:
    outboxes = Outboxes()
    opened = [outboxes.open() for _ in range(4)]
    for number in range(10):
        for box, _ in opened:
            box.write(numbered(number))
    outboxes.loop.end()
    assert [socket.underlying_transport.writes for _, socket in opened] == [1, 1, 1, 1]


def test_events_for_one_audience_are_one_write_per_connection() -> None:
    outboxes = Outboxes()
    opened = [outboxes.open() for _ in range(4)]
    audience = [box for box, _ in opened]
    for number in range(100):
        outboxes.turn.broadcast(audience, event(number))
    outboxes.loop.end()
    for _, socket in opened:
        assert socket.underlying_transport.writes == 1
        assert numbers(socket) == list(range(100))
    assert outboxes.delivered == 400


def test_another_audience_is_not_joined_with_the_one_before() -> None:
    outboxes = Outboxes()
    (one, to_one), (two, to_two) = outboxes.open(), outboxes.open()
    outboxes.turn.broadcast([one, two], event(1))
    outboxes.turn.broadcast([one], event(2))
    outboxes.turn.broadcast([one, two], event(3))
    outboxes.loop.end()
    assert numbers(to_one) == [1, 2, 3]
    assert numbers(to_two) == [1, 3]


def test_a_frame_written_after_a_broadcast_comes_after_it_and_before_the_next() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open()
    audience = [box]
    outboxes.turn.broadcast(audience, event(1))
    box.write(numbered(2))
    outboxes.turn.broadcast(audience, event(3))
    box.write(numbered(4))
    outboxes.loop.end()
    assert numbers(socket) == [1, 2, 3, 4]


def test_a_frame_that_lets_go_the_broadcast_that_fills_its_socket_comes_before_the_next_one() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open(kernel_bytes=5)
    outboxes.turn.broadcast([box], event(1))
    box.write(numbered(2))
    box.write(numbered(3))
    outboxes.loop.end()
    assert numbers(socket) == [1, 2, 3]


def test_a_burst_of_large_events_is_not_gathered_without_bound() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open()
    audience = [box]
    for number in range(16):
        outboxes.turn.broadcast(audience, event(number, size=60_000))
    assert socket.underlying_transport.writes > 0
    outboxes.loop.end()
    assert numbers(socket) == list(range(16))


def test_one_who_leaves_while_events_gather_gets_none_and_is_counted() -> None:
    outboxes = Outboxes()
    (here, to_here), (gone, to_gone) = outboxes.open(), outboxes.open()
    outboxes.turn.broadcast([here, gone], event(1))
    to_gone.lose()
    outboxes.loop.end()
    assert numbers(to_here) == [1]
    assert outboxes.delivered == 1
    assert outboxes.dropped == {"connection_closed": 1}


@pytest.mark.parametrize("way", ["write", "broadcast"])
def test_a_socket_that_fails_ends_its_own_connection_and_no_other(way: str) -> None:
    outboxes = Outboxes()
    opened = [outboxes.open() for _ in range(3)]
    audience = [box for box, _ in opened]
    broken, to_broken = opened[1]

    def write_to_all(number: int) -> None:
        if way == "broadcast":
            outboxes.turn.broadcast(audience, event(number))
        else:
            for box in audience:
                box.write(numbered(number))

    to_broken.underlying_transport.breaks = RuntimeError("the handler is closed")
    write_to_all(1)
    outboxes.loop.end()
    write_to_all(2)
    outboxes.loop.end()
    assert not broken.is_open
    assert numbers(opened[0][1]) == numbers(opened[2][1]) == [1, 2]
    to_broken.lose()
    assert broken.ending == Ending(EndCause.OWN_CLOSE, 1011)
    assert to_broken.underlying_transport.is_aborted


# Any mix of writes, and of clients that read, ping or leave

Step = tuple[Callable[..., None], tuple[Any, ...]]
box_numbers = st.integers(0, BOXES - 1)
audiences = st.sampled_from([(0,), (1, 2), (0, 1, 2), (2, 0)])


class World:
    """Connections, what was written to each, and what each client has read."""

    def __init__(self, kernel_bytes: list[int], **limits: int) -> None:
        self.outboxes = Outboxes(**limits)
        self.opened = [self.outboxes.open(size) for size in kernel_bytes]
        self.audiences: dict[tuple[int, ...], list[Box]] = {}
        self.written: list[list[int]] = [[] for _ in self.opened]
        self.droppable: set[int] = set()
        self.read = [bytearray() for _ in self.opened]
        self.matched = self.next = 0

    def write(self, at: int) -> None:
        self.opened[at][0].write(self._frame((at,)))

    def write_event(self, at: int, may_drop: bool) -> None:
        self.matched += 1
        box, next_event = self.opened[at][0], event(self.next, may_drop=may_drop)
        self._frame((at,), may_drop=may_drop)
        if box.write_event(next_event):
            self.outboxes.delivered += 1

    def broadcast(self, audience: tuple[int, ...], may_drop: bool) -> None:
        self.matched += len(audience)
        boxes = self.audiences.setdefault(audience, [self.opened[at][0] for at in audience])
        next_event = event(self.next, may_drop=may_drop)
        self._frame(audience, may_drop=may_drop)
        self.outboxes.turn.broadcast(boxes, next_event)

    def client_reads(self, at: int, size_bytes: int) -> None:
        self.read[at] += self.opened[at][1].underlying_transport.read(size_bytes)

    def client_pings(self, at: int) -> None:
        self.opened[at][1].ping(b"?")

    def client_leaves(self, at: int) -> None:
        self.opened[at][1].lose()

    def turn_ends(self) -> None:
        self.outboxes.loop.end()

    def everybody_reads_everything(self) -> list[list[int]]:
        self.turn_ends()
        for at, (_, socket) in enumerate(self.opened):
            self.read[at] += socket.underlying_transport.read_all()
        return [got_of(bytes(data)) for data in self.read]

    def _frame(self, audience: tuple[int, ...], *, may_drop: bool = False) -> bytes:
        number, self.next = self.next, self.next + 1
        if may_drop:
            self.droppable.add(number)
        for at in audience:
            self.written[at].append(number)
        return numbered(number)


def got_of(data: bytes) -> list[int]:
    """The numbers in whole frames; what a connection that ended has cut off does not count."""
    numbers: list[int] = []
    while len(data) >= 2 and len(data) >= 2 + data[1]:
        if data[0] & 15 == BINARY:
            numbers.append(int.from_bytes(data[2 : 2 + data[1]], "big"))
        data = data[2 + data[1] :]
    return numbers


def is_subsequence(some: list[int], whole: list[int]) -> bool:
    rest = iter(whole)
    return all(number in rest for number in some)


writes: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just(World.write), st.tuples(box_numbers)),
    st.tuples(st.just(World.write_event), st.tuples(box_numbers, st.booleans())),
    st.tuples(st.just(World.broadcast), st.tuples(audiences, st.booleans())),
    st.tuples(st.just(World.client_reads), st.tuples(box_numbers, st.integers(1, 60))),
    st.tuples(st.just(World.client_pings), st.tuples(box_numbers)),
    st.tuples(st.just(World.turn_ends), st.just(())),
)
leaves: st.SearchStrategy[Step] = st.tuples(st.just(World.client_leaves), st.tuples(box_numbers))
kernels = st.lists(st.integers(1, 60), min_size=BOXES, max_size=BOXES)


@given(kernels, st.lists(writes, max_size=60))
def test_every_connection_gets_every_frame_in_the_order_written(kernel_bytes: list[int], steps: list[Step]) -> None:
    world = World(kernel_bytes)
    for step, arguments in steps:
        step(world, *arguments)
    assert world.everybody_reads_everything() == world.written
    assert world.outboxes.delivered == world.matched
    assert not world.outboxes.turn.full


@given(kernels, st.lists(st.one_of(writes, leaves), max_size=80), st.integers(1, 6))
def test_with_little_room_only_low_events_are_dropped_while_a_connection_lives(
    kernel_bytes: list[int], steps: list[Step], max_messages: int
) -> None:
    async def live() -> None:
        world = World(kernel_bytes, max_messages=max_messages, max_bytes=200)
        for step, arguments in steps:
            step(world, *arguments)
        got = world.everybody_reads_everything()
        for at, (box, socket) in enumerate(world.opened):
            assert is_subsequence(got[at], world.written[at])
            if box.is_open:
                assert set(world.written[at]) - set(got[at]) <= world.droppable
            else:
                assert socket.is_lost or socket.is_close_frame_sent
        assert world.matched == world.outboxes.delivered + world.outboxes.dropped.total()
        assert not world.outboxes.turn.full

    asyncio.run(live())
