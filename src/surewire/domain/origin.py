"""Which web pages may talk to the server, and under which names it may be called: the guard of browsers' users.

A browser sends requests for any page that a user happens to look at, and says with them where the page came from (`Origin`, RFC 6454
§7) and what name it looked up to get here (`Host`, RFC 9110 §7.2). A page of another origin is refused. So is a name that is not ours on
a server that trusts everyone because only this machine can reach it: by pointing such a name at 127.0.0.1 after it was loaded, a page
makes the server look like its own origin (DNS rebinding).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from functools import lru_cache
from typing import Final

__all__ = ["OriginPolicy", "is_loopback_name"]

_ORIGIN: Final = re.compile(r"(https?)://(\[[0-9a-f:.]+\]|[^\[\]:/?#@\s]+)(?::(\d{1,5}))?", re.IGNORECASE)
_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:/?#@\s]+)(?::(\d{0,5}))?", re.IGNORECASE)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


class OriginPolicy:
    """Who may ask. `allowed_origins` are other origins that may (`https://app.example`). With `only_loopback`, a `Host` must be a
    loopback name or the host of an allowed origin.
    """

    __slots__ = ("_names", "_only_loopback", "_origins")

    def __init__(self, allowed_origins: Collection[str], *, only_loopback: bool) -> None:
        self._origins = frozenset(map(str.lower, allowed_origins))
        self._names = frozenset(match[2] for match in map(_ORIGIN.fullmatch, self._origins) if match)
        self._only_loopback = only_loopback

    def allows_host(self, host: str | None) -> bool:
        """Whether the server answers to this `Host`. Without one (old probes) it does: every browser sends it."""
        if host is None or not self._only_loopback:
            return True
        match = _HOST.fullmatch(host)
        return match is not None and (is_loopback_name(match[1]) or match[1].lower() in self._names)

    def is_allowed(self, origin: str) -> bool:
        """Whether the origin is one of the configured other ones."""
        return origin.lower() in self._origins

    def allows_origin(self, origin: str | None, host: str | None) -> bool:
        """Whether a page of this `Origin` may make a request to this `Host`: the same origin, or an allowed one.

        Without `Origin` no browser page of another origin asks. The schemes of the two are not compared, because a proxy in front may
        have ended TLS. `null` (a sandboxed page, a file) is nobody's origin.
        """
        return origin is None or self.is_allowed(origin) or _is_same(origin, host)


@lru_cache(256)
def is_loopback_name(name: str) -> bool:
    """Whether a host name or address (IPv6 in brackets or not) always means this machine (RFC 6761 §6.3, RFC 5735 §3, RFC 4291 §2.5.3)."""
    name = name.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


@lru_cache(256)
def _is_same(origin: str, host: str | None) -> bool:
    page, server = _ORIGIN.fullmatch(origin), host and _HOST.fullmatch(host)
    if not page or not server or page[2].lower() != server[1].lower():
        return False
    default_port = _DEFAULT_PORTS[page[1].lower()]
    return int(page[3] or default_port) == int(server[2] or default_port)
