"""What the front does with request heads and bodies, good and bad, as bytes on a socket."""

from __future__ import annotations

import socket
import struct

import pytest

from surewire.http.front_limits import FrontLimits
from tests.acceptance.front.conftest import RunFront
from tests.acceptance.front.raw_client import RawClient, request, upgrade
from tests.acceptance.front.running_front import TIMEOUT_S, RunningFront

CHUNKED = "Transfer-Encoding: chunked"

SMALL_BAD: dict[str, tuple[bytes, int, str]] = {
    "no Host": (request("GET / HTTP/1.1", host=None), 400, "INVALID_MESSAGE"),
    "two Hosts": (request("GET / HTTP/1.1", "Host: localhost"), 400, "INVALID_MESSAGE"),
    "two Hosts in HTTP/1.0": (request("GET / HTTP/1.0", "Host: other"), 400, "INVALID_MESSAGE"),
    "an empty Host": (request("GET / HTTP/1.1", host=""), 400, "INVALID_MESSAGE"),
    "a Host with a path": (request("GET / HTTP/1.1", host="a/b"), 400, "INVALID_MESSAGE"),
    "a Host with user information": (request("GET / HTTP/1.1", host="me@a"), 400, "INVALID_MESSAGE"),
    "length and coding": (request("POST / HTTP/1.1", "Content-Length: 5", CHUNKED, body=b"0\r\n\r\n"), 400, "INVALID_MESSAGE"),
    "coding and length": (request("POST / HTTP/1.1", CHUNKED, "Content-Length: 5", body=b"0\r\n\r\n"), 400, "INVALID_MESSAGE"),
    "a list of lengths": (request("POST / HTTP/1.1", "Content-Length: 5, 5", body=b"abcde"), 400, "INVALID_MESSAGE"),
    "two lengths": (request("POST / HTTP/1.1", "Content-Length: 5", "Content-Length: 5", body=b"abcde"), 400, "INVALID_MESSAGE"),
    "a negative length": (request("POST / HTTP/1.1", "Content-Length: -1"), 400, "INVALID_MESSAGE"),
    "a length over the body limit": (request("POST / HTTP/1.1", "Content-Length: 1048577"), 413, "TOO_LARGE"),
    "another transfer coding": (request("POST / HTTP/1.1", "Transfer-Encoding: gzip, chunked"), 400, "INVALID_MESSAGE"),
    "chunked not last": (request("POST / HTTP/1.1", "Transfer-Encoding: chunked, gzip"), 400, "INVALID_MESSAGE"),
    "a folded header": (request("GET / HTTP/1.1", "X: a", " b"), 400, "INVALID_MESSAGE"),
    "a space before the colon": (request("GET / HTTP/1.1", "X : a"), 400, "INVALID_MESSAGE"),
    "a NUL in a value": (request("GET / HTTP/1.1", "X: a\0b"), 400, "INVALID_MESSAGE"),
    "a bare LF": (b"GET / HTTP/1.1\nHost: localhost\n\n", 400, "INVALID_MESSAGE"),
    "a bare CR": (b"GET / HTTP/1.1\rHost: localhost\r\r", 400, "INVALID_MESSAGE"),
    "HTTP/0.9": (b"GET /\r\n\r\n", 400, "INVALID_MESSAGE"),
    "HTTP/2.0": (request("GET / HTTP/2.0"), 400, "INVALID_MESSAGE"),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "INVALID_MESSAGE"),
    "a TLS hello": (bytes.fromhex("160301020001000001fc0303"), 400, "INVALID_MESSAGE"),
    "CONNECT": (request("CONNECT other:443 HTTP/1.1"), 405, "UNSUPPORTED"),
    "a target that is not ASCII": (request("GET /\xff HTTP/1.1"), 400, "INVALID_MESSAGE"),
    "a path that is not UTF-8": (request("GET /%ff HTTP/1.1"), 400, "INVALID_MESSAGE"),
    "a path with half a character": (upgrade("/ws/%c3/b"), 400, "INVALID_MESSAGE"),
    "a method that is none": (request("get / HTTP/1.1"), 400, "INVALID_MESSAGE"),
    "a chunk size that is none": (request("POST /length HTTP/1.1", CHUNKED, body=b"xyz\r\n"), 400, "INVALID_MESSAGE"),
    "101 headers": (request("GET / HTTP/1.1", *(f"X-{n}: 1" for n in range(100))), 431, "TOO_LARGE"),
}

