"""What waits for a client that does not read: bounded, in order, counted."""

from __future__ import annotations

from surewire.gateway.frames import EndCause, Ending
from tests.fakes.web_socket import FakeWebSocket
from tests.unit.gateway.outboxes import Outboxes, event, numbered

BINARY, CLOSE = 2, 8
FRAME_BYTES = len(numbered(0))


def numbers(socket: FakeWebSocket) -> list[int]:
    return [int.from_bytes(payload, "big") for opcode, payload in socket.frames() if opcode == BINARY]


def test_a_client_that_reads_gets_a_burst_longer_than_the_limit() -> None:
    outboxes = Outboxes(max_messages=10)
    box, socket = outboxes.open()
    for number in range(5_000):
        box.write(numbered(number))
    outboxes.loop.end()
    assert numbers(socket) == list(range(5_000))


def test_what_does_not_go_out_waits_until_the_client_reads() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open(kernel_bytes=3)
    for number in range(20):
        box.write(numbered(number))
        outboxes.loop.end()
    assert not box.is_flowing
    assert box.buffered_bytes == 20 * FRAME_BYTES - 3
    assert numbers(socket) == list(range(20))
    assert box.is_flowing
    assert box.buffered_bytes == 0


def test_the_most_that_waited_is_told_once_the_client_has_read_it() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open(kernel_bytes=3)
    for number in range(20):
        box.write(numbered(number))
        outboxes.loop.end()
    assert outboxes.most_buffered == []
    socket.frames()
    assert outboxes.most_buffered == [20 * FRAME_BYTES - 3]


async def test_a_frame_too_many_closes_a_client_that_does_not_read() -> None:
    outboxes = Outboxes(max_messages=5)
    box, socket = outboxes.open(kernel_bytes=1)
    for number in range(6):
        box.write(numbered(number))
        outboxes.loop.end()
    assert box.is_open
    box.write(numbered(6))
    assert not box.is_open
    assert (CLOSE, b"\x0f\xa2slow consumer") in socket.frames()
    socket.lose()
    assert box.ending == Ending(EndCause.OWN_CLOSE, 4002)


async def test_a_byte_too_many_closes_too_and_what_the_transport_holds_counts() -> None:
    outboxes = Outboxes(max_bytes=3 * FRAME_BYTES)
    box, _ = outboxes.open(kernel_bytes=1)
    for number in range(3):
        box.write(numbered(number))
        outboxes.loop.end()
    assert box.is_open
    box.write(numbered(3))
    assert not box.is_open


async def test_a_low_event_is_dropped_instead_and_others_close() -> None:
    outboxes = Outboxes(max_messages=2)
    box, socket = outboxes.open(kernel_bytes=1)
    for number in range(3):
        box.write(numbered(number))
        outboxes.loop.end()
    assert box.write_event(event(3, may_drop=True)) is False
    assert box.is_open
    assert outboxes.dropped == {"queue_full": 1}
    assert box.write_event(event(4)) is False
    assert not box.is_open
    assert +outboxes.dropped == {"queue_full": 2}
    socket.lose()


def test_a_buffer_is_only_full_for_too_long_after_the_grace() -> None:
    outboxes = Outboxes(max_messages=1, grace_s=5.0)
    box, _ = outboxes.open(kernel_bytes=1)
    for number in range(3):
        box.write_event(event(number, may_drop=True))
        outboxes.loop.end()
    outboxes.now_s = 4.9
    assert outboxes.turn.stayed_full(4.9) == []
    assert outboxes.turn.stayed_full(5.0) == [box]


def test_a_client_that_reads_on_is_not_full_any_more() -> None:
    outboxes = Outboxes(max_messages=1)
    box, socket = outboxes.open(kernel_bytes=1)
    for number in range(3):
        box.write_event(event(number, may_drop=True))
        outboxes.loop.end()
    socket.frames()
    assert outboxes.turn.stayed_full(1_000.0) == []
    assert box.write_event(event(3, may_drop=True)) is True


async def test_overflow_gives_up_what_waits_and_counts_its_events() -> None:
    outboxes = Outboxes()
    box, _ = outboxes.open(kernel_bytes=1)
    box.write(numbered(0))
    outboxes.loop.end()
    box.write_event(event(1))
    box.write(numbered(2))
    box.write_event(event(3, may_drop=True))
    box.overflow()
    assert outboxes.dropped == {"connection_closed": 2}
    assert not box.is_open


def test_events_that_waited_are_counted_as_delivered_when_they_are_handed_over() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open(kernel_bytes=1)
    assert box.write_event(event(0)) is True
    outboxes.loop.end()
    assert box.write_event(event(1)) is False
    assert outboxes.delivered == 0
    assert numbers(socket) == [0, 1]
    assert outboxes.delivered == 1


def test_a_warning_comes_once_while_a_client_does_not_read() -> None:
    outboxes = Outboxes(max_messages=10)
    box, socket = outboxes.open(kernel_bytes=1)
    for number in range(9):
        box.write(numbered(number))
        outboxes.loop.end()
    assert outboxes.warnings == 0
    box.write(numbered(9))
    box.write(numbered(10))
    assert outboxes.warnings == 1
    socket.frames()
    for number in range(11):
        box.write(numbered(number))
        outboxes.loop.end()
    assert outboxes.warnings == 2


def test_a_warning_comes_for_bytes_too() -> None:
    outboxes = Outboxes(max_bytes=10 * FRAME_BYTES)
    box, _ = outboxes.open(kernel_bytes=1)
    for number in range(9):
        box.write(numbered(number))
        outboxes.loop.end()
    assert outboxes.warnings == 1


def test_a_pong_that_fills_the_socket_does_not_let_later_frames_overtake() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open(kernel_bytes=1)
    box.write(numbered(1))
    socket.ping(b"are you there?")
    box.write(numbered(2))
    outboxes.loop.end()
    assert numbers(socket) == [1, 2]


def test_large_frames_do_not_gather() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open()
    box.write(numbered(1))
    box.write(numbered(2, size=5_000))
    assert socket.underlying_transport.writes == 1
    box.write(numbered(3))
    outboxes.loop.end()
    assert numbers(socket) == [1, 2, 3]


def test_an_end_with_a_word_hands_over_what_waits_first() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open(kernel_bytes=1)
    for number in range(4):
        box.write_event(event(number))
        outboxes.loop.end()
    box.write(numbered(4))
    box.write_everything()
    assert box.is_flowing
    assert outboxes.delivered == 3
    assert numbers(socket) == [0, 1, 2, 3, 4]


def test_who_is_closed_gets_nothing_and_keeps_nothing() -> None:
    outboxes = Outboxes()
    box, socket = outboxes.open()
    socket.lose()
    box.write(numbered(1))
    assert box.write_event(event(2)) is False
    outboxes.loop.end()
    assert socket.frames() == []
    assert outboxes.dropped == {"connection_closed": 1}
    assert box.buffered_bytes == 0


def test_what_waits_for_a_client_that_leaves_is_forgotten() -> None:
    outboxes = Outboxes(max_messages=1)
    box, socket = outboxes.open(kernel_bytes=1)
    for number in range(4):
        box.write_event(event(number, may_drop=True))
        outboxes.loop.end()
    socket.lose()
    assert outboxes.dropped == {"queue_full": 2, "connection_closed": 1}
    assert not outboxes.turn.full
    assert box.buffered_bytes == 0
