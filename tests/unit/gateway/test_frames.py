"""Messages out of frames, however they are cut, with the parser fed directly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable

import picows
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from surewire.gateway.frames import BINARY, PING, TEXT, EndCause, Ending, MessageListener, frame
from surewire.http.websocket_bridge import Staging, WebSocketBridge

MASK = b"\x01\x80\xff\x88"
MAX_MESSAGE_BYTES = 5000

Feed = Callable[[bytes], None]


class Recorder(MessageListener):
    __slots__ = ("closed", "ending", "messages")

    def __init__(self) -> None:
        super().__init__(MAX_MESSAGE_BYTES)
        self.messages: list[str | bytes] = []
        self.ending: Ending | None = None
        self.closed = asyncio.Event()

    def on_text(self, text: str) -> None:
        self.messages.append(text)

    def on_binary(self, data: bytes) -> None:
        self.messages.append(data)

    def on_closed(self, ending: Ending) -> None:
        self.ending = ending
        self.closed.set()


async def fed(pieces: list[bytes]) -> Recorder:
    """What a connection made of these reads, after it ended."""
    listener, staging = Recorder(), Staging()
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as peer:
        accepted, _ = server.accept()
        transport, _ = await asyncio.get_running_loop().connect_accepted_socket(asyncio.Protocol, accepted)
        bridge = WebSocketBridge(listener, None, staging, set())
        bridge.connection_made(transport)
        transport.set_protocol(bridge)
        bridge.open(b"dGhlIHNhbXBsZSBub25jZQ==", b"")
        for piece in pieces:
            staging.data[: len(piece)] = piece
            bridge.buffer_updated(len(piece))
        peer.close()
        await listener.closed.wait()
    return listener


def masked_frame(opcode: Opcode, payload: bytes, fin: bool) -> bytes:
    head = Frame(opcode, payload, fin).serialize(mask=False)
    header, body = head[: len(head) - len(payload)], head[len(head) - len(payload) :]
    return header[:1] + bytes((header[1] | 0x80,)) + header[2:] + MASK + bytes(byte ^ MASK[i % 4] for i, byte in enumerate(body))


def encoded(message: str | bytes, cuts: list[int]) -> bytes:
    """The frames of a message, cut at these places, each followed by a ping."""
    data = message.encode() if isinstance(message, str) else message
    places = sorted({cut % (len(data) + 1) for cut in cuts})
    parts = [data[start:end] for start, end in zip([0, *places], [*places, len(data)], strict=True)]
    opcodes = [Opcode.TEXT if isinstance(message, str) else Opcode.BINARY] + [Opcode.CONT] * (len(parts) - 1)
    frames = [masked_frame(opcode, part, index == len(parts) - 1) for index, (opcode, part) in enumerate(zip(opcodes, parts, strict=True))]
    return masked_frame(Opcode.PING, b"p", True).join(frames)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """`data` in reads of these sizes, over and over."""
    pieces: list[bytes] = []
    while data:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[:size])
        data = data[size:]
    return pieces


messages = st.one_of(st.text(max_size=40), st.binary(max_size=40), st.integers(0, MAX_MESSAGE_BYTES).map(lambda size: b"\x88" * size))


@given(
    st.lists(st.tuples(messages, st.lists(st.integers(0, MAX_MESSAGE_BYTES), max_size=4)), max_size=12),
    st.lists(st.integers(1, 4000), min_size=1, max_size=5),
)
def test_however_messages_are_cut_into_frames_and_reads_they_arrive_whole_and_in_order(
    sent: list[tuple[str | bytes, list[int]]], reads: list[int]
) -> None:
    stream = b"".join(encoded(message, cuts) for message, cuts in sent)
    listener = asyncio.run(fed(cut(stream, reads)))
    assert listener.messages == [message for message, _ in sent]
    assert listener.ending == Ending(EndCause.PEER_LOST, 1006)


@pytest.mark.parametrize("size", [126, 127, 200, 4_000])
def test_a_first_read_of_any_length_is_not_mistaken_for_a_whole_frame(size: int) -> None:
    # A short frame is as long as its second byte and six more; that byte says 126 or 127 of a frame with a longer header.
    payload = bytes(0xFF ^ MASK[index % 4] for index in range(size))  # looks like the header of a huge frame
    stream = encoded(payload, []) + encoded("y", [])
    for first in range(1, 140):
        listener = asyncio.run(fed([stream[:first], stream[first:]]))
        assert listener.messages == [payload, "y"], first


@pytest.mark.parametrize("length", [20, 119, 300])
def test_a_length_written_too_wide_is_a_violation_in_a_read_of_any_length(length: int) -> None:
    wide = b"\x81\xff" + length.to_bytes(8, "big") + MASK + bytes(length)  # RFC 6455 §5.2: the least number of bytes
    for first in (10, 132, 133, len(wide)):
        listener = asyncio.run(fed([piece for piece in (wide[:first], wide[first:]) if piece]))
        assert listener.ending == Ending(EndCause.PEER_VIOLATION, 1002)


@given(st.binary(max_size=200), st.lists(st.integers(1, 50), min_size=1, max_size=5))
def test_no_bytes_can_do_more_than_end_their_own_connection(stream: bytes, reads: list[int]) -> None:
    listener = asyncio.run(fed(cut(stream, reads)))
    assert listener.ending is not None
    assert listener.ending.cause in (EndCause.PEER_LOST, EndCause.PEER_CLOSED, EndCause.PEER_VIOLATION)


@given(st.lists(st.integers(1, 60), min_size=1, max_size=5))
def test_of_frames_in_any_reads_those_before_a_bad_one_arrive(reads: list[int]) -> None:
    stream = masked_frame(Opcode.TEXT, b"one", True) * 3 + b"\xf1\x80" + MASK + masked_frame(Opcode.TEXT, b"two", True)
    listener = asyncio.run(fed(cut(stream, reads)))
    assert listener.messages == ["one"] * 3
    assert listener.ending == Ending(EndCause.PEER_VIOLATION, 1002)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65535, 65536])
@pytest.mark.parametrize(("opcode", "peers"), [(TEXT, Opcode.TEXT), (BINARY, Opcode.BINARY)])
def test_a_prebuilt_frame_is_what_an_independent_implementation_sends(size: int, opcode: picows.WSMsgType, peers: Opcode) -> None:
    payload = b"x" * size
    assert frame(opcode, payload) == Frame(peers, payload).serialize(mask=False)


def test_a_control_frame_can_be_prebuilt() -> None:
    assert frame(PING, b"") == b"\x89\x00"


async def test_a_new_listener_is_alive_and_not_yet_open() -> None:
    listener = Recorder()
    assert (listener.heard, listener.is_open) == (True, False)


async def test_every_frame_counts_as_life() -> None:
    listener = Recorder()
    for opcode in (picows.WSMsgType.TEXT, picows.WSMsgType.PONG):
        listener.heard = False
        listener.is_open = True
        listener.on_ws_frame(None, _frame(opcode))  # type: ignore[arg-type]
        assert listener.heard


def _frame(opcode: picows.WSMsgType) -> picows.WSFrame:
    from picows.picows import _make_test_ws_frame

    made: picows.WSFrame = _make_test_ws_frame(opcode, b"x", True, False)
    return made
