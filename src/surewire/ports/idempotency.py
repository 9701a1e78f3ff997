"""`Idempotency-Key`: the answer of a request, stored in the commit of its effect, and given again for 24 hours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from surewire.errors import SurewireError

__all__ = ["ANONYMOUS", "AlreadyAnsweredError", "Answer", "Claim"]

ANONYMOUS = "anonymous"


class Answer(Struct, frozen=True, gc=False):
    """An HTTP answer as it is stored and repeated."""

    status: int
    body: bytes


class Claim(Struct, frozen=True):
    """A request's claim to one effect.

    A store that gets a claim with a write looks up (`owner`, `method`, `path`, `key`) in the same transaction. Found with the same
    `fingerprint`: nothing is done and `AlreadyAnsweredError` carries the first answer. Found with another: ClientError `CONFLICT`.
    Not found: the effect is done and `render(result)` is stored beside it. `result` is what the write returns.
    """

    owner: str
    """The user id, or `anonymous` where there is none."""
    method: str
    path: str
    key: str
    fingerprint: bytes
    """SHA-256 of the request's body."""
    render: Callable[[Any], Answer]


class AlreadyAnsweredError(SurewireError):
    """The request was answered before; `answer` is that answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        super().__init__(answer.status)

    def __str__(self) -> str:
        return f"answered before with status {self.answer.status}"
