"""The events stream as the rest of the server uses it: publish, recover, and be told."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from surewire.domain.event import Event
from surewire.domain.filters import Filters
from surewire.domain.stream import PlacedEvents, Position, StreamEvent
from surewire.ports.idempotency import Claim

__all__ = ["EventStream", "EventSubscriber", "RecoveredPage", "RecoveryReason"]

RecoveryReason = Literal["history_exceeded", "epoch_changed"]


class RecoveredPage(Struct, frozen=True):
    """One page of what a subscription missed. `events` matched; everything in (`start`, `end`] was looked at.

    All its offsets are of `epoch`, even when another has begun since: then `has_more`, and the next page says what was lost.
    `complete` is false on the first page after something was lost, and `reason` says why; `has_more`: the head is not reached.
    """

    epoch: str
    events: tuple[StreamEvent, ...]
    start: int
    end: int
    complete: bool
    has_more: bool
    reason: RecoveryReason | None = None


class EventSubscriber(Protocol):
    """Who delivers live events: called on the loop for every committed event, in order of offsets, right after the commit."""

    def event_committed(self, event: StreamEvent, epoch: str) -> None: ...


class EventStream(Protocol):
    """The totally ordered log of events: committed before anyone sees them."""

    @property
    def head(self) -> Position:
        """The last event that was handed to the subscriber; offset 0 before the first."""
        ...

    async def publish(self, events: Sequence[Event], claim: Claim | None = None) -> PlacedEvents:
        """The events with their places, once they are on disk and handed to live subscribers. All or nothing.

        Raises: ClientError `UNAVAILABLE` (temporary) when too much waits or the history cannot be written; `TOO_LARGE` for an
        event over 64 KiB.
        """
        ...

    def recover(self, since: Position, filters: Filters) -> RecoveredPage | Awaitable[RecoveredPage]:
        """What matched after a position: at most 500 events and 512 KiB a page, never less than one.

        When the page says that the head is reached, it is still true at the moment of the answer (no event is committed between
        the page and the caller's next statement, in both forms). Raises: ClientError `INVALID_MESSAGE` for an offset above the
        head in the same epoch.
        """
        ...
