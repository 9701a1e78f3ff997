"""What every answer of the HTTP API has in common: a request id, the headers that keep browsers safe, and the browser's guard before."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from litestar.exceptions import NotFoundException

from surewire.errors import ClientError
from surewire.http.browser_guard import BrowserGuard, Header
from surewire.http.front_context import RequestIds
from surewire.http.problem import as_client_error
from surewire.http.reply import Reply, problem_reply
from surewire.http.request_border import AsgiApp
from surewire.http.request_guard import first_value

__all__ = ["HEADERS", "Envelope"]

HEADERS: Final[tuple[Header, ...]] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cache-control", b"no-store"),
)
"""The headers of an answer that does not bring its own: the Content-Security-Policy is for documents in which nothing may run."""


class Envelope:
    """An ASGI application around `app`. Puts `request_id` and, once it is known, `route_template` into `scope["state"]`."""

    __slots__ = ("_app", "_guard", "_request_ids", "route_templates")

    def __init__(self, app: AsgiApp, guard: BrowserGuard, route_templates: Collection[str] = ()) -> None:
        self._app, self._guard, self.route_templates = app, guard, route_templates
        self._request_ids = RequestIds()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = dict[bytes, bytes](scope["headers"])
        request_id = self._request_ids.taken_or_made(first_value(scope["headers"], b"x-request-id"))
        scope.setdefault("state", {})["request_id"] = request_id
        added = [(b"x-request-id", request_id.encode("ascii")), *self._guard.cors_headers(headers)]

        async def send_enveloped(message: Any) -> None:
            if message["type"] == "http.response.start":
                _complete(scope, message, added)
            await send(message)

        early = self._early_answer(scope, headers, request_id)
        await (early or self._app)(scope, receive, send_enveloped)

    def _early_answer(self, scope: Any, headers: dict[bytes, bytes], request_id: str) -> Reply | None:
        """The answer of a request that no route gets to see."""
        method: str = scope["method"]
        try:
            self._guard.check(method, headers)
        except ClientError as error:
            return problem_reply(error, request_id)
        if not _is_only_spelling(scope):
            return problem_reply(as_client_error(NotFoundException()), request_id)
        preflight = self._guard.preflight_headers(method, headers)
        return None if preflight is None else Reply(204, headers=preflight)


def _is_only_spelling(scope: Any) -> bool:
    """Whether the path has no empty segment, no slash at its end and no slash in a segment: only then does the path name one thing.

    The router would pass over all three, so that `/v1/chats/ID/members/..`, which most clients shorten to `/v1/chats/ID/` (RFC 3986
    §5.2.4), would mean the chat instead of a member, and what a proxy guards under one path could be reached under another.
    """
    path: str = scope["path"]
    return path == "/" or not (path.endswith("/") or "//" in path or b"%2f" in scope["raw_path"].lower())


def _complete(scope: Any, message: Any, added: list[Header]) -> None:
    headers = [*message["headers"], *added]
    own = {name for name, _ in headers}
    message["headers"] = headers + [header for header in HEADERS if header[0] not in own]
    template = scope.get("path_template")
    if template is not None:
        scope["state"]["route_template"] = template
