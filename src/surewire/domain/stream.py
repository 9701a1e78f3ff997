"""The events stream: one totally ordered log of events, and places in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final

from msgspec import Meta, Struct

from surewire.domain.event import Event
from surewire.errors import ClientError

__all__ = ["PlacedEvents", "Position", "StreamEvent", "parse_position"]

_POSITION = re.compile(r"([A-Za-z0-9_-]{1,64}):(0|[1-9][0-9]{0,18})")

# `$` alone would let a trailing newline pass in Python.
Epoch = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$(?!\n)", extra={"takes": "an epoch as an earlier answer gave it"})]
_MAX_OFFSET: Final = 2**63 - 1
Offset = Annotated[int, Meta(ge=0, le=_MAX_OFFSET)]


class Position(Struct, frozen=True, gc=False, order=True, forbid_unknown_fields=True):
    """A place in the stream. `offset` grows by one per event; `epoch` changes when the log was lost or restored."""

    epoch: Epoch
    offset: Offset

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"


class StreamEvent(Struct, frozen=True):
    """An event that is on disk: its place, its id, and when it was persisted (RFC 3339 and microseconds since the epoch)."""

    offset: int
    message_id: str
    timestamp: str
    created_micros: int
    event: Event


class PlacedEvents(Struct, frozen=True):
    """Events that were stored together, in their order. Their offsets are of `epoch`."""

    epoch: str
    events: Sequence[StreamEvent]


def parse_position(text: str) -> Position:
    """The position written `EPOCH:OFFSET`. Raises: ClientError `INVALID_MESSAGE` when it is none."""
    match = _POSITION.fullmatch(text)
    if match is None or int(match[2]) > _MAX_OFFSET:
        raise ClientError("INVALID_MESSAGE", "a position is written EPOCH:OFFSET, as an earlier answer gave it", path="since")
    return Position(match[1], int(match[2]))
