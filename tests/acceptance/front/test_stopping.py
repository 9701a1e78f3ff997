"""How the front starts, shares its port, and stops."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import subprocess
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from surewire.gateway.frames import EndCause, Ending
from surewire.http.server import FrontListener
from tests.acceptance.front.conftest import RunFront
from tests.acceptance.front.raw_client import Frame, RawClient, client_frame, close_frame, request, upgrade
from tests.acceptance.front.running_front import TIMEOUT_S, RunningFront


def test_after_stop_accepting_new_clients_are_refused_and_old_ones_served(front: RunningFront) -> None:
    with RawClient(front.address) as websocket, RawClient(front.address) as http:
        websocket.open()
        http.send(request("GET / HTTP/1.1"))
        assert http.answer().status == 404
        front.call(front.bound.stop_accepting)
        front.call(front.bound.stop_accepting)
        with pytest.raises(ConnectionRefusedError):
            RawClient(front.address)
        websocket.send(client_frame(1, b"hello"))
        http.send(request("GET / HTTP/1.1"))
        assert (websocket.frame().payload, http.answer().status) == (b"hello", 404)


def test_at_the_end_requests_in_flight_are_answered_and_websockets_told_to_come_back(run_front: RunFront) -> None:
    with run_front() as front:
        slow, idle, websocket = RawClient(front.address), RawClient(front.address), RawClient(front.address)
        slow.send(request("GET /slow HTTP/1.1"))
        assert front.app.calls.get(timeout=TIMEOUT_S) == ("GET", "/slow")
        websocket.open()
    with slow, idle, websocket:
        assert (slow.answer().body, slow.at_end()) == (b"at last", True)
        assert idle.at_end()
        assert websocket.frame().close_code == 1012
        assert websocket.at_end()
    assert list(front.handler.reports.queue) == ["open", Ending(EndCause.OWN_CLOSE, 1012)]


def test_an_answer_that_never_comes_does_not_hold_up_the_end(run_front: RunFront) -> None:
    with run_front(stop_timeout_s=0.3) as front:
        front.app.gate.wait = lambda timeout=None: False  # type: ignore[method-assign]
        client = RawClient(front.address)
        client.send(request("POST /length HTTP/1.1", "Content-Length: 5"))
        assert front.app.calls.get(timeout=TIMEOUT_S) == ("POST", "/length")
    with client:
        assert client.at_end()


def test_an_upgrade_that_waits_is_refused_at_the_end(run_front: RunFront) -> None:
    async def never(_: object) -> Any:
        front.handler.reports.put("asked")
        await asyncio.get_running_loop().create_future()

    with run_front() as front:
        front.handler.answer = never
        client = RawClient(front.address)
        client.send(upgrade("/ws"))
        assert front.handler.reports.get(timeout=TIMEOUT_S) == "asked"
    with client:
        answer = client.answer()
        assert (answer.status, answer.problem["code"], answer.headers["retry-after"]) == (503, "UNAVAILABLE", "1")


def test_an_address_in_use_is_an_os_error(run_front: RunFront) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        listeners = [FrontListener(port=0), FrontListener(port=taken.getsockname()[1])]
        with pytest.raises(OSError, match="in use"), run_front(listeners=listeners):
            pytest.fail("two servers on one port")


def test_two_listeners_share_one_front(run_front: RunFront) -> None:
    with run_front(listeners=[FrontListener(port=0), FrontListener(host="localhost", port=0)]) as front:
        for address in front.bound.addresses:
            with RawClient(address) as client:
                client.send(request("GET / HTTP/1.1"))
                assert client.answer().status == 404


def test_http_and_websocket_go_over_tls(run_front: RunFront, tmp_path: Path) -> None:
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    subject = "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    command = f"openssl req -x509 -newkey rsa:2048 -nodes -days 1 {subject} -keyout {key} -out {certificate}"
    subprocess.run(command.split(), check=True, capture_output=True)
    trusted = ssl.create_default_context(cafile=certificate)
    with run_front(listeners=[FrontListener(port=0, certificate=certificate, key=key)]) as front:
        host, port = front.address
        with connect(f"wss://{host}:{port}/ws", ssl=trusted, proxy=None, compression=None, max_size=None) as client:
            for message in ("hello", "x" * 60_000, b"y" * 65_536):
                client.send(message)
                assert client.recv(TIMEOUT_S) == message
            assert front.handler.requests.get(timeout=TIMEOUT_S).is_secure
        assert client.close_code == 1000
        with connect(f"wss://{host}:{port}/ws", ssl=trusted, proxy=None, compression=None) as client:
            client.send(b"x" * 65_537)
            with pytest.raises(Exception, match="1009"):
                client.recv(TIMEOUT_S)
        with RawClient(front.address) as raw:
            raw.socket = trusted.wrap_socket(raw.socket, server_hostname="127.0.0.1")
            raw.send(request("GET / HTTP/1.1", host=None))
            assert raw.answer().status == 400
            assert raw.at_end()


def test_connections_leave_no_object_behind_without_the_collector(front: RunningFront) -> None:
    kinds = ("FrontProtocol", "WebSocketBridge", "WSTransport", "TalkingListener", "HttpRequestParser", "RequestResponseCycle", "Future")
    gc.collect()
    gc.disable()
    try:
        before = _count(kinds)
        for _ in range(20):
            with RawClient(front.address) as client:
                client.open(behind=client_frame(1, b"hello") + close_frame(1000))
                assert client.frame() == Frame(1, b"hello")
            with RawClient(front.address) as client:
                client.send(request("GET / HTTP/1.1", host=None))
                assert client.answer().status == 400
            with RawClient(front.address) as client:
                client.open()
        front.wait_until_empty()
        front.handler.requests.queue.clear()
        after = front.call(lambda: _count(kinds))
    finally:
        gc.enable()
    assert {kind: after[kind] - before[kind] for kind in kinds if after[kind] - before[kind] > 3} == {}


def _count(kinds: tuple[str, ...]) -> dict[str, int]:
    found = [type(thing).__name__ for thing in gc.get_objects()]
    return {kind: found.count(kind) for kind in kinds}
