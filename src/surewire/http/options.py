"""OPTIONS on every path: which methods it knows (RFC 9110 §9.3.7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from litestar.handlers import HTTPRouteHandler, route

from surewire.http.call import Call
from surewire.http.reply import Reply

__all__ = ["options_of"]


def options_of(routes: Iterable[HTTPRouteHandler]) -> Iterator[HTTPRouteHandler]:
    """A handler for each path of the routes. Litestar's own names the methods of a path's first route only."""
    methods: dict[str, set[str]] = {}
    for handler in routes:
        for path in handler.paths:
            methods.setdefault(path, {"OPTIONS"}).update(map(str, handler.http_methods))
    for path, known in methods.items():
        yield _handler(path, ", ".join(sorted(known)).encode("ascii"))


def _handler(path: str, allow: bytes) -> HTTPRouteHandler:
    async def answer_options(request: Call) -> Reply:
        return Reply(204, headers=((b"allow", allow),))

    methods: Any = ["OPTIONS"]
    return route(path, http_method=methods, status_code=200)(answer_options)
