"""One page of a recovery while it is being filled."""

from __future__ import annotations

from typing import Final, NamedTuple

from surewire.domain.filters import Filters
from surewire.domain.stream import Position, StreamEvent
from surewire.ports.event_stream import RecoveredPage, RecoveryReason
from surewire.streams.matching import matcher
from surewire.streams.tail import json_size

__all__ = ["PageInProgress", "PageLimits"]

_FRAME_BYTES: Final = 256
"""What an event's frame holds besides the event: its id, its position, and the names of subscriptions of ordinary length."""


class PageLimits(NamedTuple):
    """Where a page ends: after so many matching events, before so many bytes of frames (but with one event at least), or when so many
    events were looked at, so that a filter that matches little holds the loop for a few milliseconds at most."""

    events: int = 500
    size_bytes: int = 512 * 1024
    scanned: int = 5_000


class PageInProgress:
    """Looks at events in the order of their offsets, and keeps those that match, until the page is full."""

    __slots__ = ("_epoch", "_events", "_limits", "_matches", "_reason", "_size_bytes", "end", "start")

    def __init__(self, filters: Filters, limits: PageLimits, epoch: str, start: int, reason: RecoveryReason | None) -> None:
        self._epoch = epoch
        self._limits = limits
        self._matches = matcher(filters)
        self._reason: RecoveryReason | None = reason
        self._events: list[StreamEvent] = []
        self._size_bytes = 0
        self.start = self.end = start

    @property
    def room(self) -> int:
        """How many more events the page may look at."""
        return self._limits.scanned - (self.end - self.start)

    def take(self, event: StreamEvent) -> bool:
        """Whether the event after `end` was looked at; false when it matches and no longer fits."""
        if self._matches(event.event) and not self._keep(event):
            return False
        self.end = event.offset
        return True

    def finished(self, head: Position) -> RecoveredPage:
        """The page, of a stream that ends at `head`. When that is in another epoch, there is more: what the change of epoch did."""
        return RecoveredPage(
            epoch=self._epoch,
            events=tuple(self._events),
            start=self.start,
            end=self.end,
            complete=self._reason is None,
            has_more=self._epoch != head.epoch or self.end < head.offset,
            reason=self._reason,
        )

    def _keep(self, event: StreamEvent) -> bool:
        size_bytes = self._size_bytes + json_size(event.event) + _FRAME_BYTES
        if self._events and (len(self._events) == self._limits.events or size_bytes > self._limits.size_bytes):
            return False
        self._events.append(event)
        self._size_bytes = size_bytes
        return True
