"""From the outbox to targets, against real receivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from surewire.adapters.memory.alert_store import MemoryAlertStore
from surewire.adapters.sqlite.alert_store import SqliteAlertStore
from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.adapters.system.outbound import SystemOutboundGuard
from surewire.adapters.webhook.notifiers import http_notifier
from surewire.alerting.delivery import Delivery
from surewire.config.model import Alerting
from surewire.config.notify import Webhook
from surewire.ports.clock import Clock
from surewire.ports.notifier import Notification, Notifier
from surewire.ports.outbox import Outbox, Outgoing
from tests.fakes.clock import SettableClock
from tests.fakes.http_receiver import Answer, HttpReceiver, http_receiver
from tests.fakes.notifications import AT_S, notification

SIGNING = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
SOON = Alerting(retry_first_s=0.001, retry_most_s=0.01)


class WatchedOutbox(MemoryAlertStore):
    """The outbox in memory, which says what became of each notification."""

    def __init__(self) -> None:
        super().__init__()
        self.outcomes: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def delivered(self, notification_id: str) -> None:
        await super().delivered(notification_id)
        self.outcomes.put_nowait((notification_id, "delivered"))

    async def failed(self, notification_id: str, problem: str, next_attempt_s: int) -> None:
        await super().failed(notification_id, problem, next_attempt_s)
        self.outcomes.put_nowait((notification_id, "failed"))

    async def given_up(self, notification_id: str, problem: str, at_s: int) -> None:
        await super().given_up(notification_id, problem, at_s)
        self.outcomes.put_nowait((notification_id, "given up"))

    async def outcome(self) -> tuple[str, str]:
        async with asyncio.timeout(20):
            return await self.outcomes.get()


def to(receiver: HttpReceiver, name: str = "pager", **changes: Any) -> Notifier:
    target = Webhook(**({"url": receiver.url, "secret": SIGNING, "allow_private": True} | changes))
    return http_notifier(name, target, SystemOutboundGuard(), SystemClock())


@asynccontextmanager
async def delivering(
    outbox: Outbox, notifiers: Mapping[str, Notifier], settings: Alerting = SOON, clock: Clock | None = None
) -> AsyncGenerator[Delivery]:
    delivery = Delivery(outbox, notifiers, settings, clock or SettableClock(AT_S * 1_000_000))
    running = asyncio.create_task(delivery.run())
    try:
        yield delivery
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        assert running.cancelled()


def letters(count: int, target: str = "pager") -> list[Notification]:
    return [notification(f"{target}-{number}", target=target) for number in range(count)]


def ids(receiver: HttpReceiver) -> list[str]:
    return [request.headers["webhook-id"] for request in receiver.all()]


async def test_what_waits_is_delivered_in_order_and_gone() -> None:
    outbox = WatchedOutbox()
    await outbox.put(letters(3), AT_S)
    async with http_receiver() as receiver, delivering(outbox, {"pager": to(receiver)}) as delivery:
        assert [await outbox.outcome() for _ in range(3)] == [(f"pager-{number}", "delivered") for number in range(3)]
        assert ids(receiver) == ["pager-0", "pager-1", "pager-2"]
        assert await outbox.pending() == []
        assert [(state.name, state.waiting, state.problem) for state in delivery.targets()] == [("pager", 0, "")]


async def test_what_is_put_in_later_is_delivered_once_it_is_said() -> None:
    outbox = WatchedOutbox()
    async with http_receiver() as receiver, delivering(outbox, {"pager": to(receiver)}) as delivery:
        for letter in letters(3):
            await outbox.put([letter], AT_S)
            delivery.wake()
            assert await outbox.outcome() == (letter.id, "delivered")


async def test_what_fails_for_now_is_tried_again_before_what_is_behind_it() -> None:
    outbox = WatchedOutbox()
    await outbox.put(letters(2), AT_S)
    refusals = Answer(500), Answer(cuts=True), Answer(429, headers={"retry-after": "0"})
    async with http_receiver(*refusals) as receiver, delivering(outbox, {"pager": to(receiver)}):
        assert [await outbox.outcome() for _ in range(5)] == [
            ("pager-0", "failed"),
            ("pager-0", "failed"),
            ("pager-0", "failed"),
            ("pager-0", "delivered"),
            ("pager-1", "delivered"),
        ]
        assert ids(receiver) == ["pager-0"] * 4 + ["pager-1"]


async def test_what_is_refused_for_good_is_a_dead_letter_and_the_next_goes_on() -> None:
    outbox = WatchedOutbox()
    await outbox.put(letters(2), AT_S)
    async with http_receiver(Answer(400, b"malformed")) as receiver, delivering(outbox, {"pager": to(receiver)}):
        assert [await outbox.outcome() for _ in range(2)] == [("pager-0", "given up"), ("pager-1", "delivered")]
    (dead,) = await outbox.dead_letters()
    assert (dead.notification.id, dead.problem, dead.attempts) == ("pager-0", "HTTP 400: malformed", 1)


async def test_a_dead_letter_that_is_revived_is_delivered() -> None:
    outbox = WatchedOutbox()
    await outbox.put(letters(2), AT_S)
    async with http_receiver(Answer(400)) as receiver, delivering(outbox, {"pager": to(receiver)}) as delivery:
        assert [await outbox.outcome() for _ in range(2)] == [("pager-0", "given up"), ("pager-1", "delivered")]
        assert await outbox.revive("pager-0", AT_S)
        delivery.wake()
        assert await outbox.outcome() == ("pager-0", "delivered")


async def test_what_was_tried_for_long_enough_is_given_up() -> None:
    outbox, clock = WatchedOutbox(), SettableClock((AT_S + 5_000) * 1_000_000)
    await outbox.put(letters(1), AT_S)
    settings = Alerting(retry_first_s=0.001, retry_most_s=0.01, give_up_after_s=5_001)
    async with http_receiver() as receiver, delivering(outbox, {"pager": to(receiver)}, settings, clock):
        receiver.otherwise = Answer(503)
        assert await outbox.outcome() == ("pager-0", "failed")
        clock.advance(1)
        outcomes = [await outbox.outcome()]
        while outcomes[-1][1] == "failed":
            outcomes.append(await outbox.outcome())
        assert outcomes[-1] == ("pager-0", "given up")
    assert [dead.problem for dead in await outbox.dead_letters()] == ["HTTP 503: {}"]


async def test_a_target_that_stalls_holds_up_no_other() -> None:
    outbox = WatchedOutbox()
    await outbox.put(letters(2, "slow") + letters(3, "pager"), AT_S)
    async with http_receiver() as slow, http_receiver() as receiver:
        slow.otherwise = Answer(stalls=True)
        async with delivering(outbox, {"slow": to(slow, "slow"), "pager": to(receiver)}) as delivery:
            assert [await outbox.outcome() for _ in range(3)] == [(f"pager-{number}", "delivered") for number in range(3)]
            assert [(state.name, state.waiting) for state in delivery.targets()] == [("slow", 2), ("pager", 0)]


async def test_a_stalled_target_that_recovers_gets_everything_in_order() -> None:
    outbox = WatchedOutbox()
    await outbox.put(letters(3), AT_S)
    async with http_receiver(Answer(stalls=True)) as receiver, delivering(outbox, {"pager": to(receiver, timeout_s=0.05)}):
        assert [await outbox.outcome() for _ in range(4)] == [
            ("pager-0", "failed"),
            *((f"pager-{number}", "delivered") for number in range(3)),
        ]


async def test_a_target_that_was_down_gets_what_waited_when_it_is_back() -> None:
    outbox = WatchedOutbox()
    await outbox.put(letters(2), AT_S)
    async with http_receiver() as receiver:
        pass
    async with delivering(outbox, {"pager": to(receiver)}) as delivery:
        assert await outbox.outcome() == ("pager-0", "failed")
        assert delivery.targets()[0].problem.startswith("not reached")
        async with http_receiver(port=receiver.port):
            outcomes = [await outbox.outcome()]
            while outcomes[-1] != ("pager-1", "delivered"):
                outcomes.append(await outbox.outcome())
        assert delivery.targets()[0].problem == ""
    assert [outcome for outcome in outcomes if outcome[1] == "delivered"] == [("pager-0", "delivered"), ("pager-1", "delivered")]


async def test_a_target_that_is_not_configured_is_said_and_not_waited_for() -> None:
    outbox = WatchedOutbox()
    await outbox.put(letters(1, "fax"), AT_S)
    async with delivering(outbox, {}):
        assert await outbox.outcome() == ("fax-0", "given up")
    (dead,) = await outbox.dead_letters()
    assert dead.problem == "there is no [notify.fax] in the configuration"


class Broken:
    """A notifier with a mistake in it."""

    name = "pager"

    async def send(self, notification: Notification) -> None:
        raise ZeroDivisionError


async def test_a_mistake_in_a_notifier_stops_no_lane() -> None:
    outbox = WatchedOutbox()
    await outbox.put(letters(1, "broken") + letters(1), AT_S)
    async with http_receiver() as receiver, delivering(outbox, {"broken": Broken(), "pager": to(receiver)}) as delivery:
        outcomes = [await outbox.outcome()]
        while outcomes[-1] != ("pager-0", "delivered"):
            outcomes.append(await outbox.outcome())
        assert ("broken-0", "failed") in outcomes
        assert delivery.targets()[0].problem == "unexpected: ZeroDivisionError"


async def test_what_was_being_sent_when_the_process_ended_is_sent_after_the_restart(tmp_path: Path) -> None:
    clock = SystemClock()
    async with http_receiver(Answer(), Answer(stalls=True)) as receiver:
        async with open_slo_file(tmp_path, clock) as file:
            outbox = SqliteAlertStore(file.writer)
            await outbox.put(letters(4), clock.now_micros() // 1_000_000)
            async with delivering(outbox, {"pager": to(receiver)}, clock=clock):
                assert (await receiver.received.get()).headers["webhook-id"] == "pager-0"
                assert (await receiver.received.get()).headers["webhook-id"] == "pager-1"
        async with open_slo_file(tmp_path, clock) as file:
            outbox = SqliteAlertStore(file.writer)
            assert [letter.notification.id for letter in await outbox.pending()] == ["pager-1", "pager-2", "pager-3"]
            async with delivering(outbox, {"pager": to(receiver)}, clock=clock):
                again = [(await receiver.received.get()).headers["webhook-id"] for _ in range(3)]
        assert again == ["pager-1", "pager-2", "pager-3"]


@pytest.mark.parametrize("count", [200])
async def test_cancelling_at_any_moment_loses_nothing(count: int) -> None:
    outbox, seen = MemoryAlertStore(), set[str]()
    await outbox.put(letters(count), AT_S)
    async with http_receiver() as receiver:
        for moment in range(1, 1_000):
            async with delivering(outbox, {"pager": to(receiver)}):
                for _ in range(moment % 23 + 1):
                    seen.add((await receiver.received.get()).headers["webhook-id"])
                    if len(seen) == count:
                        break
            waiting = {letter.notification.id for letter in await outbox.pending()}
            assert waiting | seen >= {letter.id for letter in letters(count)}
            if len(seen) == count:
                break
    assert len(seen) == count


async def test_positions_that_begin_anew_hide_nothing() -> None:
    """As after the outbox was empty, or when another store took over."""
    outbox = WatchedOutbox()
    async with http_receiver() as receiver, delivering(outbox, {"pager": to(receiver)}) as delivery:
        await outbox.put(letters(5), AT_S)
        delivery.wake()
        assert len([await outbox.outcome() for _ in range(5)]) == 5
        outbox._position = 0
        await outbox.put([notification("late")], AT_S)
        delivery.wake()
        assert await outbox.outcome() == ("late", "delivered")


async def test_what_is_done_while_the_outbox_is_read_is_not_done_again() -> None:
    class Slow(WatchedOutbox):
        """Whose answer is old when it comes."""

        async def pending(self, limit: int = 1_000) -> Sequence[Outgoing]:
            found = await super().pending(limit)
            for _ in range(reads.pop(0) if reads else 0):
                await released.get()
            return found

    reads, released, outbox = [0, 1], asyncio.Queue[None](), Slow()
    await outbox.put(letters(2), AT_S)
    async with http_receiver(Answer(stalls=True)) as receiver, delivering(outbox, {"pager": to(receiver, timeout_s=0.05)}) as delivery:
        await receiver.received.get()
        delivery.wake()
        outcomes = [await outbox.outcome() for _ in range(3)]
        released.put_nowait(None)
        await outbox.put(letters(1, "last"), AT_S)
        delivery.wake()
        assert [*outcomes, await outbox.outcome()][1:] == [("pager-0", "delivered"), ("pager-1", "delivered"), ("last-0", "given up")]
        assert ids(receiver) == ["pager-0", "pager-1"]
