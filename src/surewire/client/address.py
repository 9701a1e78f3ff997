"""Where a server is: one address as people write it, made into those of its WebSocket and its HTTP."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import SplitResult, quote, urlsplit, urlunsplit

from msgspec import Struct

from surewire.config.rules import is_loopback
from surewire.errors import ClientError

__all__ = ["Address", "no_address", "parse_address", "reason"]

_WEBSOCKET_SCHEME = {"http": "ws", "https": "wss", "ws": "ws", "wss": "wss"}
_HTTP_SCHEME = {"http": "http", "https": "https", "ws": "http", "wss": "https"}
_IN_NO_NAME: Final = re.compile(r"""[\x00-\x20\x7f<>"\\^`{|}%]""")
_FOUR_NUMBERS: Final = re.compile(r"[0-9]+(\.[0-9]+){3}")


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
    try:
        parts = _parts(url)
    except ValueError as error:
        raise no_address(url) from error
    path = parts.path.rstrip("/").removesuffix("/v1/ws").removesuffix("/ws")
    http = urlunsplit((_HTTP_SCHEME[parts.scheme], parts.netloc, path, "", ""))
    websocket = urlunsplit((_WEBSOCKET_SCHEME[parts.scheme], parts.netloc, f"{path}/ws", "", ""))
    return Address(http, websocket, is_loopback(parts.hostname or ""))


def no_address(url: str) -> ClientError:
    """What to raise about an address that nothing can be reached at."""
    return ClientError("INVALID_MESSAGE", f"{url!r} is no server address; write it like http://127.0.0.1:8080", path="url")


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


def _parts(url: str) -> SplitResult:
    """The parts of an address at which a server may be. Raises: ValueError when there is none."""
    parts = urlsplit(url if "://" in url else f"http://{url}")
    host = parts.hostname or ""
    # Asking for the port judges it; nobody listens on number 0. Encoding judges the text, and the labels of a name.
    is_right = bool(url.encode()) and parts.scheme in _WEBSOCKET_SCHEME and parts.port != 0
    if ":" in host or _FOUR_NUMBERS.fullmatch(host):
        ip_address(host)
    elif not host.encode("idna") or _IN_NO_NAME.search(host):
        is_right = False
    if not is_right:
        raise ValueError(url)
    return parts
