"""What the durability plane needs from a store to make messages durable: a queue in, results in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from surewire.domain.message import Message
from surewire.errors import BackendCorruptError, SurewireError
from surewire.ports.event_log import CommittedMessage
from surewire.ports.ingest import SendRequest

__all__ = ["CommitTimes", "MessageWriter", "SequenceTakenError", "Stored", "WriteOutcome", "WriteSink"]

WriteOutcome = CommittedMessage | Message | SurewireError
"""A new message as the event log will have it; the first message when this one is a duplicate; or why nothing was stored:
ClientError, AlreadyAnsweredError, or a BackendError that is about this message alone."""


class Stored(NamedTuple):
    """What a request's claim renders into an answer."""

    message: Message
    duplicate: bool


class SequenceTakenError(BackendCorruptError):
    """A chat's next sequence is in use already: its counter is wrong. Nothing more is written to the chat."""


class CommitTimes(Protocol):
    """Monotonic seconds of one commit: begun, all sequences allocated and written, on disk; and how many writes it held."""

    @property
    def started_at(self) -> float: ...
    @property
    def applied_at(self) -> float: ...
    @property
    def committed_at(self) -> float: ...
    @property
    def size(self) -> int: ...


class WriteSink(Protocol):
    """Who is told what became of the requests. Called on the event loop."""

    def stored(self, requests: Sequence[SendRequest], outcomes: Sequence[WriteOutcome], commit: CommitTimes) -> None:
        """The commit is on disk; one outcome a request."""
        ...

    def failed(self, requests: Sequence[SendRequest], error: SurewireError) -> None:
        """There was no commit; after a BackendUnavailableError nobody knows."""
        ...


class MessageWriter(Protocol):
    """Commits messages in groups and hands them to the event log.

    Every request taken is told to the sink exactly once, in the order of the calls; requests of several calls may be told together.
    """

    def attach(self, sink: WriteSink) -> None:
        """Names the one sink; before the first write."""
        ...

    def write(self, requests: list[SendRequest]) -> bool:
        """Takes the requests and returns at once; False, and nothing is taken, when too much waits. Loop
        thread only. The list may not be changed any more."""
        ...
