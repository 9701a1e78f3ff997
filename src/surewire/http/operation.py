"""What a route says of itself: the one source of its documentation, beside its code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from litestar.handlers import HTTPRouteHandler, route
from msgspec import Struct

__all__ = ["OPERATION", "Answered", "Operation", "serves"]

OPERATION: Final = "operation"


class Answered(Struct, frozen=True):
    """One way in which a request ends well. `shape` is the body's type, None without a body; `content_type` when it is no JSON."""

    description: str
    shape: Any = None
    example: object = None
    content_type: str = "application/json"


class Operation(Struct, frozen=True, kw_only=True):
    """One method of one path. `refusals` are the statuses that are its own; those that any request may get need no mention."""

    summary: str
    tag: str
    answers: Mapping[int, Answered]
    description: str = ""
    body: Any = None
    body_examples: Mapping[str, object] = {}
    query: Any = None
    refusals: tuple[int, ...] = ()
    takes_caller: bool = True
    """Whether it matters who asks."""
    takes_key: bool = False
    """Whether `Idempotency-Key` is honoured."""


def serves(method: str, path: str, operation: Operation) -> Callable[[Any], HTTPRouteHandler]:
    """Makes a coroutine function the handler of a method and a path. What answers GET answers HEAD; the server leaves out the body."""
    methods: Any = ["GET", "HEAD"] if method == "GET" else [method]
    # The status is only Litestar's default: every handler returns a whole Reply.
    return route(path, http_method=methods, status_code=200, opt={OPERATION: operation})
