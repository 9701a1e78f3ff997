"""Opening a connection: the WebSocket handshake, the server's welcome, and what its refusals mean."""

from __future__ import annotations

import asyncio
from typing import Final

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, InvalidURI

from surewire.client.address import Address, no_address, reason
from surewire.client.incoming import decode
from surewire.client.refusal import refusal_of
from surewire.client.session import Session
from surewire.errors import ClientError
from surewire.protocol.codes import CloseCode, may_reconnect
from surewire.protocol.server_messages import PROTOCOL_VERSION, Closing, Welcome

__all__ = ["dial", "ended_for_good"]

_OPEN_TIMEOUT_S = 10.0
_PING_S = 20.0
_CLOSE_TIMEOUT_S = 2.0
# A page ends at 512 KiB but never before its first item; this leaves room for any single message.
_MAX_FRAME_BYTES = 8 * 1024 * 1024

_ERROR_CODES: Final[dict[int, str]] = {
    CloseCode.REPLACED: "CONFLICT",
    CloseCode.UNAUTHORIZED: "UNAUTHORIZED",
    CloseCode.ACCESS_REVOKED: "FORBIDDEN",
    CloseCode.TOO_MANY_ERRORS: "INVALID_MESSAGE",
    CloseCode.POLICY: "FORBIDDEN",
}


async def dial(address: Address, user_id: str | None) -> Session:
    """A connection that the server has welcomed.

    Raises: ClientError, `temporary` when another attempt may succeed, with `retry_after_s` when the server said when.
    """
    try:
        connection = await connect(
            address.websocket_of(user_id),
            compression=None,
            proxy=None if address.is_local else True,
            open_timeout=_OPEN_TIMEOUT_S,
            close_timeout=_CLOSE_TIMEOUT_S,
            ping_interval=_PING_S,
            ping_timeout=_PING_S,
            max_size=_MAX_FRAME_BYTES,
        )
    except InvalidStatus as refused:
        response = refused.response
        raise refusal_of(response.status_code, bytes(response.body or b""), response.headers.get("Retry-After")) from refused
    except (InvalidURI, ValueError) as error:
        # A user without a password, for one. `parse_address` finds the rest.
        raise no_address(address.http) from error
    except (OSError, TimeoutError, InvalidHandshake) as error:
        raise ClientError("UNAVAILABLE", f"cannot reach {address.http}: {reason(error)}", temporary=True) from error
    try:
        async with asyncio.timeout(_OPEN_TIMEOUT_S):
            return Session(connection, _welcome(address, await connection.recv()))
    except (ConnectionClosed, TimeoutError) as error:
        code = connection.close_code or CloseCode.SERVER_ERROR
        await connection.close()
        raise ended_for_good(code, "") or ClientError("UNAVAILABLE", f"{address.http} did not welcome us", temporary=True) from error
    except BaseException:
        await connection.close()
        raise


def ended_for_good(close_code: int, reason: str) -> ClientError | None:
    """Why a client must stay away after a close code; None when it may come back."""
    if may_reconnect(close_code):
        return None
    why = "another connection took over this session" if close_code == CloseCode.REPLACED else "the server wants this client to stay away"
    problem = f"{why} (close code {close_code}{f', {reason}' if reason else ''})"
    return ClientError(_ERROR_CODES.get(close_code, "FORBIDDEN"), problem, details={"close_code": close_code})


def _welcome(address: Address, frame: str | bytes) -> Welcome:
    try:
        message = decode(frame)
    except ValueError:
        message = None
    if isinstance(message, Closing):
        raise ClientError("UNAVAILABLE", message.reason, temporary=message.reconnect, retry_after_s=message.retry_after_ms / 1000)
    if isinstance(message, Welcome) and message.protocol_version == PROTOCOL_VERSION:
        return message
    raise ClientError("UNSUPPORTED", f"{address.http} does not speak version {PROTOCOL_VERSION} of the surewire protocol")
