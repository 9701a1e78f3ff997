"""Request bodies: read with a limit, decoded straight into structs."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Any, Final, TypeVar, cast

import msgspec

from surewire.domain.json_depth import MAX_JSON_DEPTH, is_deeper
from surewire.domain.json_words import why_malformed
from surewire.errors import ClientError
from surewire.http.problem import field_error

__all__ = ["check_content_type", "decode_body", "read_body"]

_T = TypeVar("_T")
# RFC 8259 §11: application/json has no charset parameter; one that says UTF-8 does no harm.
_JSON_TYPE: Final = re.compile(r"application/(?:[\w.-]+\+)?json\s*(?:;\s*charset\s*=\s*\"?utf-8\"?\s*)?", re.ASCII | re.IGNORECASE)

Receive = Callable[[], Awaitable[Any]]


async def read_body(receive: Receive, max_bytes: int) -> bytes:
    """The whole body. Raises: ClientError `TOO_LARGE` as soon as it is too long, however it was announced."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return _within(body, max_bytes, message)
    pieces, size_bytes = [body], len(body)
    while message.get("more_body"):
        message = await receive()
        pieces.append(_within(message.get("body", b""), max_bytes - size_bytes, message))
        size_bytes += len(pieces[-1])
    return b"".join(pieces)


def check_content_type(content_type: str | None) -> None:
    """Raises: ClientError `UNSUPPORTED` unless the body is said to be JSON."""
    if content_type is None or not _JSON_TYPE.fullmatch(content_type):
        raise ClientError("UNSUPPORTED", "the body must be JSON: send Content-Type: application/json")


def decode_body(body: bytes, shape: type[_T], max_depth: int = MAX_JSON_DEPTH) -> _T:
    """The body as a struct. A struct bounds its own depth; JSON that it keeps as bytes is checked by who knows what it means.

    Raises: ClientError `INVALID_MESSAGE`: without a path when it is no JSON or nested too deep, else with that of the wrong field.
    """
    try:
        value: _T = _decoder(cast("Any", shape))(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise _refusal(body, error, shape, max_depth) from None
    return value


@cache
def _decoder(shape: Any) -> Callable[[bytes], Any]:
    return msgspec.json.Decoder(shape).decode


def _within(piece: bytes, room_bytes: int, message: Any) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientError("INVALID_MESSAGE", "the client left before the end of the body")
    if len(piece) > room_bytes:
        raise ClientError("TOO_LARGE", "the body is too long")
    return piece


def _refusal(body: bytes, error: Exception, shape: Any, max_depth: int) -> ClientError:
    """Why a body is not what was asked for. A decoder stops at the first wrong field, so the rest is looked at for its form."""
    if not body.strip():
        return ClientError("INVALID_MESSAGE", "the request needs a JSON body")
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as malformed:
        return ClientError("INVALID_MESSAGE", f"the body is not valid JSON: {why_malformed(body, malformed)}")
    except RecursionError:
        return _too_deep(max_depth)
    if not isinstance(error, msgspec.ValidationError) or is_deeper(body, max_depth):
        return _too_deep(max_depth)
    wrong = field_error(str(error), shape)
    return ClientError("INVALID_MESSAGE", wrong.message, path=wrong.path or "body")


def _too_deep(max_depth: int) -> ClientError:
    return ClientError("INVALID_MESSAGE", f"the body is nested deeper than {max_depth}")
