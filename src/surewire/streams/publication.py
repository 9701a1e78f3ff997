"""What is checked before an event enters the stream."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from surewire.domain.event import MAX_EVENT_BYTES, Event, check_event, with_priority
from surewire.domain.json_depth import MAX_JSON_DEPTH
from surewire.errors import ClientError
from surewire.streams.tail import json_size

__all__ = ["EventLimits", "checked_events"]


class EventLimits(NamedTuple):
    """How large one event may be, as JSON, and how deep its data."""

    max_event_bytes: int = MAX_EVENT_BYTES
    max_json_depth: int = MAX_JSON_DEPTH


def checked_events(events: Sequence[Event], limits: EventLimits) -> list[Event]:
    """The events as they are stored, each with its priority and with memory of its own.

    Raises: ClientError as `domain.event.check_event`, or `TOO_LARGE`, naming the event.
    """
    return [_checked(event, f"events[{index}]" if len(events) > 1 else "", limits) for index, event in enumerate(events)]


def _checked(event: Event, path: str, limits: EventLimits) -> Event:
    check_event(event, path, max_depth=limits.max_json_depth)
    # A copy, because `data` may be a view that keeps a whole request alive for as long as the tail holds the event.
    stored = msgspec.structs.replace(with_priority(event), data=event.data.copy())
    size_bytes = json_size(stored)
    if size_bytes > limits.max_event_bytes:
        problem = f"an event may have {limits.max_event_bytes:,} bytes of JSON, this one has {size_bytes:,}"
        raise ClientError("TOO_LARGE", problem, details={"max_event_bytes": limits.max_event_bytes}, path=path)
    return stored
