"""Requests to other people's servers: bounded in time and size, never redirected, and only to addresses that were judged."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from functools import cache

import httpx

from surewire import __version__
from surewire.adapters.webhook.retry_after import retry_after_s
from surewire.ports.notification_words import shortened
from surewire.ports.notifier import NotifyError
from surewire.ports.outbound import OutboundGuard, OutboundRefusedError

__all__ = ["JSON", "HttpSender"]

JSON = {"content-type": "application/json"}

_MAX_ANSWER_BYTES = 65_536
_MAX_QUOTED = 200
_PORTS = {"http": 80, "https": 443}
# Trying again may help: RFC 9110 §15.5.9 and §15.6, RFC 8470 §5.2, RFC 6585 §4.
_TEMPORARY = frozenset({408, 425, 429})


class HttpSender:
    """Sends requests to one target, each over a connection of its own: they are rare, and a kept one would be stale when it is needed.

    The name is looked up once for each request and the connection made to that address, while TLS and the `Host` header keep the name. No
    proxy, no cookie, no credential comes from the environment, and no address is ever logged: some are secrets.
    """

    __slots__ = ("_allow_private", "_guard", "_timeout_s", "_tls")

    def __init__(self, guard: OutboundGuard, *, timeout_s: float, allow_private: bool, tls: ssl.SSLContext | None = None) -> None:
        self._guard, self._timeout_s, self._allow_private, self._tls = guard, timeout_s, allow_private, tls

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The answer, at most 64 KiB of it, when its status is 2xx.

        Raises: NotifyError for any other; temporary when nothing was reached, nothing answered in time, or the receiver says so.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(httpx.URL(url), body, headers)
        except TimeoutError:
            raise NotifyError(f"no answer within {self._timeout_s:g} s", is_temporary=True) from None
        except OutboundRefusedError as error:
            raise NotifyError(f"{error}; set allow_private = true if that is meant", is_temporary=False) from error
        except (OSError, httpx.TransportError) as error:
            raise NotifyError(f"not reached: {str(error) or type(error).__name__}", is_temporary=True) from error

    async def _exchange(self, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> bytes:
        port = url.port or _PORTS[url.scheme]
        addresses = await self._guard.addresses(url.host, port, allow_private=self._allow_private)
        async with httpx.AsyncHTTPTransport(verify=self._tls or _tls(), trust_env=False) as transport:
            # An address that swallows everything must leave time for the next one.
            within_s = {"connect": self._timeout_s / len(addresses)}
            for address in addresses[:-1]:
                try:
                    return await _request(transport, _pinned(url, address, body, headers, within_s))
                except (httpx.ConnectError, httpx.ConnectTimeout):
                    continue
            return await _request(transport, _pinned(url, addresses[-1], body, headers, within_s))


def _pinned(url: httpx.URL, address: str, body: bytes, headers: Mapping[str, str], within_s: Mapping[str, float]) -> httpx.Request:
    own = {"host": url.netloc.decode("ascii"), "user-agent": f"surewire/{__version__}", "accept-encoding": "identity"}
    extensions = {"sni_hostname": url.raw_host.decode("ascii"), "timeout": within_s}
    return httpx.Request("POST", url.copy_with(host=address), headers={**own, **headers}, content=body, extensions=extensions)


async def _request(transport: httpx.AsyncHTTPTransport, request: httpx.Request) -> bytes:
    response = await transport.handle_async_request(request)
    try:
        return _judged(response, await _start(response.aiter_raw()))
    finally:
        await response.aclose()


async def _start(chunks: AsyncIterator[bytes]) -> bytes:
    start = b""
    async for chunk in chunks:
        start += chunk
        if len(start) >= _MAX_ANSWER_BYTES:
            break
    return start[:_MAX_ANSWER_BYTES]


def _judged(response: httpx.Response, answer: bytes) -> bytes:
    if response.is_success:
        return answer
    temporary = response.status_code in _TEMPORARY or response.is_server_error
    after_s = retry_after_s(response.headers) if temporary else None
    raise NotifyError(_problem(response, answer), is_temporary=temporary, retry_after_s=after_s)


def _problem(response: httpx.Response, answer: bytes) -> str:
    if response.is_redirect:
        return f"HTTP {response.status_code}: redirects are not followed"
    words = "".join(character if character.isprintable() else " " for character in answer.decode("utf-8", "replace"))
    return f"HTTP {response.status_code}" + (f": {shortened(words.strip(), _MAX_QUOTED)}" if words.strip() else "")


@cache
def _tls() -> ssl.SSLContext:
    # 20 ms, once.
    return httpx.create_ssl_context()
