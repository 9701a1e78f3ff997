"""Events of the engine: nobody waits for a disk that hangs, and the order stays."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager

from surewire.adapters.memory.event_history import MemoryEventHistory
from surewire.alerting.alert_manager import AlertManager
from surewire.alerting.audit import Audit
from surewire.domain.event import Event
from surewire.domain.stream import StreamEvent
from surewire.errors import BackendUnavailableError
from surewire.ports.event_history import AppendDone
from surewire.ports.idempotency import Claim
from surewire.streams.engine_events import MOST_WAITING, EngineEvents
from surewire.streams.events import event_stream
from surewire.telemetry.logging import configure
from tests.fakes.clock import SettableClock
from tests.unit.alerting.desk import Desk


class HangingHistory(MemoryEventHistory):
    """Keeps what it is given only when it is let go on."""

    def __init__(self) -> None:
        super().__init__(SettableClock(), history_events=9, history_s=60.0, queue_events=2_000)
        self.hangs, self.is_broken, self.asked = True, False, asyncio.Event()
        self._held: list[tuple[Sequence[Event], AppendDone, Claim | None]] = []

    def append(self, events: Sequence[Event], done: AppendDone, claim: Claim | None = None) -> None:
        self.asked.set()
        if self.hangs:
            self._held.append((events, done, claim))
        elif self.is_broken:
            done(BackendUnavailableError("memory", "the disk is gone"))
        else:
            super().append(events, done, claim)

    def go_on(self) -> None:
        self.hangs = False
        for held in self._held:
            self.append(*held)


class Subscriber:
    def __init__(self) -> None:
        self.names: list[str] = []

    def event_committed(self, event: StreamEvent, epoch: str) -> None:
        self.names.append(event.event.labels["alertname"])


@asynccontextmanager
async def running(history: HangingHistory, subscriber: Subscriber) -> AsyncGenerator[tuple[EngineEvents, asyncio.Queue[None]]]:
    """The events, and something in a queue for each that was done with and for the beginning."""
    beats: asyncio.Queue[None] = asyncio.Queue()
    async with event_stream(history, subscriber, history_events=9) as stream:
        events = EngineEvents(stream)
        loop = asyncio.create_task(events.run(lambda: beats.put_nowait(None)))
        await beats.get()
        yield events, beats
        loop.cancel()
        await asyncio.wait([loop])


def event(name: str) -> Event:
    return Event("alert_received", labels={"alertname": name})


async def test_alerts_are_judged_on_while_the_disk_of_the_events_hangs_and_are_published_in_order_when_it_goes_on() -> None:
    history, subscriber, desk = HangingHistory(), Subscriber(), Desk()
    async with running(history, subscriber) as (events, beats):
        audit = Audit(desk.ledger, desk.new_id)
        desk.manager = await AlertManager.open(desk.store, audit, desk.definitions, desk.new_id, on_events=events.tell)
        for name in ("ErrorBudgetBurnHigh", "MessageLoss"):
            desk.fire(name)
            await asyncio.wait_for(desk.tick(), 10)
            await history.asked.wait()
        assert (desk.phase("MessageLoss"), subscriber.names) == ("firing", [])
        history.go_on()
        await asyncio.wait_for(asyncio.gather(beats.get(), beats.get()), 10)
    assert subscriber.names == ["ErrorBudgetBurnHigh", "MessageLoss"]


async def test_what_cannot_be_published_is_logged_and_what_follows_is_published() -> None:
    history, subscriber, lines = HangingHistory(), Subscriber(), io.StringIO()
    history.hangs, history.is_broken = False, True
    with configure("error", "json", lines):
        async with running(history, subscriber) as (events, beats):
            await events.tell([event("lost")])
            await asyncio.wait_for(beats.get(), 10)
            history.is_broken = False
            await events.tell([event("told")])
            await asyncio.wait_for(beats.get(), 10)
    assert [json.loads(line)["events"] for line in lines.getvalue().splitlines()] == [
        [{"alertname": "lost", "event_type": "alert_received"}]
    ]
    assert subscriber.names == ["told"]


async def test_only_so_much_waits() -> None:
    lines = io.StringIO()
    with configure("error", "json", lines):
        async with running(HangingHistory(), Subscriber()) as (events, _):
            for number in range(MOST_WAITING + 1):
                await events.tell([event(str(number))])
    (line,) = lines.getvalue().splitlines()
    assert json.loads(line)["events"] == [{"alertname": str(MOST_WAITING)}]
