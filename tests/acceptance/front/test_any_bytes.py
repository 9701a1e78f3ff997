"""Whatever bytes a client sends, the front answers or closes, and goes on serving everybody else."""

from __future__ import annotations

import contextlib
import socket

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.acceptance.front.raw_client import RawClient, client_frame, request, upgrade
from tests.acceptance.front.running_front import RunningFront

WHOLE = [
    request("GET / HTTP/1.1"),
    request("POST /length HTTP/1.1", "Content-Length: 3", body=b"abc"),
    request("POST /length HTTP/1.1", "Transfer-Encoding: chunked", body=b"3;x=y\r\nabc\r\n0\r\nT: t\r\n\r\n"),
    request("POST /length HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c", "Content-Length: 3", body=b"abc"),
    upgrade("/ws") + client_frame(1, b"hello") + client_frame(8),
]


@st.composite
def spoilt(draw: st.DrawFn) -> list[bytes]:
    """Good requests behind each other, with a few places replaced, cut into segments."""
    data = b"".join(draw(st.lists(st.sampled_from(WHOLE), min_size=1, max_size=3)))
    for _ in range(draw(st.integers(0, 3))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 5)))
        data = data[:start] + draw(st.binary(max_size=5)) + data[end:]
    cut = draw(st.integers(0, len(data)))
    return [data[:cut], data[cut:]]


@given(st.one_of(spoilt(), st.lists(st.binary(max_size=300), max_size=3)))
@settings(max_examples=150)
def test_any_bytes_end_in_an_answer_or_a_close(shared_front: RunningFront, segments: list[bytes]) -> None:
    # The front may be done with the client before the client is.
    with RawClient(shared_front.address) as client, contextlib.suppress(OSError):
        for segment in segments:
            client.send(segment)
        client.socket.shutdown(socket.SHUT_WR)
        while client.socket.recv(65536):
            pass
    with RawClient(shared_front.address) as other:
        other.send(request("GET / HTTP/1.1"))
        assert other.answer().status == 404
