"""Which requests open a WebSocket, who is asked about them, and what is answered while and after that."""

from __future__ import annotations

import asyncio
import base64
import os
from concurrent.futures import Future

import pytest

from surewire.gateway.upgrade import Acceptance, Refusal, UpgradeRequest
from surewire.http.front_limits import FrontLimits
from surewire.http.server import FrontListener
from tests.acceptance.front.conftest import RunFront
from tests.acceptance.front.raw_client import KEY, Frame, RawClient, client_frame, request, upgrade
from tests.acceptance.front.running_front import TIMEOUT_S, RunningFront

ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # of KEY, in RFC 6455 §1.3

BAD_HANDSHAKES: dict[str, tuple[bytes, int]] = {
    "a plain GET": (request("GET /ws HTTP/1.1"), 426),
    "an Upgrade to something else": (request("GET /ws HTTP/1.1", "Connection: Upgrade", "Upgrade: h2c"), 426),
    "a POST": (upgrade("/ws", method="POST"), 405),
    "a PUT that asks for an upgrade": (upgrade("/ws", method="PUT"), 405),
    "HTTP/1.0": (upgrade("/ws").replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
    "a body": (upgrade("/ws", "Content-Length: 3") + b"abc", 400),
    "a chunked body": (upgrade("/ws", "Transfer-Encoding: chunked") + b"0\r\n\r\n", 400),
    "Connection without upgrade": (upgrade("/ws", connection="keep-alive"), 400),
    "version 8": (upgrade("/ws", version="8"), 426),
    "version 7": (upgrade("/ws", version="7"), 426),
    "version 13 and 8": (upgrade("/ws", version="13, 8"), 426),
    "two version headers": (upgrade("/ws", "Sec-WebSocket-Version: 13"), 426),
    "a key of 15 bytes": (upgrade("/ws", key=base64.b64encode(b"x" * 15).decode()), 400),
    "a key of 17 bytes": (upgrade("/ws", key=base64.b64encode(b"x" * 17).decode()), 400),
    "a key that is not base64": (upgrade("/ws", key="!" * 24), 400),
    "an empty key": (upgrade("/ws", key=""), 400),
    "two keys": (upgrade("/ws", f"Sec-WebSocket-Key: {KEY}"), 400),
    "no Host": (upgrade("/ws").replace(b"Host: localhost\r\n", b""), 400),
    "two Hosts": (upgrade("/ws", "Host: other"), 400),
    "a long query": (upgrade("/ws?" + "a" * 9000), 414),
    "101 headers": (upgrade("/ws", *(f"X-{n}: 1" for n in range(96))), 431),
}


@pytest.mark.parametrize("name", BAD_HANDSHAKES)
def test_a_bad_handshake_is_refused_and_counted_without_asking(front: RunningFront, name: str) -> None:
    data, status = BAD_HANDSHAKES[name]
    with RawClient(front.address) as client:
        client.send(data)
        answer = client.answer()
        assert (answer.status, answer.problem["status"]) == (status, status)
        assert client.at_end()
    assert front.handler.refusals.get(timeout=TIMEOUT_S) == status
    assert front.handler.requests.empty()
    assert front.app.calls.empty()


def test_a_426_names_the_version_it_wants(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(upgrade("/ws", version="8"))
        headers = client.answer().headers
        assert (headers["sec-websocket-version"], headers["upgrade"], headers["connection"]) == ("13", "websocket", "close, Upgrade")


def test_a_405_names_the_method_it_wants(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("DELETE /ws HTTP/1.1"))
        assert client.answer().headers["allow"] == "GET"


@pytest.mark.parametrize("headers", [("keep-alive, Upgrade", "websocket"), ("UPGRADE", "WebSocket"), ("Upgrade", "h2c, websocket")])
def test_what_browsers_send_opens_a_websocket(front: RunningFront, headers: tuple[str, str]) -> None:
    data = upgrade("/ws", connection=headers[0]).replace(b"Upgrade: websocket", b"Upgrade: " + headers[1].encode())
    with RawClient(front.address) as client:
        client.send_bytewise(data)
        answer = client.answer()
        assert answer.status == 101
        assert (answer.headers["sec-websocket-accept"], answer.headers["upgrade"]) == (ACCEPT, "websocket")
        assert "sec-websocket-protocol" not in answer.headers
        client.send(client_frame(1, b"hello"))
        assert client.frame() == Frame(1, b"hello")


def test_connection_may_be_said_in_two_lines(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.open("/ws", "Connection: keep-alive")


def test_every_connection_gets_the_accept_value_of_its_own_key(front: RunningFront) -> None:
    keys = [base64.b64encode(os.urandom(16)).decode() for _ in range(3)]
    accepts = set()
    for key in keys:
        with RawClient(front.address) as client:
            client.send(upgrade("/ws", key=key))
            accepts.add(client.answer().headers["sec-websocket-accept"])
    assert len(accepts) == 3


def test_the_handler_sees_what_it_needs_and_no_more(front: RunningFront) -> None:
    headers = ("Origin: http://a", "Sec-WebSocket-Protocol: one", "Sec-WebSocket-Protocol: two", "X-Secret: no", "X-Request-ID: r1")
    with RawClient(front.address) as client:
        client.open("/w%73?token=%20x&b", *headers)
        seen = front.handler.requests.get(timeout=TIMEOUT_S)
        assert (seen.path, seen.query, seen.request_id, seen.channel, seen.is_secure) == ("/ws", "token=%20x&b", "r1", None, False)
        assert seen.headers == {
            "host": "localhost",
            "origin": "http://a",
            "sec-websocket-protocol": "one, two",
            "x-request-id": "r1",
        }
        assert (seen.peer_host, seen.peer_port) == client.socket.getsockname()


def test_the_subprotocol_that_the_handler_chose_is_answered(front: RunningFront) -> None:
    front.handler.answer = lambda _: front.handler.acceptance("surewire.v1")
    with RawClient(front.address) as client:
        assert client.open("/ws").headers["sec-websocket-protocol"] == "surewire.v1"


def test_a_listener_names_its_channel(run_front: RunFront) -> None:
    listeners = [FrontListener(port=0), FrontListener(port=0, channel="pulse")]
    with run_front(listeners=listeners) as front:
        for address, channel in zip(front.bound.addresses, [None, "pulse"], strict=True):
            with RawClient(address) as client:
                client.open("/ws")
                assert front.handler.requests.get(timeout=TIMEOUT_S).channel == channel


def test_frames_sent_before_the_101_are_read(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.open("/ws", behind=client_frame(1, b"early") + client_frame(2, b"bird"))
        assert [client.frame(), client.frame()] == [Frame(1, b"early"), Frame(2, b"bird")]


def test_a_hundred_kilobytes_of_frames_behind_the_head_are_read(front: RunningFront) -> None:
    payload = b"x" * 50_000
    with RawClient(front.address) as client:
        client.open("/ws", behind=client_frame(1, payload) * 2)
        assert [client.frame().payload, client.frame().payload] == [payload, payload]


@pytest.mark.parametrize("path", ["/nowhere", "/ws/", "/"])
def test_an_upgrade_of_another_path_is_the_applications(front: RunningFront, path: str) -> None:
    with RawClient(front.address) as client:
        client.send(upgrade(path) + request("GET /again HTTP/1.1"))
        assert client.answer().status == 404
        assert client.answer().status == 404
    assert front.handler.requests.empty()


def test_a_connection_may_ask_something_else_first(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("GET / HTTP/1.1"))
        assert client.answer().status == 404
        client.open("/ws")


def test_an_upgrade_behind_an_unanswered_request_is_refused_after_its_answer(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("GET /slow HTTP/1.1") + upgrade("/ws"))
        assert front.app.calls.get(timeout=TIMEOUT_S) == ("GET", "/slow")
        front.app.gate.set()
        assert client.answer().body == b"at last"
        assert client.answer().status == 400


@pytest.mark.parametrize("status", [400, 401, 403, 408, 429, 503])
def test_a_refusal_is_sent_as_the_handler_said_it(front: RunningFront, status: int) -> None:
    refusal = Refusal(status, "RATE_LIMITED", "too many", retry_after_s=1.2, headers=(("WWW-Authenticate", "Bearer"),))
    front.handler.answer = lambda _: refusal
    with RawClient(front.address) as client:
        client.send(upgrade("/ws", "X-Request-ID: abc"))
        answer = client.answer()
        assert (answer.status, answer.headers["retry-after"], answer.headers["www-authenticate"]) == (status, "2", "Bearer")
        assert (answer.problem["code"], answer.problem["detail"], answer.problem["request_id"]) == ("RATE_LIMITED", "too many", "abc")
        assert client.at_end()
    assert front.handler.refusals.empty()


class Waiting:
    """A handler's decision that waits to be made."""

    def __init__(self, front: RunningFront) -> None:
        self._front = front
        self._asked: Future[asyncio.Future[Acceptance | Refusal]] = Future()
        self.was_cancelled: Future[bool] = Future()
        front.handler.answer = self._wait

    async def _wait(self, request: UpgradeRequest) -> Acceptance | Refusal:
        answer: asyncio.Future[Acceptance | Refusal] = asyncio.get_running_loop().create_future()
        self._asked.set_result(answer)
        try:
            return await answer
        except asyncio.CancelledError:
            self.was_cancelled.set_result(True)
            raise

    def until_asked(self) -> asyncio.Future[Acceptance | Refusal]:
        return self._asked.result(TIMEOUT_S)

    def decide(self, answer: Acceptance | Refusal) -> None:
        asked = self.until_asked()
        self._front.call(lambda: asked.set_result(answer))

    def fail(self, error: Exception) -> None:
        asked = self.until_asked()
        self._front.call(lambda: asked.set_exception(error))


def test_a_handler_may_take_its_time_and_no_early_frame_is_lost(front: RunningFront) -> None:
    waiting = Waiting(front)
    with RawClient(front.address) as client:
        client.send(upgrade("/ws"))
        waiting.until_asked()
        frames = [str(n).encode() * 50 for n in range(2000)]
        client.send(b"".join(client_frame(1, payload) for payload in frames))
        waiting.decide(front.handler.acceptance())
        assert client.answer().status == 101
        assert [client.frame().payload for _ in frames] == frames


def test_a_client_that_leaves_while_it_waits_is_abandoned(front: RunningFront) -> None:
    waiting = Waiting(front)
    with RawClient(front.address) as client:
        client.send(upgrade("/ws"))
        waiting.until_asked()
    request_seen, acceptance = front.handler.abandonments.get(timeout=TIMEOUT_S)
    assert (request_seen.path, acceptance) == ("/ws", None)
    assert waiting.was_cancelled.result(TIMEOUT_S)
    front.wait_until_empty()


def test_an_acceptance_for_a_client_that_has_just_left_is_given_back(front: RunningFront) -> None:
    waiting = Waiting(front)
    acceptance = front.handler.acceptance()
    with RawClient(front.address) as client:
        client.send(upgrade("/ws"))
        asked = waiting.until_asked()

        def accept_and_cut() -> None:
            asked.set_result(acceptance)
            for server in front.bound._servers:
                for connection in server.server_state.connections:
                    connection.transport.abort()

        front.call(accept_and_cut)
        assert client.at_end()
    assert front.handler.abandonments.get(timeout=TIMEOUT_S)[1] is acceptance
    assert front.handler.reports.empty()


def test_an_upgrade_that_is_not_decided_in_time_gets_408(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(upgrade_timeout_s=0.1)) as front, RawClient(front.address) as client:
        waiting = Waiting(front)
        client.send(upgrade("/ws"))
        assert client.answer().problem["code"] == "TIMEOUT"
        assert waiting.was_cancelled.result(TIMEOUT_S)
        assert front.handler.refusals.get(timeout=TIMEOUT_S) == 408


def test_a_handler_that_fails_is_a_500_that_says_nothing(front: RunningFront, caplog: pytest.LogCaptureFixture) -> None:
    def fails(_: UpgradeRequest) -> Refusal:
        raise RuntimeError("the secret is 42")

    front.handler.answer = fails
    with RawClient(front.address) as client:
        client.send(upgrade("/ws"))
        answer = client.answer()
        assert (answer.status, answer.problem["code"]) == (500, "INTERNAL")
    waiting = Waiting(front)
    with RawClient(front.address) as client:
        client.send(upgrade("/ws"))
        waiting.fail(RuntimeError("the secret is 42"))
        assert client.answer().status == 500
    assert [front.handler.refusals.get(timeout=TIMEOUT_S) for _ in range(2)] == [500, 500]
    assert b"secret" not in answer.body
    assert "secret" not in caplog.text


def test_refused_upgrades_are_observed_under_a_route_of_their_own(front: RunningFront) -> None:
    front.handler.answer = lambda _: Refusal(503, "UNAVAILABLE", "full")
    with RawClient(front.address) as client:
        client.send(upgrade("/ws"))
        client.answer()
    assert front.observed.get(timeout=TIMEOUT_S)[:2] == ("/ws", 503)
