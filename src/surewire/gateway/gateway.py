"""The connection plane as a whole: decides about upgrades, holds the connections, ends them."""

from __future__ import annotations

from collections.abc import Awaitable

from surewire.errors import ClientError
from surewire.gateway.admission import Caller
from surewire.gateway.connection import Connection
from surewire.gateway.context import Context
from surewire.gateway.echo import EchoListener
from surewire.gateway.identity import identify_open, user_in_query
from surewire.gateway.upgrade import Acceptance, Refusal, UpgradeRequest

__all__ = ["ECHO_PATH", "SUBPROTOCOL", "Gateway", "channel_of", "is_websocket_path"]

SUBPROTOCOL = "surewire.v1"
ECHO_PATH = "/echo"
_PATHS = frozenset({"/ws", "/v1/ws"})
_CHANNEL_PREFIX = "/ws/"
_STATUS_OF_REFUSAL = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    405: "bad_request",
    408: "timeout",
    414: "bad_request",
    426: "bad_request",
    429: "rate_limited",
    431: "bad_request",
}


def is_websocket_path(path: str, echo: bool) -> bool:
    """Whether a path is one that WebSockets are opened on."""
    return path in _PATHS or channel_of(path) is not None or (echo and path == ECHO_PATH)


def channel_of(path: str) -> str | None:
    """The channel that `/ws/{channel}` names."""
    name = path.removeprefix(_CHANNEL_PREFIX)
    return name if name != path and name and "/" not in name else None


class Gateway:
    """The `UpgradeHandler` of the front. Every attempt is counted once, under the status of its answer."""

    def __init__(self, context: Context) -> None:
        self._context = context

    def admit(self, request: UpgradeRequest) -> Acceptance | Refusal | Awaitable[Acceptance | Refusal]:
        context = self._context
        if request.path == ECHO_PATH and not context.admission.is_draining:
            return Acceptance(EchoListener())
        refusal = context.admission.check_rate() or self._foreign(request)
        if refusal is None:
            try:
                caller, channel = self._caller(request), _channel(request)
            except ClientError as error:
                refusal = Refusal(400, error.code, str(error))
            else:
                if context.admission.must_wait(caller):
                    return self._wait(request, caller, channel)
                refusal = context.admission.take(caller)
                if refusal is None:
                    return self._accept(request, caller, channel)
        return self._refuse(refusal)

    def refused(self, status: int) -> None:
        self._count_refusal("queue_full" if status == 503 else _STATUS_OF_REFUSAL.get(status, "error"))

    def abandoned(self, request: UpgradeRequest, acceptance: Acceptance | None) -> None:
        # The client left by itself, which is no error of ours, but it may have been for us that it did not wait any longer.
        if acceptance is None:
            self._count_refusal("draining" if self._context.admission.is_draining else "timeout")
        elif isinstance(acceptance.listener, Connection):
            self._context.admission.release(acceptance.listener.caller)
            self._count_refusal("bad_request")

    async def _wait(self, request: UpgradeRequest, caller: Caller, channel: str | None) -> Acceptance | Refusal:
        refusal = await self._context.admission.wait(caller)
        return self._accept(request, caller, channel) if refusal is None else self._refuse(refusal)

    def _accept(self, request: UpgradeRequest, caller: Caller, channel: str | None) -> Acceptance:
        offered = request.headers.get("sec-websocket-protocol", "")
        agreed = SUBPROTOCOL if SUBPROTOCOL in (name.strip() for name in offered.split(",")) else None
        return Acceptance(Connection(self._context, caller, request.received_s, channel), agreed)

    def _refuse(self, refusal: Refusal) -> Refusal:
        if refusal.status == 503 and self._context.admission.is_draining:
            self._count_refusal("draining")
        else:
            self.refused(refusal.status)
        return refusal

    def _count_refusal(self, name: str) -> None:
        self._context.instruments.connections[name].n += 1

    def _foreign(self, request: UpgradeRequest) -> Refusal | None:
        host, origins = request.headers.get("host"), self._context.origins
        if not origins.allows_host(host):
            return Refusal(403, "FORBIDDEN", "the server does not go by this host name; use localhost")
        if not origins.allows_origin(request.headers.get("origin"), host):
            return Refusal(403, "FORBIDDEN", "pages of this origin are not allowed; add it to [auth] allowed_origins")
        return None

    def _caller(self, request: UpgradeRequest) -> Caller:
        principal = identify_open(user_in_query(request.query), request.headers.get("x-user-id"), self._context.new_ulid)
        return Caller.of(principal, request.peer_host)


def _channel(request: UpgradeRequest) -> str | None:
    channel = channel_of(request.path) or request.channel
    if channel is not None and len(channel) > 120:
        raise ClientError("INVALID_MESSAGE", "a channel's name has at most 120 characters", path="channel")
    return channel
