"""Bodies: read as far as allowed, and refused with the reason."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.errors import ClientError
from surewire.http.body import decode_body, read_body
from surewire.http.problem import FieldError, field_error
from surewire.http.routes.events import EventBatch


def receiving(*pieces: bytes, disconnects: bool = False) -> Callable[[], Awaitable[Any]]:
    messages: list[dict[str, Any]] = [{"type": "http.request", "body": piece, "more_body": True} for piece in pieces]
    if disconnects:
        messages.append({"type": "http.disconnect"})
    else:
        messages[-1]["more_body"] = False
    waiting = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(waiting)

    return receive


@pytest.mark.parametrize("pieces", [(b"",), (b"abc",), (b"a", b"", b"bc"), (b"abcdefgh",), (b"abcd", b"efgh")])
async def test_a_body_within_the_limit_is_whole(pieces: tuple[bytes, ...]) -> None:
    assert await read_body(receiving(*pieces), 8) == b"".join(pieces)


@pytest.mark.parametrize("pieces", [(b"abcdefghi",), (b"abcd", b"efgh", b"i"), (b"abcdefghi", b"never read")])
async def test_a_longer_body_is_refused(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(ClientError) as refusal:
        await read_body(receiving(*pieces), 8)
    assert refusal.value.code == "TOO_LARGE"


@pytest.mark.parametrize("pieces", [(), (b"abc",), (b"a", b"b")])
async def test_a_client_that_leaves_ends_the_reading(pieces: tuple[bytes, ...]) -> None:
    with pytest.raises(ClientError):
        await read_body(receiving(*pieces, disconnects=True), 8)


@given(st.binary(max_size=200))
def test_no_bytes_raise_anything_but_a_refusal(body: bytes) -> None:
    code = "INVALID_MESSAGE"
    try:
        decode_body(body, EventBatch)
    except ClientError as refusal:
        code = refusal.code
    assert code == "INVALID_MESSAGE"


@pytest.mark.parametrize(("depth", "is_syntax"), [(32, False), (33, True), (50_000, True)])
def test_depth_is_counted_outside_of_strings(depth: int, is_syntax: bool) -> None:
    with pytest.raises(ClientError) as refusal:
        decode_body(b"[" * (depth - 1) + b'["\\"[[[[{{{{"]' + b"]" * (depth - 1), EventBatch)
    assert (refusal.value.path == "") == is_syntax


@pytest.mark.parametrize(
    ("sentence", "error"),
    [
        ("Expected `str`, got `int` - at `$.a[0].b`", FieldError("a[0].b", "must be text, not a whole number")),
        ("Expected `object`, got `array`", FieldError("", "must be an object, not a list")),
        ("Object missing required field `x`", FieldError("x", "is required")),
        ("Object missing required field `x` - at `$.events[3]`", FieldError("events[3].x", "is required")),
        ("Object contains unknown field `x` - at `$[0]`", FieldError("[0].x", "is no field that the server knows")),
        ("Expected `str` of length >= 1 - at `key` in `$.labels`", FieldError("labels", "must not be empty")),
    ],
)
def test_where_and_what_are_told_apart(sentence: str, error: FieldError) -> None:
    assert field_error(sentence) == error
