"""What a request head must be before it is answered: pure checks on parsed headers, each with the rule it comes from.

The parser (llhttp) already refuses bare LF, folded headers, spaces before the colon, NUL, a Content-Length that is no number or comes
twice, and Content-Length together with Transfer-Encoding. Here is what it lets through.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Sequence
from typing import NamedTuple

import httptools

from surewire.gateway.upgrade import KEPT_HEADERS
from surewire.http.front_limits import FrontLimits
from surewire.http.refusal import INVALID, TOO_LARGE, UNSUPPORTED, RequestRefusedError

__all__ = ["Headers", "RequestHead", "first_value", "head_without_upgrade", "kept_headers", "read_head", "tokens", "values"]

Headers = Sequence[tuple[bytes, bytes]]

# RFC 3986 §3.2.2 and §3.2.3: a name, an IPv4 address or a bracketed IPv6 address, then perhaps a port.
_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?")


_HOP_BY_HOP = frozenset({b"connection", b"upgrade", b"http2-settings"})


class RequestHead(NamedTuple):
    """A request head that passed: `path` percent-decoded, `query` as sent."""

    path: str
    query: str
    has_body: bool
    is_chunked: bool


def read_head(method: bytes, version: str, target: bytes, headers: Headers, limits: FrontLimits) -> RequestHead:
    """The checked head. Raises: RequestRefusedError 400, 405 or 413."""
    _check_version(version)
    _check_host(version, headers)
    if method == b"CONNECT":
        raise RequestRefusedError(405, UNSUPPORTED, "CONNECT is not supported")
    length, is_chunked = _body_length(headers, limits)
    path, query = _split_target(target)
    return RequestHead(path, query, length > 0 or is_chunked, is_chunked)


def values(headers: Headers, name: bytes) -> list[bytes]:
    """Every value of a header, in order; `name` in lower case."""
    return [value for key, value in headers if key == name]


def first_value(headers: Headers, name: bytes) -> bytes | None:
    """The first value of a header, or None; `name` in lower case."""
    return next((value for key, value in headers if key == name), None)


def tokens(headers: Headers, name: bytes) -> set[bytes]:
    """The members of a comma-separated header in lower case, over all its lines (RFC 9110 §5.6.1)."""
    return {token.strip().lower() for value in values(headers, name) for token in value.split(b",")} - {b""}


def _check_version(version: str) -> None:
    if version not in ("1.1", "1.0"):
        raise RequestRefusedError(400, INVALID, "HTTP version is not 1.1 or 1.0")


def _check_host(version: str, headers: Headers) -> None:
    # RFC 9112 §3.2. Old load balancers probe with HTTP/1.0 and no Host, which is legal.
    hosts = values(headers, b"host")
    if len(hosts) > 1 or (not hosts and version == "1.1"):
        raise RequestRefusedError(400, INVALID, "exactly one Host header is required")
    if hosts and not _HOST.fullmatch(hosts[0]):
        raise RequestRefusedError(400, INVALID, "Host header is not a host name")


def _body_length(headers: Headers, limits: FrontLimits) -> tuple[int, bool]:
    lengths = values(headers, b"content-length")
    codings = values(headers, b"transfer-encoding")
    if len(lengths) > 1 or (lengths and codings):  # RFC 9112 §6.3: the sign of a smuggled request
        raise RequestRefusedError(400, INVALID, "body length is ambiguous")
    if codings and tokens(headers, b"transfer-encoding") != {b"chunked"}:
        raise RequestRefusedError(400, INVALID, "only the chunked transfer coding is supported")
    length = int(lengths[0]) if lengths else 0
    if length > limits.max_body_bytes:
        raise RequestRefusedError(413, TOO_LARGE, f"body is longer than {limits.max_body_bytes} bytes")
    return length, bool(codings)


def _split_target(target: bytes) -> tuple[str, str]:
    """Path and query of an origin-form or absolute-form target (RFC 9112 §3.2). The path must be UTF-8: what stands for a broken
    character would otherwise be a name that nobody gave."""
    try:
        url = httptools.parse_url(target)
        path = urllib.parse.unquote((url.path or b"/").decode("ascii"), errors="strict")
        query = (url.query or b"").decode("ascii")
    except (httptools.HttpParserInvalidURLError, UnicodeDecodeError):
        raise RequestRefusedError(400, INVALID, "request target is not valid") from None
    return path, query


def kept_headers(headers: Headers) -> dict[str, str]:
    """The headers that an upgrade handler sees, a repeated one joined (RFC 9110 §5.3)."""
    kept: dict[str, str] = {}
    for key, value in headers:
        name, text = key.decode("ascii"), value.decode("latin-1")
        if name in KEPT_HEADERS:
            kept[name] = f"{kept[name]}, {text}" if name in kept else text
    return kept


def head_without_upgrade(method: bytes, target: bytes, version: str, headers: Headers) -> bytes:
    """The same request head, asking for no other protocol."""
    lines = [b"%b %b HTTP/%b" % (method, target, version.encode())]
    lines += [name + b": " + value for name, value in headers if name not in _HOP_BY_HOP]
    options = tokens(headers, b"connection") - _HOP_BY_HOP
    if options:
        lines.append(b"connection: " + b", ".join(sorted(options)))
    return b"\r\n".join(lines) + b"\r\n\r\n"
