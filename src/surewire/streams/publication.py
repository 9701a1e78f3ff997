"""What is checked before an event enters the stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from surewire.domain.event import Event, check_event, with_priority
from surewire.errors import ClientError
from surewire.streams.tail import json_size

__all__ = ["MAX_EVENT_BYTES", "checked_events"]

MAX_EVENT_BYTES: Final = 64 * 1024


def checked_events(events: Sequence[Event]) -> list[Event]:
    """The events as they are stored, each with its priority and with memory of its own.

    Raises: ClientError as `domain.event.check_event`, or `TOO_LARGE`, naming the event.
    """
    return [_checked(event, f"events[{index}]" if len(events) > 1 else "") for index, event in enumerate(events)]


def _checked(event: Event, path: str) -> Event:
    check_event(event, path)
    # A copy, because `data` may be a view that keeps a whole request alive for as long as the tail holds the event.
    stored = msgspec.structs.replace(with_priority(event), data=event.data.copy())
    size_bytes = json_size(stored)
    if size_bytes > MAX_EVENT_BYTES:
        problem = f"an event may have {MAX_EVENT_BYTES:,} bytes of JSON, this one has {size_bytes:,}"
        raise ClientError("TOO_LARGE", problem, details={"max_event_bytes": MAX_EVENT_BYTES}, path=path)
    return stored
