"""One answer of a server for a command that asks once and ends, without the client that the whole API needs.

A command is not to take longer to start than to be answered. Over plain HTTP without a proxy the standard library asks; what goes through
TLS or a proxy is left to the client, which knows how (and takes a quarter of a second to import).
"""

from __future__ import annotations

import os
import time
from http.client import HTTPConnection, HTTPException
from typing import Final, TypeVar
from urllib.parse import urlsplit

import msgspec

from surewire.client.address import Address, parse_address, reason
from surewire.client.refusal import Patience, refusal_of
from surewire.errors import ClientError

__all__ = ["one_answer"]

T = TypeVar("T")

_TIMEOUT_S: Final = 10.0
_PROXIES: Final = frozenset({"http_proxy", "all_proxy"})


def one_answer(url: str, path: str, shape: type[T], *, patience_s: float = 5.0) -> T:
    """What `GET path` answers, as JSON of that shape; tried again for `patience_s` while the server cannot be used.

    Raises: ClientError, with the server's code, or `UNAVAILABLE` when there was no answer.
    """
    address = parse_address(url)
    if not _is_direct(address):
        return _through_the_client(address, path, shape, patience_s)
    try:
        return msgspec.json.decode(_body(address, path, patience_s), type=shape)
    except msgspec.DecodeError as error:
        raise ClientError("UNSUPPORTED", f"{address.http} does not speak the surewire protocol: {error}") from error


def _is_direct(address: Address) -> bool:
    """Nothing stands between: no TLS, no proxy of the environment, nobody to log in as."""
    parts = urlsplit(address.http)
    is_proxied = not address.is_local and any(name.lower() in _PROXIES for name in os.environ)
    return parts.scheme == "http" and parts.username is None and not is_proxied


def _body(address: Address, path: str, patience_s: float) -> bytes:
    patience = Patience(patience_s, time.monotonic())
    while True:
        try:
            return _attempt(address, path)
        except ClientError as error:
            time.sleep(patience.wait_s(error, time.monotonic()))


def _attempt(address: Address, path: str) -> bytes:
    parts = urlsplit(address.http)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", f"{parts.path}{path}")
        response = connection.getresponse()
        body = response.read()
    except (OSError, HTTPException) as error:
        raise ClientError("UNAVAILABLE", f"no answer from {address.http}: {reason(error)}", temporary=True) from error
    finally:
        connection.close()
    if response.status // 100 == 2:
        return body
    raise refusal_of(response.status, body, response.getheader("Retry-After"))


def _through_the_client(address: Address, path: str, shape: type[T], patience_s: float) -> T:
    import asyncio

    from surewire.client.http_api import HttpApi

    async def ask() -> T:
        async with HttpApi(address, patience_s=patience_s) as api:
            return await api.call("GET", path, shape)

    return asyncio.run(ask())
