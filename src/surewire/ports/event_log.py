"""The log of committed messages that fanout consumes: every commit, in order, at least once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from surewire.domain.message import Message

__all__ = ["CommittedMessage", "EventLog", "LogEntry", "MembershipChanged"]


class CommittedMessage:
    """A message on disk. `origin` is the object that submitted it, None when read back from the store; `committed_at` is
    monotonic seconds of the commit, or 0.0 when read back."""

    __slots__ = ("committed_at", "message", "origin", "position")

    def __init__(self, position: int, message: Message, origin: object | None, committed_at: float) -> None:
        self.position = position
        self.message = message
        self.origin = origin
        self.committed_at = committed_at


class MembershipChanged:
    """A chat's members changed, or the chat is gone: what was known of them is void. Live only, never read back."""

    __slots__ = ("chat_id",)

    def __init__(self, chat_id: str) -> None:
        self.chat_id = chat_id


LogEntry = CommittedMessage | MembershipChanged


class EventLog(Protocol):
    """Committed messages by position (rising, with holes). A consumer that stops comes back at its stored cursor, so it gets every
    message at least once."""

    async def cursor(self, consumer: str) -> int:
        """The last position that `consumer` has finished; when it is new, the head of the log as it first asked.

        Raises: BackendUnavailableError; the consumer asks again.
        """
        ...

    def batches(self, after: int) -> AsyncIterator[Sequence[LogEntry]]:
        """Everything after a position, in order, without end: first what is stored, then every commit as it happens, one batch each.
        One consumer at a time.

        Raises: BackendUnavailableError when they cannot be read; the consumer begins again behind what it has finished.
        """
        ...

    def advance(self, consumer: str, position: int) -> None:
        """Notes that the consumer has finished everything up to `position`; stored with the next commit, at most 1 s later."""
        ...

    @property
    def head(self) -> int:
        """The newest committed position."""
        ...

    async def dead_letter(self, consumer: str, entry: CommittedMessage, reason: str, detail: str) -> None:
        """Keeps an entry that could not be processed, with the reason, for a person to look at."""
        ...
