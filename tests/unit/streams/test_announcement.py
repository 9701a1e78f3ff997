"""Telling on the stream of what is on record already."""

from __future__ import annotations

import io
import json

import pytest

from surewire.adapters.memory.event_history import MemoryEventHistory
from surewire.domain.event import Event
from surewire.domain.stream import StreamEvent
from surewire.streams.announcement import announce
from surewire.streams.events import event_stream
from surewire.streams.publication import EventLimits
from surewire.telemetry.logging import configure
from tests.fakes.clock import SettableClock


class Subscriber:
    def __init__(self) -> None:
        self.types: list[str] = []

    def event_committed(self, event: StreamEvent, epoch: str) -> None:
        self.types.append(event.event.event_type)


@pytest.mark.parametrize(("max_event_bytes", "is_told"), [(10_000, True), (1, False)], ids=["taken", "refused"])
async def test_what_the_stream_does_not_take_is_logged_and_hurts_nobody(max_event_bytes: int, is_told: bool) -> None:
    history, subscriber, lines = (
        MemoryEventHistory(SettableClock(), history_events=9, history_s=60.0, queue_events=9),
        Subscriber(),
        io.StringIO(),
    )
    limits = EventLimits(max_event_bytes)
    with configure("error", "json", lines):
        async with event_stream(history, subscriber, history_events=9, event_limits=limits) as stream:
            await announce(stream, [Event("slo_state_changed", labels={"slo": "availability"})])
    logged = [json.loads(line)["events"] for line in lines.getvalue().splitlines()]
    assert subscriber.types == (["slo_state_changed"] if is_told else [])
    assert logged == ([] if is_told else [[{"slo": "availability", "event_type": "slo_state_changed"}]])
