"""The bounded, durable history of the events stream."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from surewire.domain.event import Event
from surewire.domain.stream import PlacedEvents, StreamEvent
from surewire.errors import SurewireError
from surewire.ports.idempotency import Claim

__all__ = ["AppendDone", "EventHistory", "OnCommitted"]

AppendDone = Callable[[PlacedEvents | SurewireError], None]
OnCommitted = Callable[[Sequence[StreamEvent]], None]


class EventHistory(Protocol):
    """Events on disk in the order of their offsets.

    An offset never means two things within an epoch: offsets are taken in the commit, and the epoch changes only when the history
    was lost or restored. Survives kill -9. Keeps at most so many events and none older than configured; the oldest go first.
    """

    @property
    def epoch(self) -> str: ...

    @property
    def head(self) -> int:
        """The newest committed offset; 0 when there never was an event (the first event has offset 1)."""
        ...

    @property
    def oldest(self) -> int:
        """The oldest kept offset; head + 1 when none is kept."""
        ...

    def listen(self, committed: OnCommitted) -> None:
        """From now on `committed` is called on the event loop with every event that is committed: each once, in the order of the
        offsets, before the answer to its append. Also with events whose append was answered by a temporary error, if they turn out to
        be on disk after all. One listener."""
        ...

    def append(self, events: Sequence[Event], done: AppendDone, claim: Claim | None = None) -> None:
        """Commits all of the events or none, then calls `done` on the event loop with them in order, or with the error, in the order of
        the calls. When too much waits (`[events] queue_events`), the error is a temporary `UNAVAILABLE`, and may come at once."""
        ...

    async def read(self, after: int, limit: int) -> Sequence[StreamEvent]:
        """Kept events after an offset, neighbours, ascending: at most `limit`, and not many megabytes, but none only when there is none.
        They begin later than asked for when retention removed the first ones."""
        ...
