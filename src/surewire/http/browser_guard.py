"""What a browser asks on behalf of a page, and whether that page may (Fetch standard; RFC 6454; RFC 9110 §7.2)."""

from __future__ import annotations

from typing import Final

from surewire.config.model import Config
from surewire.domain.origin import OriginPolicy, is_loopback_name
from surewire.errors import ClientError

__all__ = ["BrowserGuard", "origin_policy"]

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES: Final = frozenset({"same-origin", "none"})
_ALLOWED_METHODS: Final = b"GET, HEAD, POST, PUT, PATCH, DELETE"
_ALLOWED_HEADERS: Final = b"Content-Type, Idempotency-Key, X-Request-ID, X-User-Id"
_EXPOSED_HEADERS: Final = b"Idempotency-Replayed, Retry-After, X-Request-ID"
_PREFLIGHT_KEPT_S: Final = b"600"

Header = tuple[bytes, bytes]


def origin_policy(config: Config) -> OriginPolicy:
    """Who may ask a server of this configuration. Names are only guarded where loopback is what everybody is trusted for."""
    only_loopback = all(is_loopback_name(listener.host) for listener in config.listeners)
    return OriginPolicy(config.auth.allowed_origins, only_loopback=only_loopback)


class BrowserGuard:
    """Refuses what a page of a foreign origin could make a browser do, and lets allowed origins read the answers (CORS)."""

    __slots__ = ("_is_shared", "_policy")

    def __init__(self, config: Config) -> None:
        self._policy = origin_policy(config)
        self._is_shared = bool(config.auth.allowed_origins)

    def check(self, method: str, headers: dict[bytes, bytes]) -> None:
        """Raises: ClientError `FORBIDDEN` for a name that is not this server's, or an unsafe method from a foreign page.

        A safe method changes nothing and its answer cannot be read by a foreign page, so it needs no check.
        """
        host, origin, site = (_text(headers.get(name)) for name in (b"host", b"origin", b"sec-fetch-site"))
        if not self._policy.allows_host(host):
            raise ClientError("FORBIDDEN", "this server does not answer to that Host; add the origin to [auth] allowed_origins")
        if method in _SAFE_METHODS:
            return
        if not self._policy.allows_origin(origin, host) or (origin is None and site is not None and site not in _OWN_SITES):
            raise ClientError("FORBIDDEN", "pages of that origin may not do this; add it to [auth] allowed_origins")

    def cors_headers(self, headers: dict[bytes, bytes]) -> list[Header]:
        """The headers that let a page of an allowed origin read the answer; none for every other page."""
        if not self._is_shared:
            return []
        origin = headers.get(b"origin")
        if origin is None or not self._policy.is_allowed(origin.decode("latin-1")):
            return [(b"vary", b"Origin")]
        return [(b"vary", b"Origin"), (b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSED_HEADERS)]

    def preflight_headers(self, method: str, headers: dict[bytes, bytes]) -> list[Header] | None:
        """What an allowed origin may send, when the request is a browser's question about that; else None."""
        origin = _text(headers.get(b"origin"))
        is_question = method == "OPTIONS" and b"access-control-request-method" in headers
        if not is_question or origin is None or not self._policy.is_allowed(origin):
            return None
        return [
            (b"access-control-allow-methods", _ALLOWED_METHODS),
            (b"access-control-allow-headers", _ALLOWED_HEADERS),
            (b"access-control-max-age", _PREFLIGHT_KEPT_S),
        ]


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
