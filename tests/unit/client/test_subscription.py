"""One subscription across connections: every event once and in order, and honest about what is lost."""

from __future__ import annotations

from typing import Any

from surewire.client.incoming import Event, IncomingEvent, IncomingSubscribed
from surewire.client.notices import EventsLost, Notice
from surewire.client.subscription import Subscription
from surewire.domain.filters import Filters
from surewire.domain.stream import Position
from surewire.protocol.client_messages import Subscribe, Unsubscribe
from surewire.protocol.server_messages import Recovery


class Setup:
    """A subscription with what it said and noticed."""

    def __init__(self, since: Position | None = None, most: int = 1_000) -> None:
        self.said: list[Any] = []
        self.notices: list[Notice] = []
        self.subscription = Subscription(
            "s1", Filters(), since, most=most, say=self.said.append, notify=self.notices.append, forget=lambda _: None
        )

    def page(self, *offsets: int, end: int, has_more: bool = False, epoch: str = "e", **recovery: Any) -> None:
        answer = Recovery(complete=True, start=0, end=end, count=len(offsets), has_more=has_more)
        answer = Recovery(**{name: getattr(answer, name) for name in answer.__struct_fields__} | recovery)
        self.subscription.subscribed(IncomingSubscribed("s1", Position(epoch, end), answer))
        self.events(*offsets, epoch=epoch)

    def live(self, offset: int) -> None:
        self.subscription.subscribed(IncomingSubscribed("s1", Position("e", offset)))

    def events(self, *offsets: int | None, epoch: str = "e") -> None:
        for offset in offsets:
            position = None if offset is None else Position(epoch, offset)
            self.subscription.event(IncomingEvent(f"msg_{offset}", Event("x"), "2026-11-21T10:00:00.000000Z", ("s1",), position))

    async def read(self, count: int) -> list[int | None]:
        events = [await anext(self.subscription) for _ in range(count)]
        return [None if event.position is None else event.position.offset for event in events]


async def test_live_events_come_and_move_the_position() -> None:
    setup = Setup()
    setup.subscription.connected()
    setup.live(4)
    setup.events(5, 6)
    assert await setup.read(2) == [5, 6]
    assert setup.subscription.position == Position("e", 6)


async def test_the_first_subscribe_asks_for_what_happens_from_now_on_and_later_ones_for_what_was_missed() -> None:
    setup = Setup()
    setup.subscription.connected()
    setup.live(4)
    setup.subscription.disconnected()
    setup.subscription.connected()
    assert setup.said == [Subscribe("s1", Filters()), Subscribe("s1", Filters(), Position("e", 4))]


async def test_a_fresh_position_keeps_a_filter_that_matched_nothing_up_to_date() -> None:
    setup = Setup()
    setup.subscription.connected()
    setup.live(4)
    setup.subscription.head(Position("e", 900))
    setup.subscription.head(Position("e", 800))
    assert setup.subscription.position == Position("e", 900)


async def test_pages_are_asked_for_until_there_are_no_more() -> None:
    setup = Setup(since=Position("e", 0))
    setup.subscription.connected()
    setup.page(1, 2, end=10, has_more=True)
    assert setup.said[-1] == Subscribe("s1", Filters(), Position("e", 10))
    setup.page(end=20, has_more=True)
    assert setup.said[-1] == Subscribe("s1", Filters(), Position("e", 20))
    setup.page(21, end=21)
    setup.events(22)
    assert await setup.read(4) == [1, 2, 21, 22]
    assert len(setup.said) == 3


async def test_what_comes_twice_is_shown_once() -> None:
    setup = Setup(since=Position("e", 2))
    setup.subscription.connected()
    setup.page(2, 3, 4, end=4)
    setup.events(4, 5)
    assert await setup.read(3) == [3, 4, 5]


async def test_what_comes_before_the_answer_to_subscribe_is_left_to_the_page() -> None:
    setup = Setup(since=Position("e", 2))
    setup.subscription.connected()
    setup.events(9)
    setup.page(3, 9, end=9)
    assert await setup.read(2) == [3, 9]


async def test_events_without_a_position_are_live_only() -> None:
    setup = Setup()
    setup.subscription.connected()
    setup.live(4)
    setup.events(None, 5, None)
    assert await setup.read(3) == [None, 5, None]


async def test_a_slow_reader_costs_nothing_and_misses_nothing() -> None:
    setup = Setup(most=4)
    setup.subscription.connected()
    setup.live(0)
    setup.events(1, 2, 3, 4, 5, 6)
    assert len(setup.said) == 1
    assert await setup.read(2) == [1, 2]
    assert setup.said[-1] == Subscribe("s1", Filters(), Position("e", 4))
    setup.page(5, 6, end=6)
    assert await setup.read(4) == [3, 4, 5, 6]


async def test_a_page_more_is_asked_for_only_when_there_is_room() -> None:
    setup = Setup(since=Position("e", 0), most=4)
    setup.subscription.connected()
    setup.page(1, 2, 3, end=3, has_more=True)
    assert len(setup.said) == 1
    assert await setup.read(1) == [1]
    assert setup.said[-1] == Subscribe("s1", Filters(), Position("e", 3))


async def test_a_history_that_no_longer_reaches_back_is_said_and_gone_on_with() -> None:
    setup = Setup(since=Position("e", 5))
    setup.subscription.connected()
    setup.page(101, end=101, complete=False, start=100, reason="history_exceeded")
    assert setup.notices == [EventsLost("s1", "history_exceeded")]
    assert await setup.read(1) == [101]


async def test_a_new_epoch_is_said_and_read_from_its_oldest_event() -> None:
    setup = Setup(since=Position("old", 500))
    setup.subscription.connected()
    setup.page(1, 2, end=2, epoch="new", complete=False, start=0, reason="epoch_changed")
    assert setup.notices == [EventsLost("s1", "epoch_changed")]
    assert await setup.read(2) == [1, 2]
    assert setup.subscription.position == Position("new", 2)


async def test_leaving_the_block_unsubscribes_and_ends_the_iteration() -> None:
    setup = Setup()
    setup.subscription.connected()
    setup.live(4)
    async with setup.subscription as events:
        setup.events(5)
    assert setup.said[-1] == Unsubscribe("s1")
    assert [event.position async for event in events] == [Position("e", 5)]
