"""The front's limits: what a request may cost before any of our own code has seen it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from surewire.config.model import Limits

__all__ = ["FrontLimits"]

_PLAIN_SHARE: Final = 10
_LEAST_PLAIN: Final = 100
_SPARE: Final = 16


@dataclass(frozen=True, slots=True)
class FrontLimits:
    """Limits on requests and upgrades; the defaults are protocol 1's."""

    head_timeout_s: float = 10.0
    """From connecting, or from the first byte of a later request, to the end of the request head (408)."""
    upgrade_timeout_s: float = 10.0
    """From the first byte of an upgrade request to the decision about it (408)."""
    body_timeout_s: float = 30.0
    """From the end of the head to the end of the body (408)."""
    keep_alive_s: float = 75.0
    """How long an idle HTTP connection stays open: longer than load balancers keep theirs, so that they end it."""
    write_timeout_s: float = 30.0
    """How long a client may leave an answer unread: a full send buffer must empty within it, or the connection is reset."""
    linger_s: float = 2.0
    """How long a refused client may take to read the refusal before its connection is reset."""
    max_target_bytes: int = 8192
    """Request target (414)."""
    max_head_bytes: int = 16384
    """Whole request head; also a body's trailers and chunk extensions (431)."""
    max_headers: int = 100
    """Header lines (431)."""
    max_pipelined: int = 64
    """Requests of one connection that may wait for their answers at once (429)."""
    max_body_bytes: int = 1048576
    """What a Content-Length may announce (413). The application counts the bytes of a chunked body."""

    max_plain_connections: int = 1000
    """Sockets that are no WebSockets (yet) for which the server works at once, over all listeners (503)."""
    max_plain_per_address: int = 20
    """The same for one address that is not loopback (429)."""
    spare_connections: int = _SPARE
    """As many more may be open in any case, so that somebody can be heard."""
    max_sockets: int = 11016
    """Sockets of all kinds over all listeners. Above it, plain ones that have waited for their clients the longest are closed."""
    max_bodies_bytes: int = 67108864
    """Request bodies in memory over all connections (503)."""

    @classmethod
    def configured(cls, limits: Limits) -> FrontLimits:
        """Those that an operator has set; the others are no one's choice."""
        at_work = max(_LEAST_PLAIN, limits.max_connections // _PLAIN_SHARE)
        return cls(
            head_timeout_s=limits.head_timeout_s,
            upgrade_timeout_s=limits.upgrade_timeout_s,
            body_timeout_s=limits.body_timeout_s,
            max_target_bytes=limits.max_target_bytes,
            max_head_bytes=limits.max_header_bytes,
            max_headers=limits.max_headers,
            max_body_bytes=limits.max_body_bytes,
            max_plain_connections=at_work,
            max_sockets=limits.max_connections + at_work + _SPARE,
            max_plain_per_address=limits.connections_per_address,
        )