LARGE_BAD: dict[str, tuple[bytes, int]] = {
    "a header of 70 KB": (request("GET / HTTP/1.1", "X: " + "a" * 70_000), 431),
    "a header of 5 MB": (request("GET / HTTP/1.1", "X: " + "a" * 5_000_000), 431),
    "a header without end": (b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 200_000, 431),
    "a header name without end": (b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"a" * 200_000, 431),
    "2,000 headers": (request("GET / HTTP/1.1", *(f"X-{n}: 1" for n in range(2000))), 431),
    "headers of 17 KB in all": (request("GET / HTTP/1.1", *(f"X-{n}: {'a' * 1700}" for n in range(10))), 431),
    "a target of 8,193 bytes": (request(f"GET /{'a' * 8192} HTTP/1.1"), 414),
    "a target of 70 KB": (request(f"GET /{'a' * 70_000} HTTP/1.1"), 414),
    "a chunk extension of 64 KB": (request("POST /length HTTP/1.1", CHUNKED, body=b"1;" + b"a" * 65536 + b"\r\nx\r\n0\r\n\r\n"), 400),
    "trailers of 64 KB": (request("POST /length HTTP/1.1", CHUNKED, body=b"0\r\nX: " + b"a" * 65536 + b"\r\n\r\n"), 400),
    "20 trailers of 1 KB": (
        request("POST /length HTTP/1.1", CHUNKED, body=b"0\r\n" + b"X: aaaa%b\r\n" % (b"a" * 1000) * 20 + b"\r\n"),
        431,
    ),
}


@pytest.mark.parametrize("name", SMALL_BAD)
def test_a_bad_request_gets_a_problem_and_the_connection_ends(shared_front: RunningFront, name: str) -> None:
    data, status, code = SMALL_BAD[name]
    with RawClient(shared_front.address) as client:
        client.send(data)
        answer = client.answer()
        assert (answer.status, answer.problem["code"]) == (status, code)
        assert answer.headers["connection"] == "close"
        assert client.at_end()


@pytest.mark.parametrize("name", SMALL_BAD)
def test_a_bad_request_is_the_same_bad_request_byte_by_byte(shared_front: RunningFront, name: str) -> None:
    data, status, _ = SMALL_BAD[name]
    with RawClient(shared_front.address) as client:
        client.send_bytewise(data)
        assert client.answer().status == status
        assert client.at_end()


@pytest.mark.parametrize("name", SMALL_BAD)
def test_the_application_never_sees_what_follows_a_bad_request(shared_front: RunningFront, name: str) -> None:
    with RawClient(shared_front.address) as client:
        client.send(SMALL_BAD[name][0] + request("GET /smuggled HTTP/1.1"))
        assert client.answer().status >= 400
        assert client.at_end()
    assert ("GET", "/smuggled") not in list(shared_front.app.calls.queue)


@pytest.mark.parametrize("name", LARGE_BAD)
def test_the_refusal_of_something_too_long_can_be_read_while_it_is_being_sent(shared_front: RunningFront, name: str) -> None:
    data, status = LARGE_BAD[name]
    with RawClient(shared_front.address) as client:
        client.send(data)
        assert client.answer().status == status
        assert client.at_end()


def test_100_headers_and_a_target_of_8192_bytes_pass(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request(f"GET /{'a' * 8191} HTTP/1.1", *(f"X-{n}: 1" for n in range(99))))
        assert client.answer().status == 404


