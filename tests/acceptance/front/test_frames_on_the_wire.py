"""How a connection treats its peer's frames, as bytes on a socket, and how it ends."""

from __future__ import annotations

import socket
import struct

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import ClientConnection, connect

from surewire.gateway.echo import EchoListener
from surewire.gateway.frames import EndCause, Ending
from surewire.gateway.upgrade import Acceptance
from tests.acceptance.front.raw_client import Frame, RawClient, client_frame, close_frame
from tests.acceptance.front.running_front import TIMEOUT_S, RunningFront

TEXT, BINARY, CONTINUATION, CLOSE, PING, PONG = 1, 2, 0, 8, 9, 10
MAX = 65536

VIOLATIONS: dict[str, tuple[bytes, int]] = {
    **{f"reserved bits {bits:03b}": (client_frame(TEXT, b"x", reserved=bits), 1002) for bits in range(1, 8)},
    "a reserved bit in a ping": (client_frame(PING, b"x", reserved=4), 1002),
    "a reserved bit in a close": (client_frame(CLOSE, b"\x03\xe8", reserved=4), 1002),
    **{f"opcode {opcode}": (client_frame(opcode, b"x"), 1002) for opcode in (3, 7, 11, 15)},
    "an unmasked frame": (b"\x81\x01x", 1002),
    "an unmasked close": (b"\x88\x02\x03\xe8", 1002),
    "a fragmented ping": (client_frame(PING, b"x", fin=False), 1002),
    "a ping of 126 bytes": (client_frame(PING, b"x" * 126), 1002),
    "a length of 125 in 16 bits": (b"\x81\xfe\x00\x7d" + bytes(4) + b"x" * 125, 1002),
    "a length of 65,535 in 64 bits": (b"\x81\xff" + (65535).to_bytes(8, "big") + bytes(4) + b"x" * 65535, 1002),
    "a length of 2^63": (b"\x81\xff" + (1 << 63).to_bytes(8, "big"), 1009),
    "a continuation of nothing": (client_frame(CONTINUATION, b"x"), 1002),
    "a final continuation after a whole message": (client_frame(CONTINUATION, b"x", fin=True), 1002),
    "a text within a text": (client_frame(TEXT, b"x", fin=False) + client_frame(TEXT, b"y"), 1002),
    "a binary within a text": (client_frame(TEXT, b"x", fin=False) + client_frame(BINARY, b"y", fin=False), 1002),
    "a text that is not UTF-8": (client_frame(TEXT, b"ok \xff"), 1007),
    "a text with a surrogate": (client_frame(TEXT, b"\xed\xa0\x80"), 1007),
    "a text that ends in a character": (client_frame(TEXT, "é".encode()[:1]), 1007),
    "a first fragment that is not UTF-8": (client_frame(TEXT, b"ok \xff", fin=False), 1007),
    "a later fragment that is not UTF-8": (client_frame(TEXT, b"ok", fin=False) + client_frame(CONTINUATION, b"\xff", fin=False), 1007),
    "fragments that end in a character": (client_frame(TEXT, b"ok", fin=False) + client_frame(CONTINUATION, b"\xc3"), 1007),
    "a message that announces too much": (b"\x81\xff" + (MAX + 1).to_bytes(8, "big") + bytes(4), 1009),
    "fragments of too much": (client_frame(BINARY, bytes(MAX), fin=False) + client_frame(CONTINUATION, b"x"), 1009),
    "1,025 fragments": (client_frame(TEXT, b"", fin=False) + client_frame(CONTINUATION, b"", fin=False) * 1024, 1009),
    "a close of one byte": (client_frame(CLOSE, b"\x03"), 1002),
    **{
        f"close code {code}": (close_frame(code), 1002) for code in (0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65535)
    },
    "a close reason that is not UTF-8": (close_frame(1000, b"\xff"), 1007),
}
LEGAL_CODES = [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999]


@pytest.mark.parametrize("name", VIOLATIONS)
def test_a_violation_is_answered_with_its_code_and_then_the_end(shared_front: RunningFront, name: str) -> None:
    data, code = VIOLATIONS[name]
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(data)
        assert client.frame().close_code == code
        assert client.at_end()
    assert _ending(shared_front) == Ending(EndCause.PEER_VIOLATION, code)


@pytest.mark.parametrize("name", [name for name, (data, _) in VIOLATIONS.items() if len(data) < 2000])
def test_a_violation_is_the_same_byte_by_byte(shared_front: RunningFront, name: str) -> None:
    data, code = VIOLATIONS[name]
    with RawClient(shared_front.address) as client:
        client.open()
        client.send_bytewise(data)
        assert client.frame().close_code == code
        assert client.at_end()
    assert _ending(shared_front) == Ending(EndCause.PEER_VIOLATION, code)


