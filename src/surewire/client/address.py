"""Where a server is: one address as people write it, made into those of its WebSocket and its HTTP."""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit

from msgspec import Struct

from surewire.config.rules import is_loopback
from surewire.errors import ClientError

__all__ = ["Address", "parse_address", "reason"]

_WEBSOCKET_SCHEME = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_HTTP_SCHEME = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


class Address(Struct, frozen=True):
    """A server. `http` is its base without a slash at the end; a proxy is never used for a local one."""

    http: str
    websocket: str
    is_local: bool

    def websocket_of(self, user_id: str | None) -> str:
        """Where to open the WebSocket as that user."""
        return f"{self.websocket}?user_id={quote(user_id, safe='')}" if user_id else self.websocket


def parse_address(url: str) -> Address:
    """The server at `http://host:port`; https, ws, wss and a path will do too. Raises: ClientError `INVALID_MESSAGE`."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in _WEBSOCKET_SCHEME or not parts.hostname:
        raise ClientError("INVALID_MESSAGE", f"{url!r} is no server address; write it like http://127.0.0.1:8080", path="url")
    path = parts.path.rstrip("/").removesuffix("/v1/ws").removesuffix("/ws")
    http = urlunsplit((_HTTP_SCHEME[parts.scheme], parts.netloc, path, "", ""))
    websocket = urlunsplit((_WEBSOCKET_SCHEME[parts.scheme], parts.netloc, f"{path}/ws", "", ""))
    return Address(http, websocket, is_loopback(parts.hostname))


def reason(error: BaseException) -> str:
    """Why a server could not be reached, in words rather than in numbers of the operating system."""
    causes = [error]
    while cause := causes[-1].__cause__ or causes[-1].__context__:
        causes.append(cause)
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "nobody listens there"
    if any(isinstance(cause, TimeoutError) for cause in causes):
        return "it did not answer in time"
    return str(error) or type(error).__name__