def test_a_good_request_passes_byte_by_byte(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send_bytewise(request("POST /length HTTP/1.1", "Content-Length: 3", body=b"abc"))
        assert client.answer().body == b"3"


def test_a_chunked_body_with_a_thousand_small_chunks_and_short_extensions_passes(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("POST /length HTTP/1.1", CHUNKED, body=b"1;a=b\r\nx\r\n" * 20_000 + b"0\r\nTrailer: x\r\n\r\n"))
        assert client.answer().body == b"20000"


def test_http_1_0_without_host_is_answered_and_closed(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("GET / HTTP/1.0", host=None))
        assert client.answer().status == 404
        assert client.at_end()


@pytest.mark.parametrize("host", ["localhost:8080", "127.0.0.1", "[::1]", "[::1]:8080", "a-b.example_c.org"])
def test_every_form_of_host_passes(shared_front: RunningFront, host: str) -> None:
    with RawClient(shared_front.address) as client:
        client.send(request("GET / HTTP/1.1", host=host))
        assert client.answer().status == 404


def test_the_absolute_form_of_a_target_means_its_path(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("POST http://localhost/length?x HTTP/1.1", "Content-Length: 0"))
        assert client.answer().body == b"0"


def test_a_connection_serves_many_requests_and_pipelined_ones_in_order(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(b"".join(request("POST /length HTTP/1.1", f"Content-Length: {n}", body=b"x" * n) for n in range(20)))
        assert [client.answer().body for _ in range(20)] == [str(n).encode() for n in range(20)]
        client.send(request("GET / HTTP/1.1"))
        assert client.answer().status == 404


def test_who_asks_whether_to_go_on_is_told_so_before_the_answer(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("POST /length HTTP/1.1", "Content-Length: 3", "Expect: 100-continue"))
        assert client.answer().status == 100
        client.send(b"abc")
        assert client.answer().body == b"3"


def test_a_head_request_gets_its_head_and_the_connection_goes_on(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("HEAD / HTTP/1.1") + request("GET / HTTP/1.1"))
        assert client.answer(to_head=True).status == 404
        assert client.answer().status == 404


def test_a_refusal_waits_for_the_answers_before_it(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("GET /slow HTTP/1.1") + request("GET / HTTP/1.1", host=None) + request("GET /smuggled HTTP/1.1"))
        assert front.app.calls.get(timeout=TIMEOUT_S) == ("GET", "/slow")
        front.app.gate.set()
        assert client.answer().body == b"at last"
        assert client.answer().status == 400
        assert client.at_end()
    assert front.app.calls.empty()


def test_a_body_that_breaks_off_into_nonsense_is_taken_back_from_the_application(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("POST /length HTTP/1.1", CHUNKED, body=b"3\r\nabc\r\n"))
        assert front.app.calls.get(timeout=TIMEOUT_S) == ("POST", "/length")
        client.send(b"nonsense\r\n")
        assert client.answer().status == 400
        assert client.at_end()
    assert front.app.disconnects.get(timeout=TIMEOUT_S) == "/length"


def test_a_queued_request_whose_body_is_nonsense_never_reaches_the_application(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("GET /slow HTTP/1.1") + request("POST /length HTTP/1.1", CHUNKED, body=b"nonsense\r\n"))
        assert front.app.calls.get(timeout=TIMEOUT_S) == ("GET", "/slow")
        front.app.gate.set()
        assert client.answer().body == b"at last"
        assert client.answer().status == 400
        assert client.at_end()
    assert front.app.calls.empty()


def test_an_answer_before_the_end_of_the_body_ends_the_connection(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("POST /unread HTTP/1.1", "Content-Length: 1000", body=b"x"))
        assert client.answer().status == 401
        assert client.at_end()


def test_a_head_that_is_not_complete_in_time_gets_408(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(head_timeout_s=0.2)) as front, RawClient(front.address) as client:
        client.send(b"GET / HTTP/1.1\r\nHost: local")
        assert client.answer().problem["code"] == "TIMEOUT"
        assert client.at_end()


def test_a_trickle_does_not_put_off_the_deadline_of_a_head(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(head_timeout_s=0.2)) as front, RawClient(front.address) as client:
        client.send(b"\r\n" * 10 + b"GET / HTTP/1.1\r\nX: ")
        client.socket.settimeout(0.02)
        for _ in range(500):
            client.send(b"a")
            try:
                assert client.answer().status == 408
                break
            except TimeoutError:
                continue
        else:
            pytest.fail("a trickle of half a second per header went on for ten")


def test_a_later_head_of_a_connection_has_its_deadline_too(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(head_timeout_s=0.2)) as front, RawClient(front.address) as client:
        client.send(request("GET / HTTP/1.1"))
        assert client.answer().status == 404
        client.send(b"G")
        assert client.answer().status == 408


def test_whoever_connects_and_says_nothing_is_let_go_without_a_word(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(head_timeout_s=0.1)) as front, RawClient(front.address) as client:
        assert client.at_end()


def test_a_body_that_is_not_complete_in_time_gets_408(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(body_timeout_s=0.2)) as front, RawClient(front.address) as client:
        client.send(request("POST /length HTTP/1.1", "Content-Length: 3", body=b"ab"))
        assert client.answer().status == 408
        assert front.app.disconnects.get(timeout=TIMEOUT_S) == "/length"


@pytest.mark.parametrize("path", ["/large", "/large?close", "/endless"])
def test_a_client_that_does_not_read_its_answer_is_reset(run_front: RunFront, path: str) -> None:
    limits = FrontLimits(write_timeout_s=0.2, keep_alive_s=0.1)
    with run_front(limits=limits) as front, RawClient(front.address) as client:
        client.send(request(f"GET {path} HTTP/1.1"))
        assert front.app.calls.get(timeout=TIMEOUT_S)[0] == "GET"
        if path == "/endless":
            client._until(b"\r\n\r\n")
        front.wait_until_empty()


def test_a_client_that_reads_a_large_answer_gets_all_of_it(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("GET /large HTTP/1.1") + request("GET / HTTP/1.1"))
        assert len(client.answer().body) == 20_000_000
        assert client.answer().status == 404


def test_only_so_many_requests_of_a_connection_may_wait(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("GET /slow HTTP/1.1") + request("GET / HTTP/1.1") * 100)
        assert front.app.calls.get(timeout=TIMEOUT_S) == ("GET", "/slow")
        front.app.gate.set()
        assert [client.answer().status for _ in range(65)] == [200] + [404] * 63 + [429]
        assert client.at_end()


def test_a_refused_client_that_never_leaves_is_reset(run_front: RunFront) -> None:
    with run_front(limits=FrontLimits(linger_s=0.1)) as front, RawClient(front.address) as client:
        client.send(request("GET / HTTP/1.1", host=None))
        assert client.answer().status == 400
        assert client.at_end()
        front.wait_until_empty()


def test_a_client_that_resets_the_connection_leaves_nothing_behind(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("GET /slow HTTP/1.1"))
        assert front.app.calls.get(timeout=TIMEOUT_S) == ("GET", "/slow")
        client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    front.app.gate.set()
    front.wait_until_empty()


@pytest.mark.parametrize(("sent", "kept"), [("abc-DEF_1.2:3", True), ("a b", False), ("x" * 129, False), ('"', False)])
def test_a_request_id_is_kept_when_it_is_harmless(shared_front: RunningFront, sent: str, kept: bool) -> None:
    with RawClient(shared_front.address) as client:
        client.send(request("GET / HTTP/1.1", f"X-Request-ID: {sent}", "X-Request-ID: second", "Host: two"))
        answered = client.answer().problem["request_id"]
        assert (answered == sent) is kept
        assert kept or answered.startswith("req_")


def test_a_refusal_of_head_has_no_body(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        client.send(request("HEAD / HTTP/1.1", "Host: two"))
        assert client.answer(to_head=True).status == 400
        assert client.at_end()


def test_an_application_that_fails_gives_a_500_that_says_nothing_of_it(front: RunningFront, caplog: pytest.LogCaptureFixture) -> None:
    with RawClient(front.address) as client:
        client.send(request("GET /fails HTTP/1.1", "X-Request-ID: abc", "X-Request-ID: def"))
        answer = client.answer()
        assert (answer.status, answer.problem["code"], answer.problem["request_id"]) == (500, "INTERNAL", "abc")
    assert b"secret" not in answer.body
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_an_application_that_fails_in_its_answer_cuts_the_connection(front: RunningFront, caplog: pytest.LogCaptureFixture) -> None:
    with RawClient(front.address) as client:
        client.send(request("GET /breaks HTTP/1.1"))
        assert client._until(b"\r\n\r\n").startswith(b"HTTP/1.1 200")
        assert client.at_end()
    assert "secret" not in caplog.text


def test_an_upgrade_to_something_else_is_ignored_and_its_body_kept(front: RunningFront) -> None:
    headers = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk", "Content-Length: 4")
    with RawClient(front.address) as client:
        client.send(request("POST /length HTTP/1.1", *headers, body=b"body") + request("GET / HTTP/1.1"))
        assert client.answer().body == b"4"
        assert client.answer().status == 404


def test_a_long_body_behind_an_ignored_upgrade_is_kept(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        headers = ("Connection: Upgrade", "Upgrade: h2c", "Content-Length: 100000")
        client.send(request("POST /length HTTP/1.1", *headers, body=b"x" * 100_000) + request("GET / HTTP/1.1"))
        assert client.answer().body == b"100000"
        assert client.answer().status == 404


def test_every_answer_is_observed_with_its_route_status_and_time(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        for path in ("/template/7", "/fails", "/nowhere"):
            client.send(request(f"GET {path} HTTP/1.1"))
            client.answer()
        client.send(request("GET / HTTP/1.1", host=None))
        client.answer()
    seen = [front.observed.get(timeout=TIMEOUT_S) for _ in range(4)]
    assert [(template, status) for template, status, _ in seen] == [("/template/{number}", 201), (None, 500), (None, 404), (None, 400)]
    assert all(0 <= seconds < TIMEOUT_S for _, _, seconds in seen)


def test_answers_carry_a_date_and_no_server_name(front: RunningFront) -> None:
    with RawClient(front.address) as client:
        for head in (request("GET / HTTP/1.1"), request("GET / HTTP/1.1", host=None)):
            client.send(head)
            headers = client.answer().headers
            assert headers["date"].endswith(" GMT")
            assert "server" not in headers