@pytest.mark.parametrize("name", VIOLATIONS)
def test_what_came_before_a_violation_in_the_same_segment_is_not_lost(shared_front: RunningFront, name: str) -> None:
    data, code = VIOLATIONS[name]
    with RawClient(shared_front.address) as client:
        client.open(behind=client_frame(TEXT, b"first") + client_frame(BINARY, b"second") + data + client_frame(TEXT, b"too late"))
        assert [client.frame(), client.frame()] == [Frame(TEXT, b"first"), Frame(BINARY, b"second")]
        assert client.frame().close_code == code
        assert client.at_end()
    assert _ending(shared_front) == Ending(EndCause.PEER_VIOLATION, code)


def test_a_megabyte_too_many_does_not_hide_the_reason(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(BINARY, bytes(2_000_000)))
        assert client.frame().close_code == 1009
        assert client.at_end()
    assert _ending(shared_front).code == 1009


@pytest.mark.parametrize("code", LEGAL_CODES)
def test_a_legal_code_is_echoed_and_the_connection_closed_at_once(shared_front: RunningFront, code: int) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(close_frame(code, "grüß".encode()))
        assert client.frame() == Frame(CLOSE, code.to_bytes(2, "big"))
        assert client.at_end()
    assert _reports(shared_front) == [("peer_close", code, "grüß"), Ending(EndCause.PEER_CLOSED, code)]


def test_an_empty_close_is_answered_with_1000(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(CLOSE))
        assert client.frame() == Frame(CLOSE, b"\x03\xe8")
        assert client.at_end()
    assert _ending(shared_front) == Ending(EndCause.PEER_CLOSED, 1005)


