"""Answers under an Idempotency-Key."""

from __future__ import annotations

from typing import Any, Final

from surewire.domain.instant import MICROS_PER_SECOND
from surewire.errors import ClientError
from surewire.ports.idempotency import AlreadyAnsweredError, Answer, Claim

__all__ = ["Answers"]

_KEPT_MICROS: Final = 24 * 3_600 * MICROS_PER_SECOND


class Answers:
    """The first answer to each claim, for 24 hours."""

    def __init__(self) -> None:
        self._answers: dict[tuple[str, str, str, str], tuple[bytes, Answer, int]] = {}

    def refuse_repeated(self, claim: Claim | None, now_micros: int) -> None:
        """Raises: AlreadyAnsweredError; ClientError `CONFLICT` when the key was used with another body."""
        found = None if claim is None else self._answers.get(_key(claim))
        if claim is None or found is None or found[2] <= now_micros - _KEPT_MICROS:
            return
        if found[0] != claim.fingerprint:
            raise ClientError("CONFLICT", "this Idempotency-Key was used with another body", path="Idempotency-Key")
        raise AlreadyAnsweredError(found[1])

    def remember(self, claim: Claim | None, result: Any, now_micros: int) -> None:
        """Keeps what the claim makes of the result."""
        if claim is not None:
            self._answers[_key(claim)] = claim.fingerprint, claim.render(result), now_micros


def _key(claim: Claim) -> tuple[str, str, str, str]:
    return claim.owner, claim.method, claim.path, claim.key
