"""Who goes and who is refused when more sockets are open than may be: real sockets, low bounds."""

from __future__ import annotations

import logging
import os
import resource
import socket
from collections.abc import Generator
from contextlib import ExitStack, contextmanager

import pytest

from surewire.gateway.upgrade import Refusal
from surewire.http.front_limits import FrontLimits
from surewire.http.plain_connections import PlainConnections
from tests.acceptance.front.conftest import RunFront
from tests.acceptance.front.raw_client import RawClient, client_frame, request, upgrade
from tests.acceptance.front.running_front import TIMEOUT_S, RunningFront, running_front

GET = request("GET / HTTP/1.1")


def busy(front: RunningFront, stack: ExitStack, count: int) -> list[RawClient]:
    """So many connections for which the server works."""
    clients = [stack.enter_context(RawClient(front.address)) for _ in range(count)]
    for client in clients:
        client.send(request("GET /slow HTTP/1.1"))
        while front.app.calls.get(timeout=TIMEOUT_S) != ("GET", "/slow"):
            pass
    return clients


def idle(front: RunningFront, stack: ExitStack) -> RawClient:
    """A keep-alive connection with one answer behind it."""
    client = stack.enter_context(RawClient(front.address))
    client.send(GET)
    assert client.answer().status == 404
    return client


@pytest.mark.parametrize("begun", [b"", GET, GET[:9], request("POST /length HTTP/1.1", "Content-Length: 9", body=b"12")])
def test_whoever_has_waited_longest_for_its_client_makes_room(run_front: RunFront, begun: bytes) -> None:
    with run_front(limits=FrontLimits(max_plain_connections=2, spare_connections=1, max_sockets=3)) as front, ExitStack() as stack:
        oldest = stack.enter_context(RawClient(front.address))
        oldest.send(begun)
        if begun == GET:
            assert oldest.answer().status == 404
        elif begun.startswith(b"POST"):
            front.app.calls.get(timeout=TIMEOUT_S)
        second = idle(front, stack)
        busy(front, stack, 1)
        newcomer = idle(front, stack)
        assert oldest.at_end()
        for client in (second, newcomer):
            client.send(GET)
            assert client.answer().status == 404


def test_where_all_are_worked_for_a_request_is_refused_but_an_operator_is_answered(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(max_plain_connections=2, max_sockets=18)) as front, ExitStack() as stack:
        working = busy(front, stack, 2)
        newcomer, operator, websocket = (stack.enter_context(RawClient(front.address)) for _ in range(3))
        newcomer.send(GET)
        answer = newcomer.answer()
        assert (answer.status, answer.problem["code"], answer.headers["retry-after"]) == (503, "UNAVAILABLE", "1")
        assert newcomer.at_end()
        websocket.send(upgrade("/ws"))
        assert websocket.answer().status == 503
        assert front.handler.refusals.get(timeout=TIMEOUT_S) == 503
        for path in ("/health", "/ready", "/metrics"):
            operator.send(request(f"GET {path} HTTP/1.1"))
            assert operator.answer().status == 404  # this application has no such path, but it was asked
        front.app.gate.set()
        assert [client.answer().status for client in working] == [200, 200]
        operator.send(GET)
        assert operator.answer().status == 404


def test_without_a_spare_place_a_connection_is_closed_unheard(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(max_plain_connections=1, spare_connections=0, max_sockets=1)) as front, ExitStack() as stack:
        (working,) = busy(front, stack, 1)
        with RawClient(front.address) as newcomer:
            assert newcomer.at_end()
        front.app.gate.set()
        assert working.answer().status == 200


def test_a_flood_of_unfinished_heads_leaves_no_more_than_the_bound(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(max_plain_connections=6, spare_connections=4, max_sockets=10)) as front, ExitStack() as stack:
        for _ in range(60):
            stack.enter_context(RawClient(front.address)).send(GET[:20])
        with RawClient(front.address) as client:
            client.send(GET)
            assert client.answer().status == 404
            assert front.call(lambda: front.bound.open_connections) <= 10


