"""What is to be told to people and was not taken yet, kept over restarts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import msgspec

from surewire.ports.idempotency import Claim
from surewire.ports.notifier import Notification

__all__ = ["Outbox", "Outgoing"]


class Outgoing(msgspec.Struct, frozen=True, kw_only=True):
    """A notification on its way. `position` rises in the order in which notifications were put in."""

    position: int
    notification: Notification
    queued_at_s: int
    attempts: int = 0
    next_attempt_s: int = 0
    """Not before then; 0 while it was never tried."""
    problem: str = ""
    """Why the last attempt failed."""


class Outbox(Protocol):
    """At least once: a notification stays until it was delivered or given up. Whatever returns is on disk."""

    async def put(self, notifications: Sequence[Notification], at_s: int) -> None:
        """Adds them at the end. One whose id is waiting already is not added again."""
        ...

    async def pending(self, limit: int = 1_000) -> Sequence[Outgoing]:
        """What is neither delivered nor a dead letter, oldest first, whether its next attempt is due or not."""
        ...

    async def delivered(self, notification_id: str) -> None:
        """The receiver has taken it: it goes. One that is not there is no error."""
        ...

    async def failed(self, notification_id: str, problem: str, next_attempt_s: int) -> None:
        """An attempt failed and another follows: one attempt more is counted."""
        ...

    async def given_up(self, notification_id: str, problem: str, at_s: int) -> None:
        """The last attempt failed, and is counted: it becomes a dead letter. Of these the newest 10,000 are kept."""
        ...

    async def dead_letters(self, limit: int = 1_000) -> Sequence[Outgoing]:
        """What was given up, newest first; `next_attempt_s` is when that was."""
        ...

    async def revive(self, notification_id: str, at_s: int, claim: Claim | None = None) -> bool:
        """Puts a dead letter at the end of what is pending, as if it was new; False when there is no such dead letter.

        `claim` renders the id of one that there is. Raises: what a claim asks for.
        """
        ...
