"""`Idempotency-Key` inside a transaction: look up before the effect, store the answer beside it.

The table is a part of every schema whose effects can be claimed: copy its definition from `migrations/messages/0001_start.sql`.
"""

from __future__ import annotations

from typing import Any, Final

from surewire.adapters.sqlite.connection import Connection, one
from surewire.adapters.sqlite.queries import load_queries
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.errors import ClientError
from surewire.ports.idempotency import AlreadyAnsweredError, Answer, Claim

__all__ = ["KEPT_MICROS", "forget_expired", "refuse_repeated", "remember"]

KEPT_MICROS: Final = 24 * 3_600 * MICROS_PER_SECOND
_TRIMMED_AT_ONCE: Final = 16
_SQL = load_queries("idempotency")


def refuse_repeated(connection: Connection, claim: Claim | None, now_micros: int) -> None:
    """Returns when the claim's effect shall be done (always without a claim).

    Raises: AlreadyAnsweredError with the first answer; ClientError `CONFLICT` when the key was used with another body.
    """
    if claim is None:
        return
    found = one(connection, _SQL.answer, claim.owner, claim.method, claim.path, claim.key, now_micros - KEPT_MICROS)
    if found is None:
        return
    fingerprint, status, body = found
    if fingerprint != claim.fingerprint:
        raise ClientError("CONFLICT", "this Idempotency-Key was used with another body", path="Idempotency-Key")
    raise AlreadyAnsweredError(Answer(status, body))


def remember(connection: Connection, claim: Claim | None, result: Any, now_micros: int) -> None:
    """Stores what the claim makes of the result, and forgets a few expired answers."""
    if claim is None:
        return
    answer = claim.render(result)
    key = claim.owner, claim.method, claim.path, claim.key
    connection.execute(_SQL.remember, (*key, claim.fingerprint, answer.status, answer.body, now_micros))
    forget_expired(connection, now_micros)


def forget_expired(connection: Connection, now_micros: int, limit: int = _TRIMMED_AT_ONCE) -> int:
    """Removes at most `limit` answers that are older than 24 hours, and returns how many."""
    connection.execute(_SQL.forget_expired, (now_micros - KEPT_MICROS, limit))
    return connection.changes()