def test_of_two_closes_in_one_segment_the_first_is_answered(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open(behind=client_frame(TEXT, b"hello") + close_frame(4001) + close_frame(1000) + b"\x00nonsense")
        assert client.frame() == Frame(TEXT, b"hello")
        assert client.frame().close_code == 4001
        assert client.at_end()
    assert _ending(shared_front) == Ending(EndCause.PEER_CLOSED, 4001)


def test_a_close_within_a_fragmented_message_ends_it_cleanly(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open(behind=client_frame(TEXT, b"half", fin=False) + close_frame(1000))
        assert client.frame().close_code == 1000
    assert _ending(shared_front) == Ending(EndCause.PEER_CLOSED, 1000)


def test_eof_without_a_close_is_a_lost_peer(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
    assert _ending(shared_front) == Ending(EndCause.PEER_LOST, 1006)


def test_a_reset_is_a_lost_peer(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert _ending(shared_front) == Ending(EndCause.PEER_LOST, 1006)


def test_fragments_become_one_message_with_pings_between_them(shared_front: RunningFront) -> None:
    text = "häuser ✓ 😀".encode()
    with RawClient(shared_front.address) as client:
        client.open()
        for index, byte in enumerate(text):
            client.send(client_frame(CONTINUATION if index else TEXT, bytes((byte,)), fin=False) + client_frame(PING, bytes((index,))))
        client.send(client_frame(CONTINUATION))
        assert [client.frame() for _ in text] == [Frame(PONG, bytes((index,))) for index in range(len(text))]
        assert client.frame() == Frame(TEXT, text)
    _ending(shared_front)


def test_a_message_of_exactly_the_limit_passes_in_one_frame_and_in_1024(shared_front: RunningFront) -> None:
    piece = b"x" * (MAX // 1024)
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(TEXT, b"x" * MAX))
        assert len(client.frame().payload) == MAX
        client.send(client_frame(BINARY, piece, fin=False) + client_frame(CONTINUATION, piece, fin=False) * 1022)
        client.send(client_frame(CONTINUATION, piece))
        assert client.frame() == Frame(BINARY, b"x" * MAX)
    _ending(shared_front)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 1400, 1500, 1600, 4000, 65535, 65536])
def test_messages_of_every_size_come_back(shared_front: RunningFront, size: int) -> None:
    payload = bytes(n % 128 for n in range(size))
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(TEXT, payload) * 3 + client_frame(BINARY, payload))
        assert [client.frame() for _ in range(4)] == [Frame(TEXT, payload)] * 3 + [Frame(BINARY, payload)]
    _ending(shared_front)


def test_pongs_reach_the_listener(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(PONG, b"unasked"))
        client.send(close_frame(1000))
        client.frame()
    assert _reports(shared_front)[0] == ("pong", b"unasked")


def test_a_hook_that_raises_ends_its_own_connection_only(shared_front: RunningFront, caplog: pytest.LogCaptureFixture) -> None:
    with RawClient(shared_front.address) as other, RawClient(shared_front.address) as client:
        other.open()
        client.open()
        client.send(client_frame(TEXT, b"raise 42") + client_frame(TEXT, b"too late"))
        assert client.frame() == Frame(CLOSE, (1011).to_bytes(2, "big"))
        client.send(close_frame(1011))
        assert client.at_end()
        other.send(client_frame(TEXT, b"still here"))
        assert other.frame().payload == b"still here"
        assert _ending(shared_front) == Ending(EndCause.FAILURE, 1011)
    _ending(shared_front)
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_our_own_close_waits_for_the_peers_and_drops_what_else_comes(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(TEXT, b"close 4002") + client_frame(TEXT, b"too late") + client_frame(PING))
        assert client.frame() == Frame(CLOSE, (4002).to_bytes(2, "big") + b"as asked")
        client.send(client_frame(TEXT, b"too late", fin=False) + close_frame(4002))
        assert client.at_end()
    assert _reports(shared_front) == [Ending(EndCause.OWN_CLOSE, 4002)]


def test_a_peer_that_never_answers_our_close_is_reset(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(TEXT, b"close 1012"))
        assert client.frame().close_code == 1012
        assert client.at_end()
    assert _ending(shared_front) == Ending(EndCause.OWN_CLOSE, 1012)


def test_a_peer_that_answers_our_close_with_a_violation_changes_nothing(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(TEXT, b"close 1012"))
        assert client.frame().close_code == 1012
        client.send(client_frame(TEXT, b"x", reserved=1))
        assert client.at_end()
    assert _ending(shared_front) == Ending(EndCause.OWN_CLOSE, 1012)


def test_abort_ends_a_connection_without_a_word(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(TEXT, b"abort 4002"))
        assert client.at_end()
    assert _ending(shared_front) == Ending(EndCause.OWN_CLOSE, 4002)


def test_a_full_socket_is_reported_and_so_is_its_emptying(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(TEXT, b"flood 20000000"))
        assert _next(shared_front) == "paused"
        assert len(client.frame().payload) == 20_000_000
        assert _next(shared_front) == "resumed"
    _ending(shared_front)


def test_pings_of_a_peer_that_does_not_read_do_not_fill_the_memory(shared_front: RunningFront) -> None:
    with RawClient(shared_front.address) as client:
        client.open()
        client.send(client_frame(TEXT, b"flood 20000000"))
        assert _next(shared_front) == "paused"
        client.send(client_frame(PING, b"x" * 125) * 1000 + client_frame(TEXT, b"the end"))
        assert len(client.frame().payload) == 20_000_000
        frames = [client.frame()]
        while frames[-1].payload != b"the end":
            frames.append(client.frame())
        assert len(frames) < 1000
        assert _next(shared_front) == "resumed"
    _ending(shared_front)


def test_an_independent_client_talks_and_closes(shared_front: RunningFront) -> None:
    with _websocket(shared_front) as client:
        for message in ("", "text", b"", b"binary", "✓" * 20_000):
            client.send(message)
            assert client.recv(TIMEOUT_S) == message
        client.send(["frag", "men", "ted"])
        assert client.recv(TIMEOUT_S) == "fragmented"
        assert client.ping("x").wait(TIMEOUT_S)
    assert client.close_code == 1000
    assert _ending(shared_front) == Ending(EndCause.PEER_CLOSED, 1000)


def test_an_independent_client_sees_our_close(shared_front: RunningFront) -> None:
    with _websocket(shared_front) as client:
        client.send("close 4004")
        with pytest.raises(ConnectionClosedError) as caught:
            client.recv(TIMEOUT_S)
    assert caught.value.rcvd is not None
    assert (caught.value.rcvd.code, caught.value.rcvd.reason, caught.value.rcvd_then_sent) == (4004, "as asked", True)
    assert _ending(shared_front) == Ending(EndCause.OWN_CLOSE, 4004)


def test_the_echo_takes_16_mib_and_stops_reading_a_client_that_does_not_read(front: RunningFront) -> None:
    front.handler.answer = lambda _: Acceptance(EchoListener())
    payload = b"x" * (16 * 1024 * 1024)
    with RawClient(front.address) as client:
        client.open("/echo")
        client.send(client_frame(BINARY, payload))
        client.send(client_frame(TEXT, b"after"))
        assert client.frame() == Frame(BINARY, payload)
        assert client.frame() == Frame(TEXT, b"after")


def _websocket(front: RunningFront) -> ClientConnection:
    host, port = front.address
    return connect(f"ws://{host}:{port}/ws", compression=None, proxy=None)


def _next(front: RunningFront) -> object:
    """What happened next to the connection, opening left out."""
    report = front.handler.reports.get(timeout=TIMEOUT_S)
    return _next(front) if report == "open" else report


def _reports(front: RunningFront) -> list[object]:
    """Everything that happened to the connection, to its end."""
    reports = [_next(front)]
    while not isinstance(reports[-1], Ending):
        reports.append(_next(front))
    return reports


def _ending(front: RunningFront) -> Ending:
    ending = _reports(front)[-1]
    assert isinstance(ending, Ending)
    return ending
