"""Refusals that the front writes itself: RFC 9457 problem documents with everything an HTTP/1.1 answer needs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from http import HTTPStatus

import msgspec

from surewire.gateway.upgrade import Refusal

__all__ = [
    "INTERNAL",
    "INVALID",
    "RATE_LIMITED",
    "TIMEOUT",
    "TOO_LARGE",
    "UNAVAILABLE",
    "UNSUPPORTED",
    "RequestRefusedError",
    "problem_body",
    "refusal_answer",
]

INVALID, UNSUPPORTED, TOO_LARGE = "INVALID_MESSAGE", "UNSUPPORTED", "TOO_LARGE"
RATE_LIMITED, TIMEOUT, UNAVAILABLE, INTERNAL = "RATE_LIMITED", "TIMEOUT", "UNAVAILABLE", "INTERNAL"


class RequestRefusedError(Exception):
    """The request being read is answered with `refusal`, and its connection closed."""

    def __init__(
        self, status: int, code: str, detail: str, headers: tuple[tuple[str, str], ...] = (), *, retry_after_s: float | None = None
    ) -> None:
        self.refusal = Refusal(status, code, detail, retry_after_s, headers)
        super().__init__(status, code, detail)


def problem_body(refusal: Refusal, request_id: str) -> bytes:
    """The problem document of a refusal (RFC 9457 §3)."""
    return msgspec.json.encode(
        {
            "type": "about:blank",
            "title": HTTPStatus(refusal.status).phrase,
            "status": refusal.status,
            "detail": refusal.detail,
            "code": refusal.code,
            "request_id": request_id,
        }
    )


def refusal_answer(refusal: Refusal, request_id: str, server_headers: Iterable[tuple[bytes, bytes]], *, with_body: bool = True) -> bytes:
    """A whole HTTP/1.1 answer that closes the connection. `server_headers` are the server's own (Date); HEAD is answered without body."""
    body = problem_body(refusal, request_id)
    head = [f"HTTP/1.1 {refusal.status} {HTTPStatus(refusal.status).phrase}".encode()]
    head += [name + b": " + value for name, value in server_headers]
    head += [f"{name}: {value}".encode("latin-1") for name, value in _headers(refusal, request_id, len(body))]
    return b"\r\n".join(head) + b"\r\n\r\n" + (body if with_body else b"")


def _headers(refusal: Refusal, request_id: str, body_bytes: int) -> Iterable[tuple[str, str]]:
    yield "Content-Type", "application/problem+json"
    yield "Content-Length", str(body_bytes)
    # RFC 9110 §7.8: whoever sends Upgrade names it in Connection.
    yield "Connection", "close, Upgrade" if any(name == "Upgrade" for name, _ in refusal.headers) else "close"
    yield "Cache-Control", "no-store"
    yield "X-Request-ID", request_id
    if refusal.retry_after_s is not None:
        yield "Retry-After", str(max(1, math.ceil(refusal.retry_after_s)))
    yield from refusal.headers
