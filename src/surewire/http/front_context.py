"""What one listener's connections share: who decides about upgrades, the limits, what all hold, and where measurements go."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from typing import Final, Protocol

from surewire.domain.ids import UlidGenerator
from surewire.gateway.upgrade import UpgradeHandler
from surewire.http.front_limits import FrontLimits
from surewire.http.plain_connections import PlainConnections
from surewire.http.request_bodies import RequestBodies
from surewire.http.websocket_bridge import Staging

__all__ = ["OPERATOR_PATHS", "WEBSOCKET_ROUTE", "FrontContext", "ObserveRequest", "RequestIds"]

WEBSOCKET_ROUTE: Final = "/ws"
"""The route's template of a refused upgrade, on whichever WebSocket path: it may have waited for its place, which is no slow answer."""

OPERATOR_PATHS: Final = frozenset({"/health", "/ready", "/metrics"})
"""What is answered also when there are too many connections: how else would an operator learn of it."""

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:-]{1,128}")


class ObserveRequest(Protocol):
    """Takes one answered HTTP request: the route's template (None when no route matched), the status, and the seconds from the first
    byte of the request to the last byte of the answer handed to the socket."""

    def __call__(self, route_template: str | None, status: int, seconds: float, /) -> None: ...


class RequestIds:
    """Names requests: the client's `X-Request-ID` where it is harmless, else a new `req_` id."""

    __slots__ = ("_ulids",)

    def __init__(self) -> None:
        self._ulids = UlidGenerator(secrets.randbits)

    def taken_or_made(self, sent: bytes | None) -> str:
        """The id of one request."""
        if sent is not None and _REQUEST_ID.fullmatch(sent):
            return sent.decode("ascii")
        return "req_" + self._ulids.next(time.time_ns() // 1_000_000)


class FrontContext:
    """Shared by the connections of one listener; `connections`, `bodies` and `staging` by those of all."""

    __slots__ = ("bodies", "channel", "connections", "handler", "is_websocket_path", "limits", "observe", "request_ids", "staging")

    def __init__(
        self,
        handler: UpgradeHandler,
        is_websocket_path: Callable[[str], bool],
        observe: ObserveRequest,
        limits: FrontLimits,
        channel: str | None,
        staging: Staging,
        connections: PlainConnections,
        bodies: RequestBodies,
    ) -> None:
        self.handler, self.is_websocket_path, self.observe = handler, is_websocket_path, observe
        self.limits, self.channel, self.staging = limits, channel, staging
        self.connections, self.bodies = connections, bodies
        self.request_ids = RequestIds()
