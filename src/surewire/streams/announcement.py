"""Events that tell of what is on record already."""

from __future__ import annotations

from collections.abc import Sequence

from surewire.domain.event import Event
from surewire.errors import ClientError
from surewire.ports.event_stream import EventStream
from surewire.telemetry.logging import logger

__all__ = ["announce"]

_log = logger(__name__)


async def announce(stream: EventStream, events: Sequence[Event]) -> None:
    """Publishes the events, or logs that the stream does not take them: what is on record is not undone, and nobody may take it so."""
    try:
        await stream.publish(events)
    except ClientError as error:
        told = [{**event.labels, "event_type": event.event_type} for event in events]
        _log.error("what is on record could not be published", events=told, reason=str(error))
