"""The part of the server's HTTP API that a client needs: chats, members, publishing."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import quote

import httpx
import msgspec
from msgspec import Struct

from surewire.client.address import Address, no_address, parse_address, reason
from surewire.client.outgoing import json_of
from surewire.client.refusal import Patience, refusal_of
from surewire.domain.chat import Chat
from surewire.domain.event import Priority, Severity, State
from surewire.domain.principal import check_user_id
from surewire.domain.stream import Position
from surewire.errors import ClientError

__all__ = ["HttpApi", "Published"]

T = TypeVar("T")


class Published(Struct, frozen=True):
    """An event that is on disk."""

    message_id: str
    position: Position


class _Chats(Struct, frozen=True):
    items: tuple[Chat, ...]
    next: str | None = None


class HttpApi:
    """A server's HTTP API as one user. Every call is safe to repeat and is repeated for `patience_s` while the server cannot be used.

    An async context manager. Raises throughout: ClientError, with the server's code, or `UNAVAILABLE` when there was no answer.
    """

    def __init__(self, url: str | Address, *, user_id: str | None = None, patience_s: float = 10.0) -> None:
        self._address = parse_address(url) if isinstance(url, str) else url
        self.user_id = user_id
        self._patience_s = patience_s
        try:
            self._http = httpx.AsyncClient(base_url=self._address.http, timeout=10.0, trust_env=not self._address.is_local)
        except httpx.InvalidURL as error:
            raise no_address(self._address.http) from error

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._http.aclose()

    async def chats(self) -> list[Chat]:
        """All chats of the user, without their members."""
        chats: list[Chat] = []
        cursor: dict[str, str] = {}
        while True:
            page = await self.call("GET", "/v1/chats", _Chats, params=cursor)
            chats += page.items
            if page.next is None:
                return chats
            cursor = {"cursor": page.next}

    async def chat(self, chat_id: str) -> Chat:
        """A chat with its members."""
        return await self.call("GET", f"/v1/chats/{_segment(chat_id, 'chat_id')}", Chat)

    async def create_chat(self, members: Sequence[str], name: str | None = None) -> Chat:
        """A new chat of the user and these members."""
        return await self.call("POST", "/v1/chats", Chat, body={"members": members} | ({"name": name} if name else {}))

    async def add_member(self, chat_id: str, user_id: str) -> Chat:
        """The chat with the user in it; joining `chat_lobby` oneself makes it."""
        path = f"/v1/chats/{_segment(chat_id, 'chat_id')}/members/{_segment(user_id, 'user_id')}"
        return await self.call("PUT", path, Chat)

    async def publish(
        self,
        event_type: str,
        data: Any = None,
        *,
        severity: Severity | None = None,
        state: State | None = None,
        source: str | None = None,
        affected_resources: Sequence[str] = (),
        labels: Mapping[str, str] | None = None,
        incident_id: str | None = None,
        channel: str | None = None,
        priority: Priority | None = None,
    ) -> Published:
        """Stores an event and sends it to everyone whose filters match; returns once it is on disk."""
        event = {
            "event_type": event_type,
            "data": {} if data is None else data,
            "severity": severity,
            "state": state,
            "source": source,
            "affected_resources": list(affected_resources),
            "labels": dict(labels or {}),
            "incident_id": incident_id,
            "channel": channel,
            "priority": priority,
        }
        return await self.call(
            "POST", "/v1/events", Published, body={name: value for name, value in event.items() if value not in (None, [])}
        )

    async def call(
        self, method: str, path: str, shape: type[T], *, body: Any = None, params: Mapping[str, str | Sequence[str]] | None = None
    ) -> T:
        """Any request of the API, answered with JSON of that shape; `None` is the shape of an answer without a body."""
        if self._http.is_closed:
            raise ClientError("UNAVAILABLE", "the client was closed")
        answer = await self._answer(self._request(method, path, None if body is None else json_of(body), params))
        try:
            return msgspec.json.decode(answer or b"null", type=shape)
        except msgspec.DecodeError as error:
            raise ClientError("UNSUPPORTED", f"{self._address.http} does not speak the surewire protocol: {error}") from error

    def _request(self, method: str, path: str, content: bytes | None, params: Mapping[str, str | Sequence[str]] | None) -> httpx.Request:
        headers = {"X-User-Id": check_user_id(self.user_id)} if self.user_id else {}
        if method == "POST":
            headers["Idempotency-Key"] = secrets.token_hex(16)
        if content is not None:
            headers["Content-Type"] = "application/json"
        try:
            return self._http.build_request(method, path, content=content, params=params or None, headers=headers)
        except (ValueError, httpx.InvalidURL) as error:
            raise ClientError("INVALID_MESSAGE", f"{path!r} cannot be asked for: {error}") from error

    async def _answer(self, request: httpx.Request) -> bytes:
        """The body of the answer, after as many attempts as patience allows."""
        now = asyncio.get_running_loop().time
        patience = Patience(self._patience_s, now())
        while True:
            try:
                return await self._attempt(request)
            except ClientError as error:
                wait_s = patience.wait_s(error, now())
            await asyncio.sleep(wait_s)

    async def _attempt(self, request: httpx.Request) -> bytes:
        try:
            response = await self._http.send(request)
        except httpx.TransportError as error:
            raise ClientError("UNAVAILABLE", f"no answer from {self._address.http}: {reason(error)}", temporary=True) from error
        if response.is_success:
            return response.content
        raise refusal_of(response.status_code, response.content, response.headers.get("Retry-After"))


def _segment(name: str, path: str) -> str:
    """An id as one part of a path. Raises: ClientError `INVALID_MESSAGE` for one that would make another path of it.

    An empty one vanishes, and dots go up and away (RFC 3986 section 5.2.4).
    """
    if not name.strip("."):
        raise ClientError("INVALID_MESSAGE", f"{name!r} is no id", path=path)
    try:
        return quote(name, safe="")
    except UnicodeEncodeError as error:
        raise ClientError("INVALID_MESSAGE", f"{name!r} is no id", path=path) from error
