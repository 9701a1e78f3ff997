"""What a server's refusal says (RFC 9457), as an exception, and how long to go on in spite of it."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from surewire.client.backoff import Backoff, BackoffPolicy
from surewire.errors import ClientError

__all__ = ["Patience", "refusal_of"]

_TEMPORARY: Final = frozenset({408, 425, 429, 500, 502, 503, 504})


class _Problem(Struct, frozen=True):
    code: str = "INTERNAL"
    detail: str = ""
    title: str = ""


def refusal_of(status: int, body: bytes, retry_after: str | None) -> ClientError:
    """What an HTTP error says (RFC 9457), as an exception."""
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except (msgspec.DecodeError, ValueError):
        problem = _Problem(title=f"the answer was HTTP status {status}")
    retry_after_s = float(retry_after) if retry_after and retry_after.isdecimal() else None
    sentence = problem.detail or problem.title or f"HTTP status {status}"
    return ClientError(problem.code, sentence, temporary=status in _TEMPORARY, retry_after_s=retry_after_s, details={"status": status})


class Patience:
    """How long one request is tried again: until `now_s` of its begin plus `patience_s`, on any clock that only goes forward."""

    __slots__ = ("_backoff", "_give_up_at_s")

    def __init__(self, patience_s: float, now_s: float) -> None:
        self._give_up_at_s, self._backoff = now_s + patience_s, Backoff(BackoffPolicy())

    def wait_s(self, error: ClientError, now_s: float) -> float:
        """Seconds until the next attempt. Raises: the error itself when another attempt is of no use, or would come too late."""
        wait_s = self._backoff.next_s() if error.retry_after_s is None else error.retry_after_s
        if not error.temporary or now_s + wait_s > self._give_up_at_s:
            raise error
        return wait_s
