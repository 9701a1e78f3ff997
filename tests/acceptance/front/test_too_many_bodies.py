"""How much of unfinished request bodies is held over all connections."""

from __future__ import annotations

import socket
import struct
import threading
import time
import tracemalloc
from contextlib import ExitStack

from surewire.http.front_limits import FrontLimits
from surewire.http.request_bodies import SMALL_BODY_BYTES
from tests.acceptance.front.conftest import RunFront
from tests.acceptance.front.raw_client import RawClient, request
from tests.acceptance.front.running_front import TIMEOUT_S, RunningFront

LOW = FrontLimits(max_bodies_bytes=100_000)
CHUNKED = "Transfer-Encoding: chunked"


def post(announced: int, sent: int, *headers: str, path: str = "/length") -> bytes:
    return request(f"POST {path} HTTP/1.1", f"Content-Length: {announced}", *headers, body=b"x" * sent)


def filled(front: RunningFront, stack: ExitStack, count: int = LOW.max_bodies_bytes) -> RawClient:
    """A client with so many bytes that no more may be held, and more to come."""
    client = stack.enter_context(RawClient(front.address))
    client.send(post(120_000, 0, "Expect: 100-continue"))
    assert client.answer().status == 100
    client.send(b"x" * count)
    wait_for_body_bytes(front, LOW.max_bodies_bytes)
    return client


def wait_for_body_bytes(front: RunningFront, count: int) -> None:
    give_up_s = time.monotonic() + TIMEOUT_S
    while (held := front.call(lambda: front.bound.body_bytes)) != count:
        assert time.monotonic() < give_up_s, f"{held} bytes are held"
        threading.Event().wait(0.001)


def test_a_body_over_the_bound_of_all_is_refused_before_it_is_read_and_a_small_one_taken(run_front: RunFront) -> None:
    with run_front(limits=LOW) as front, ExitStack() as stack:
        holder = filled(front, stack)
        large, small = (stack.enter_context(RawClient(front.address)) for _ in range(2))
        large.send(post(SMALL_BODY_BYTES + 1, 0, "Expect: 100-continue"))
        answer = large.answer()
        assert (answer.status, answer.problem["code"], answer.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
        assert large.at_end()
        small.send(post(SMALL_BODY_BYTES, SMALL_BODY_BYTES))
        assert small.answer().body == str(SMALL_BODY_BYTES).encode()
        holder.leave()
        front.app.disconnects.get(timeout=TIMEOUT_S)
        small.send(post(90_000, 90_000))
        assert small.answer().body == b"90000"


def test_a_body_that_grows_over_the_bound_of_all_is_refused(run_front: RunFront) -> None:
    with run_front(limits=LOW) as front, ExitStack() as stack:
        growing = stack.enter_context(RawClient(front.address))
        growing.send(request("POST /length HTTP/1.1", CHUNKED, body=b"4000\r\n" + b"x" * SMALL_BODY_BYTES + b"\r\n"))
        wait_for_body_bytes(front, SMALL_BODY_BYTES)
        filled(front, stack, LOW.max_bodies_bytes - SMALL_BODY_BYTES)
        growing.send(b"1\r\nx\r\n")
        assert (growing.answer().status, growing.at_end()) == (503, True)


def test_a_body_is_given_back_when_its_request_is_over(run_front: RunFront) -> None:
    with run_front(limits=LOW) as front, RawClient(front.address) as client:
        for _ in range(3):
            client.send(post(90_000, 90_000))
            assert client.answer().body == b"90000"
        client.send(post(20_000, 20_000) * 3)
        assert [client.answer().body for _ in range(3)] == [b"20000"] * 3
        client.send(request("POST /slow HTTP/1.1", "Content-Length: 50000", body=b"x" * 50_000) + post(30_000, 30_000))
        front.app.calls.get(timeout=TIMEOUT_S)
        wait_for_body_bytes(front, 80_000)
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.leave()  # with a reset: the answer to the first cannot be written, and the second is never begun
        front.app.gate.set()
        wait_for_body_bytes(front, 0)


def test_a_body_that_nobody_read_is_not_kept_while_its_connection_is_idle(run_front: RunFront) -> None:
    with run_front() as front, ExitStack() as stack:
        clients = [stack.enter_context(RawClient(front.address)) for _ in range(20)]
        tracemalloc.start()
        try:
            for client in clients:
                client.send(post(60_000, 60_000, path="/unread"))
                assert client.answer().status == 401
            kept_bytes, _ = front.call(tracemalloc.get_traced_memory)
        finally:
            tracemalloc.stop()
        assert kept_bytes < 600_000
