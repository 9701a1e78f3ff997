"""Answers as they go to the socket: status, headers and bytes, put together once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from litestar.response.base import ASGIResponse

from surewire.errors import ClientError
from surewire.http.problem import problem_of, status_of
from surewire.ports.idempotency import Answer

__all__ = ["JSON", "PROBLEM", "Reply", "encode_json", "json_reply", "problem_reply", "replayed"]

JSON: Final = b"application/json"
PROBLEM: Final = b"application/problem+json"
_DEFAULT_RETRY_AFTER_S: Final = 1.0
_RETRY_LATER: Final = frozenset({429, 503})

encode_json: Final = msgspec.json.Encoder().encode
"""Any struct as JSON bytes."""

Header = tuple[bytes, bytes]


class Reply(ASGIResponse):
    """A whole answer. The headers that every answer has are not its business: `Envelope` adds them."""

    __slots__ = ("_body", "_headers", "_status")

    def __init__(self, status: int, body: bytes = b"", content_type: bytes = JSON, headers: Iterable[Header] = ()) -> None:
        # Nothing of the base class is used: it would parse and join what is ready here.
        self._status, self._body = status, body
        self._headers = [*headers]
        if status != 204:  # RFC 9110 §8.6: no Content-Length with 204
            self._headers += ((b"content-type", content_type), (b"content-length", b"%d" % len(body)))

    def to_asgi_response(self, *_: Any, **__: Any) -> Reply:
        """Itself: exception handlers are asked this."""
        return self

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": self._status, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


def json_reply(status: int, value: object, headers: Iterable[Header] = ()) -> Reply:
    """A struct as the body."""
    return Reply(status, encode_json(value), JSON, headers)


def replayed(answer: Answer) -> Reply:
    """An answer that was given before, and says so."""
    return Reply(answer.status, answer.body, JSON, ((b"idempotency-replayed", b"true"),))


def problem_reply(error: ClientError, request_id: str, status: int | None = None, headers: Iterable[Header] = ()) -> Reply:
    """A refusal as a problem document; 429 and 503 say when to come back."""
    status = status or status_of(error)
    return Reply(status, encode_json(problem_of(error, status, request_id)), PROBLEM, (*headers, *_retry_after(error, status)))


def _retry_after(error: ClientError, status: int) -> Iterable[Header]:
    if status in _RETRY_LATER:
        seconds = _DEFAULT_RETRY_AFTER_S if error.retry_after_s is None else error.retry_after_s
        yield b"retry-after", b"%d" % max(1, math.ceil(seconds))
