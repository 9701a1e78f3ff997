"""Error codes and close codes of protocol 1, with what a client should make of them."""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal, get_args

__all__ = ["CLOSE_REASONS", "ERROR_CODES", "CloseCode", "ErrorCode", "may_reconnect"]

ErrorCode = Literal[
    "INVALID_MESSAGE",
    "UNSUPPORTED",
    "NOT_FOUND",
    "UNAUTHORIZED",
    "FORBIDDEN",
    "RATE_LIMITED",
    "CONFLICT",
    "TOO_LARGE",
    "LIMIT_EXCEEDED",
    "UNAVAILABLE",
    "TIMEOUT",
    "INTERNAL",
]
ERROR_CODES: Final[tuple[ErrorCode, ...]] = get_args(ErrorCode)


class CloseCode(IntEnum):
    """Why a connection ended: RFC 6455 §7.4.1 below 4000, ours from there on."""

    NORMAL = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    INVALID_TEXT = 1007
    TOO_BIG = 1009
    SERVER_ERROR = 1011
    RESTART = 1012
    OVERLOADED = 1013
    HEARTBEAT_TIMEOUT = 4000
    SESSION_TIMEOUT = 4001
    SLOW_CONSUMER = 4002
    TOKEN_EXPIRED = 4003
    REPLACED = 4004
    UNAUTHORIZED = 4500
    ACCESS_REVOKED = 4501
    TOO_MANY_ERRORS = 4502
    POLICY = 4503


CLOSE_REASONS: Final[dict[int, str]] = {
    CloseCode.NORMAL: "client_closed",
    CloseCode.GOING_AWAY: "graceful_shutdown",
    CloseCode.PROTOCOL_ERROR: "policy_violation",
    CloseCode.UNSUPPORTED_DATA: "policy_violation",
    CloseCode.INVALID_TEXT: "policy_violation",
    CloseCode.TOO_BIG: "policy_violation",
    CloseCode.SERVER_ERROR: "server_error",
    CloseCode.RESTART: "graceful_shutdown",
    CloseCode.OVERLOADED: "server_error",
    CloseCode.HEARTBEAT_TIMEOUT: "heartbeat_timeout",
    CloseCode.SESSION_TIMEOUT: "session_timeout",
    CloseCode.SLOW_CONSUMER: "slow_consumer",
    CloseCode.TOKEN_EXPIRED: "policy_violation",
    CloseCode.REPLACED: "client_closed",
    CloseCode.UNAUTHORIZED: "policy_violation",
    CloseCode.ACCESS_REVOKED: "policy_violation",
    CloseCode.TOO_MANY_ERRORS: "policy_violation",
    CloseCode.POLICY: "policy_violation",
}
"""The `reason` under which a connection that we closed with a code is counted in `gateway_disconnections_total`."""


def may_reconnect(code: int) -> bool:
    """Whether a client should come back by itself: not after 4004 (it is already back elsewhere) nor 4500 to 4999 (it would fail again)."""
    return code != CloseCode.REPLACED and not 4500 <= code <= 4999
