"""What the front asks the gateway before a WebSocket opens, and what it may be answered: pure data, no I/O.

The front has checked the request against RFC 6455 §4.2.1 before it asks. It then calls `admit` exactly once, and afterwards exactly
one of these happens to the request:

    answer of `admit`        what the front does
    Refusal                  sends it as problem+json and closes; nothing more is called
    Acceptance               answers 101, then calls the listener's `on_open`; at the end, once, its `on_closed`
    (client gone meanwhile)  calls `abandoned`, with the acceptance when there already was one; no hook of the listener is called
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Protocol

import msgspec

from surewire.gateway.frames import MessageListener

__all__ = ["KEPT_HEADERS", "Acceptance", "Refusal", "UpgradeHandler", "UpgradeRequest"]

KEPT_HEADERS = frozenset(
    {
        "authorization",
        "cookie",
        "forwarded",
        "host",
        "origin",
        "sec-websocket-extensions",
        "sec-websocket-protocol",
        "traceparent",
        "tracestate",
        "user-agent",
        "x-forwarded-for",
        "x-request-id",
        "x-user-id",
    }
)
"""The request headers a handler sees, in lower case. Every other one is dropped before the handler is asked."""


class UpgradeRequest(msgspec.Struct, frozen=True, gc=False):
    """A valid WebSocket handshake that waits for a decision.

    `path` is percent-decoded, `query` is not. `headers` holds those of `KEPT_HEADERS` that were sent, a repeated one joined by `, `.
    `peer_host` is the address of the socket's other end ("" on a Unix socket), `channel` the listener's channel. `received_s` is
    `time.monotonic()` when the first byte of the request came. `request_id` is the client's `X-Request-ID`, or made here.
    """

    path: str
    query: str
    headers: dict[str, str]
    peer_host: str
    peer_port: int
    is_secure: bool
    channel: str | None
    received_s: float
    request_id: str


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """An answer instead of 101: `status` 4xx or 5xx, `code` of the protocol, `detail` the sentence the client reads."""

    status: int
    code: str
    detail: str
    retry_after_s: float | None = None
    headers: tuple[tuple[str, str], ...] = ()


class Acceptance(msgspec.Struct, frozen=True):
    """The connection's listener, and the subprotocol to name in the 101 (one the client offered, or none)."""

    listener: MessageListener
    subprotocol: str | None = None


class UpgradeHandler(Protocol):
    """Decides about WebSocket upgrades. Every method is called on the event loop's thread."""

    def admit(self, request: UpgradeRequest) -> Acceptance | Refusal | Awaitable[Acceptance | Refusal]:
        """The decision: at once wherever possible, as a coroutine only when it must wait (for a permit).

        The coroutine is cancelled when the client leaves or the upgrade's deadline (10 s) passes. An exception becomes a 500 whose body
        says nothing about it.
        """
        ...

    def refused(self, status: int) -> None:
        """The front refused a request for a WebSocket path itself (400, 405, 408, 414, 426, 431, 500): for the counters only."""
        ...

    def abandoned(self, request: UpgradeRequest, acceptance: Acceptance | None) -> None:
        """The client left before its connection opened. What `acceptance` holds must be released; None means `admit` was cancelled."""
        ...
