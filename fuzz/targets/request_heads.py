"""A request head after the parser (which lets only numbers through as a length), with headers made of what confuses servers.

Holds: it is a head or a refusal with a documented status; what a handler gets to see is text; a head without its upgrade is one that the
parser reads as the same request.
"""

from __future__ import annotations

import httptools

from fuzz.choices import Choices
from fuzz.target import Target
from surewire.gateway.upgrade import KEPT_HEADERS
from surewire.http.front_limits import FrontLimits
from surewire.http.refusal import RequestRefusedError
from surewire.http.request_guard import RequestHead, head_without_upgrade, kept_headers, read_head
from surewire.http.websocket_handshake import read_handshake

LIMITS = FrontLimits()
STATUSES = {400, 405, 413, 426}
METHODS = (b"GET", b"HEAD", b"POST", b"CONNECT", b"OPTIONS")
TARGETS = (b"/", b"*", b"/a?b", b"http://h/ws", b"//h", b"/%00%ff%2e", b"", b"?", b"h:1", b"/\xff")
NAMES = (
    *(b"host", b"upgrade", b"connection", b"transfer-encoding", b"sec-websocket-version", b"sec-websocket-key"),
    *(b"origin", b"cookie", b"http2-settings", b"expect"),
)
VALUES = (
    *(b"a", b"websocket", b"Upgrade, keep-alive", b"13", b"dGhlIHNhbXBsZSBub25jZQ==", b"0", b"3", b"chunked", b"gzip, chunked", b""),
    *(b",,", b" close ,upgrade", b"[::1]:80", b"h:99999", b"\xff\x80", b"9" * 30, b"h2c"),
)


def check(data: bytes) -> None:
    choices = Choices(data)
    method, target = choices.one_of(METHODS), choices.one_of(TARGETS)
    version = choices.one_of(("1.1", "1.0", "2.0"))
    headers = [(choices.one_of(NAMES), choices.one_of(VALUES)) for _ in range(choices.number(9))]
    headers += [(b"content-length", length) for length in choices.some_of((b"0", b"3", b"9" * 30), 2)]
    target += choices.rest()
    try:
        head = read_head(method, version, target, headers, LIMITS)
    except RequestRefusedError as error:
        assert error.refusal.status in STATUSES
    else:
        check_head(head, method, target, version, headers)


def check_head(head: RequestHead, method: bytes, target: bytes, version: str, headers: list[tuple[bytes, bytes]]) -> None:
    assert not head.is_chunked or head.has_body
    assert kept_headers(headers).keys() <= KEPT_HEADERS
    try:
        assert read_handshake(method, version, headers, head) == b"dGhlIHNhbXBsZSBub25jZQ=="
    except RequestRefusedError as error:
        assert error.refusal.status in STATUSES
    again = Heard()
    parser = httptools.HttpRequestParser(again)
    try:
        parser.feed_data(head_without_upgrade(method, target, version, headers))
    except httptools.HttpParserError:
        return  # the parser never let this head through in the first place
    assert not parser.should_upgrade()
    assert again.url == target
    assert [value for name, value in again.headers if name == b"host"] == [value for name, value in headers if name == b"host"]


class Heard:
    """What the parser says of a request."""

    def __init__(self) -> None:
        self.url = b""
        self.headers: list[tuple[bytes, bytes]] = []

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))


TARGET = Target(
    check,
    seeds=(
        b"\x00\x00\x00\x05\x00\x00\x01\x01\x02\x02\x05\x03\x06\x04",
        b"\x02\x00\x00\x02\x00\x00\x03\x06abc",
        b"\x02\x00\x00\x03\x00\x00\x04\x07\x01\x10",
        b"\x04\x01\x01\x01\x00\x0c?a=b%20",
        b"\x00\x03\x00\x03\x00\x0d\x00\x0e\x02\x0b",
    ),
    max_bytes=256,
)