def test_a_websocket_takes_no_place_of_a_plain_connection(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(max_plain_connections=1, spare_connections=0, max_sockets=1)) as front, ExitStack() as stack:
        sockets: list[RawClient] = []
        for _ in range(3):
            sockets.append(stack.enter_context(RawClient(front.address)))
            sockets[-1].open()
        assert idle(front, stack)
        for websocket in sockets:
            websocket.send(client_frame(1, b"still here"))
            assert websocket.frame().payload == b"still here"


def test_a_herd_may_connect_before_it_asks_for_its_websockets(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(max_plain_connections=1, spare_connections=1, max_sockets=20)) as front, ExitStack() as stack:
        herd = [stack.enter_context(RawClient(front.address)) for _ in range(20)]
        for client in herd:
            client.open()
        late = [stack.enter_context(RawClient(front.address)) for _ in range(3)]
        assert late[0].at_end()
        for client in late[1:]:
            client.open()


class Connection:
    """As much of a connection as the places know."""

    is_open = True

    def evict(self) -> None:
        self.is_open = False


def test_an_address_has_a_bound_of_its_own_unless_it_is_loopback() -> None:
    places = PlainConnections(FrontLimits(max_plain_per_address=2, spare_connections=1))
    first, second, other, local = (Connection() for _ in range(4))
    for connection, host in ((first, "192.0.2.1"), (second, "192.0.2.1"), (other, "192.0.2.2")):
        assert places.admit(connection, host)
    for _ in range(20):
        assert places.admit(Connection(), "127.0.0.1")
    assert places.admit(local, "::1")
    third, fourth = Connection(), Connection()
    places.works(second)
    assert places.admit(third, "192.0.2.1")
    assert places.admit(fourth, "192.0.2.1")
    assert [each.is_open for each in (first, second, third, fourth, other, local)] == [False, True, True, True, True, True]
    assert places.refusal(third) is None
    places.works(third)
    refusal = places.refusal(fourth)
    assert refusal == Refusal(429, "RATE_LIMITED", "an address may have 2 HTTP connections at work; wait for one", 1.0)
    assert places.refusal(third) is None
    assert places.refusal(other) is None
    places.works(fourth)
    assert not places.admit(Connection(), "192.0.2.1")
    for _ in range(2):
        places.leave(second)
        places.leave(fourth)
    assert places.admit(fourth, "192.0.2.1")
    assert places.refusal(fourth) is None


def test_places_of_connections_that_have_left_are_forgotten() -> None:
    places = PlainConnections(FrontLimits(max_plain_per_address=1))
    for number in range(50):
        connection = Connection()
        assert places.admit(connection, f"192.0.2.{number}")
        places.leave(connection)
    assert (len(places), places.evict(9)) == (0, 0)


@contextmanager
def no_descriptor_left() -> Generator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_running_out_of_descriptors_is_said_once_and_an_idle_connection_makes_room(caplog: pytest.LogCaptureFixture) -> None:
    with running_front("asyncio") as front, ExitStack() as stack:
        websocket = stack.enter_context(RawClient(front.address))
        websocket.open()
        unused = idle(front, stack)
        waiting = [stack.enter_context(socket.socket()) for _ in range(3)]
        with no_descriptor_left():
            for client in waiting:
                client.settimeout(TIMEOUT_S)
                client.connect(front.address)
                client.sendall(GET.replace(b"Host", b"Connection: close\r\nHost"))
            assert unused.at_end()
            assert all(client.recv(100).startswith(b"HTTP/1.1 404") for client in waiting)
            websocket.send(client_frame(1, b"still here"))
            assert websocket.frame().payload == b"still here"
    records = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage() for record in records] == [
        "no connection can be accepted: Too many open files; raise ulimit -n; closed 1 idle connections, trying on"
    ]
    assert records[0].exc_info is None
