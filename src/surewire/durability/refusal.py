"""A store's errors in the words of the protocol. What happened inside is logged, never sent."""

from __future__ import annotations

from typing import Final

from surewire.errors import BackendUnavailableError, ClientError, SurewireError
from surewire.ports.idempotency import AlreadyAnsweredError

__all__ = ["overloaded", "refusal_of", "timed_out"]

_RETRY_AFTER_S: Final = 1.0


def refusal_of(error: SurewireError) -> SurewireError:
    """What the sender is told: its own mistakes and an earlier answer as they are, a failing store as `UNAVAILABLE`, else `INTERNAL`."""
    if isinstance(error, ClientError | AlreadyAnsweredError):
        return error
    if isinstance(error, BackendUnavailableError):
        return _unavailable("the message could not be stored; send it again under the same client_message_id")
    return ClientError("INTERNAL", "the message could not be stored")


def overloaded() -> ClientError:
    """Too much waits."""
    return _unavailable("too many messages wait to be stored")


def timed_out() -> ClientError:
    """The disk does not answer."""
    return _unavailable("storing takes too long, and nobody knows its end; send the message again under the same client_message_id")


def _unavailable(problem: str) -> ClientError:
    return ClientError("UNAVAILABLE", problem, temporary=True, retry_after_s=_RETRY_AFTER_S)
