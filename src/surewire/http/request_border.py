"""The border around the HTTP application: what it raises becomes a 500 without inner details, what it answers is measured.

A route's template goes into the ASGI scope as `scope["state"]["route_template"]` (`/v1/chats/{chat_id}`); without it the request counts
as unmatched. The front puts `scope["state"]["received_s"]` there, `time.monotonic()` at the request's first byte.
"""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from surewire.gateway.upgrade import Refusal
from surewire.http.front_context import ObserveRequest, RequestIds
from surewire.http.refusal import INTERNAL, problem_body
from surewire.http.request_guard import first_value

__all__ = ["AsgiApp", "RequestBorder"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]
"""An ASGI 3 application, as loosely typed as every framework types it."""

_log = logging.getLogger(__name__)


class RequestBorder:
    """An ASGI application around `app`."""

    def __init__(self, app: AsgiApp, observe: ObserveRequest, request_ids: RequestIds) -> None:
        self._app, self._observe, self._request_ids = app, observe, request_ids

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answers one request; returns when the answer is with the socket."""
        answer = _WatchedAnswer(send)
        try:
            await self._app(scope, receive, answer.send)
        except Exception as error:  # noqa: BLE001 - the border of one request
            _log_failure(scope, error)
            await self._answer_failure(scope, answer)
        if answer.is_complete:
            state = scope["state"]
            seconds = time.monotonic() - state["received_s"]
            self._observe(state.get("route_template"), answer.status, seconds)

    async def _answer_failure(self, scope: Message, answer: _WatchedAnswer) -> None:
        if answer.status:
            raise _AnswerBrokenOffError from None
        request_id = self._request_ids.taken_or_made(first_value(scope["headers"], b"x-request-id"))
        body = problem_body(Refusal(500, INTERNAL, "the server failed; the request may be tried again"), request_id)
        headers = [
            (b"content-type", b"application/problem+json"),
            (b"content-length", str(len(body)).encode()),
            (b"x-request-id", request_id.encode()),
        ]
        await answer.send({"type": "http.response.start", "status": 500, "headers": headers})
        await answer.send({"type": "http.response.body", "body": body})


class _AnswerBrokenOffError(Exception):
    """The application failed in the middle of its answer: the server can only cut the connection."""


class _WatchedAnswer:
    """Passes an answer on and remembers its status and whether it was finished."""

    __slots__ = ("_send", "is_complete", "status")

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.is_complete = False

    async def send(self, message: Message) -> None:
        await self._send(message)
        if message["type"] == "http.response.start":
            self.status = message["status"]
        elif message["type"] == "http.response.body":
            self.is_complete = not message.get("more_body", False)


def _log_failure(scope: Message, error: Exception) -> None:
    # Kind and place only: the text of an exception may hold what a client sent.
    last = traceback.extract_tb(error.__traceback__)[-1]
    place = (type(error).__name__, last.filename, last.lineno, last.name)
    _log.error("%s failed: %s at %s:%s in %s", scope.get("method"), *place)
