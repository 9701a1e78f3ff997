"""Whatever happens, a subscriber that reads pages and then live events sees every matching event once, in order, or is told of the loss.

Clients behave as the protocol asks: they recover from their position until nothing more is missed, then live events follow. Meanwhile
events are published, retention removes them, the server restarts, and its file is lost or replaced by an older copy.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, TypeVar

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec import Raw

from surewire.adapters.sqlite.event_history import SqliteEventHistory, sqlite_event_history
from surewire.domain.event import Event
from surewire.domain.filters import Filters, matches
from surewire.domain.stream import Position, StreamEvent
from surewire.ports.event_stream import RecoveredPage
from surewire.streams.events import DurableEventStream, event_stream
from surewire.streams.page import PageLimits
from surewire.streams.tail import memory_size
from tests.fakes.clock import SettableClock

Result = TypeVar("Result")

TYPES = ["a", "b", "c"]
LIMITS = PageLimits(events=3, size_bytes=2_000, scanned=7)
HISTORY_EVENTS = 12
HISTORY_S = 60.0

batches = st.lists(st.builds(Event, st.sampled_from(TYPES), data=st.integers(0, 700).map(lambda n: Raw(b'"%b"' % (b"x" * n)))), max_size=6)
filters = st.sampled_from([(), ("a",), ("a", "b"), ("c",), ("none",)]).map(lambda types: Filters(event_types=types))


class Client:
    """One subscription of one connection."""

    def __init__(self, wanted: Filters, since: Position) -> None:
        self.wanted, self.position = wanted, since
        self.live = False

    def read(self, page: RecoveredPage, server: Server) -> None:
        """Checks a page against everything that was ever committed, and goes on from its end."""
        oldest, epoch, head = server.history.oldest, server.stream.head.epoch, server.stream.head.offset
        if self.position.epoch != epoch:
            assert (page.complete, page.reason) == (False, "epoch_changed")
        elif not page.complete:
            assert page.reason == "history_exceeded"
            assert self.position.offset < page.start
        else:
            assert page.start == self.position.offset
        assert page.complete or page.start + 1 <= oldest, "nothing that is kept is called lost"
        assert page.start <= page.end <= head
        assert page.has_more == (page.end < head)
        assert page.end > page.start or not page.has_more, "every page gets on"
        assert list(page.events) == server.committed(page.start, page.end, self.wanted)
        assert len(page.events) <= LIMITS.events
        assert page.end - page.start <= LIMITS.scanned
        self.position, self.live = Position(epoch, page.end), not page.has_more

    def hear(self, event: StreamEvent, epoch: str) -> None:
        assert (epoch, event.offset) == (self.position.epoch, self.position.offset + 1), "live events follow the position without a hole"
        self.position = Position(epoch, event.offset)


class Server:
    """A stream over a file, and what was committed to it, by offset."""

    def __init__(self, folder: Path, clock: SettableClock, tail_events: int) -> None:
        self.folder, self.clock, self.tail_events = folder, clock, tail_events
        self.clients: list[Client] = []
        self.log: dict[int, StreamEvent] = {}
        self.meanings: dict[Position, StreamEvent] = {}
        self.stream: DurableEventStream
        self.history: SqliteEventHistory

    async def start(self) -> None:
        self._open = AsyncExitStack()
        self.history = await self._open.enter_async_context(
            sqlite_event_history(self.folder, self.clock, history_events=HISTORY_EVENTS, history_s=HISTORY_S, queue_events=1_000)
        )
        tail_bytes = self.tail_events * memory_size(Event("a", data=Raw(b"%350d" % 0)))
        self.stream = await self._open.enter_async_context(
            event_stream(self.history, self, history_events=HISTORY_EVENTS, tail_bytes=tail_bytes, page_limits=LIMITS)
        )

    async def stop(self) -> None:
        for client in self.clients:
            client.live = False
        await self._open.aclose()

    def event_committed(self, event: StreamEvent, epoch: str) -> None:
        self.log[event.offset] = event
        assert self.meanings.setdefault(Position(epoch, event.offset), event) == event, "an offset never means two things"
        assert self.stream.head == Position(epoch, event.offset)
        for client in self.clients:
            if client.live:
                client.hear(event, epoch)

    def committed(self, after: int, last: int, wanted: Filters) -> list[StreamEvent]:
        return [self.log[offset] for offset in range(after + 1, last + 1) if matches(wanted, self.log[offset].event)]

    async def recover_page(self, client: Client) -> None:
        page = self.stream.recover(client.position, client.wanted)
        client.read(page if isinstance(page, RecoveredPage) else await page, self)

    async def catch_up(self, client: Client) -> None:
        while not client.live:
            await self.recover_page(client)

    def take_back_to(self, head: int) -> None:
        """The file is an older copy: what came after `head` is gone."""
        self.log = {offset: event for offset, event in self.log.items() if offset <= head}


class RecoveryIsComplete(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = Path(tempfile.mkdtemp(prefix="surewire-recovery-"))
        self.clock = SettableClock()
        self.copy: tuple[bytes, Position] | None = None

    def run(self, coroutine: Coroutine[Any, Any, Result]) -> Result:
        return self.loop.run_until_complete(asyncio.wait_for(coroutine, 30))

    @initialize(tail_events=st.sampled_from([0, 2, 5, 100]))
    def begin(self, tail_events: int) -> None:
        self.server = Server(self.folder, self.clock, tail_events)
        self.run(self.server.start())

    @rule(events=batches)
    def publish(self, events: list[Event]) -> None:
        self.run(self.server.stream.publish(events))

    @rule(wanted=filters, behind=st.integers(0, 20))
    def subscribe(self, wanted: Filters, behind: int) -> None:
        head = self.server.stream.head
        self.server.clients.append(Client(wanted, Position(head.epoch, max(0, head.offset - behind))))

    @precondition(lambda self: self.server.clients)
    @rule(data=st.data())
    def recover_one_page(self, data: st.DataObject) -> None:
        client = data.draw(st.sampled_from(self.server.clients))
        if not client.live:
            self.run(self.server.recover_page(client))

    @rule(events=st.lists(batches, max_size=4))
    def catch_up_while_others_publish(self, events: list[list[Event]]) -> None:
        async def together() -> None:
            await asyncio.gather(*map(self.server.catch_up, self.server.clients), *map(self.server.stream.publish, events))

        self.run(together())
        assert all(client.position == self.server.stream.head for client in self.server.clients)

    @rule(data=st.data())
    def disconnect(self, data: st.DataObject) -> None:
        for client in self.server.clients:
            client.live = client.live and data.draw(st.booleans())

    @rule(seconds=st.sampled_from([1.0, 31.0, 61.0]))
    def time_goes_by(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.run(self.server.history.trim())

    @rule()
    def restart(self) -> None:
        before = self.server.stream.head
        self._while_stopped(lambda: None)
        assert self.server.stream.head == before

    @rule()
    def copy_the_file(self) -> None:
        self._while_stopped(self._remember_copy, self.server.stream.head)

    @precondition(lambda self: self.copy is not None)
    @rule()
    def replace_the_file_by_its_copy(self) -> None:
        assert self.copy is not None
        before, (content, copied) = self.server.stream.head, self.copy
        self._while_stopped((self.folder / "events.db").write_bytes, content)
        self.server.take_back_to(copied.offset)
        assert self.server.stream.head.offset == copied.offset
        assert self.server.stream.head.epoch not in {before.epoch, copied.epoch}

    @rule()
    def lose_the_file(self) -> None:
        before = self.server.stream.head
        self._while_stopped((self.folder / "events.db").unlink)
        self.server.take_back_to(0)
        assert self.server.stream.head.epoch != before.epoch
        assert self.server.stream.head.offset == 0
        self.copy = None

    @invariant()
    def what_is_kept_is_bounded(self) -> None:
        if hasattr(self, "server"):
            assert self.server.history.head + 1 - self.server.history.oldest <= HISTORY_EVENTS

    def _remember_copy(self, head: Position) -> None:
        self.copy = (self.folder / "events.db").read_bytes(), head

    def _while_stopped(self, change: Callable[..., object], *arguments: object) -> None:
        self.run(self.server.stop())
        change(*arguments)
        self.run(self.server.start())

    def teardown(self) -> None:
        if hasattr(self, "server"):
            self.run(self.server.stop())
        self.loop.close()
        shutil.rmtree(self.folder)


TestRecoveryIsComplete = RecoveryIsComplete.TestCase
TestRecoveryIsComplete.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)
