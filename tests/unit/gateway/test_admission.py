"""Who is let in, who waits, and that no permit is ever lost or made."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from surewire.config.model import Limits
from surewire.domain.principal import Principal
from surewire.gateway.admission import Admission, Caller
from surewire.gateway.upgrade import Refusal
from tests.fakes.clock import SettableClock
from tests.fakes.settable_loop import SettableLoop, run_without_time

ALICE = Caller("alice", "198.51.100.1", "alice")
BOB = Caller("bob", "198.51.100.2", "bob")


def guard(**limits: Any) -> Admission:
    return Admission(Limits(**limits), SettableClock())


def the_loop() -> SettableLoop:
    return cast(SettableLoop, asyncio.get_running_loop())


def status(refusal: Refusal | None) -> int | None:
    return None if refusal is None else refusal.status


# Who a caller is


@pytest.mark.parametrize(
    ("principal", "host", "caller"),
    [
        (Principal("alice"), "198.51.100.1", Caller("alice", "198.51.100.1", "alice")),
        (Principal("user_1", anonymous=True), "198.51.100.1", Caller("user_1", "198.51.100.1", "198.51.100.1")),
        (Principal("alice"), "127.0.0.9", Caller("alice", "", "alice")),
        (Principal("user_1", anonymous=True), "::1", Caller("user_1", "", "::1")),
        (Principal("alice"), "", Caller("alice", "", "alice")),
        (Principal("alice"), "not an address", Caller("alice", "not an address", "alice")),
    ],
)
def test_a_caller_queues_by_its_user_or_else_its_address_and_loopback_has_none(principal: Principal, host: str, caller: Caller) -> None:
    assert Caller.of(principal, host) == caller


# Limits that refuse at once


def test_a_user_has_so_many_connections() -> None:
    admission = guard(connections_per_user=2)
    assert [status(admission.take(ALICE)) for _ in range(3)] == [None, None, 429]
    assert status(admission.take(BOB)) is None
    admission.release(ALICE)
    assert status(admission.take(ALICE)) is None


def test_an_address_has_so_many_connections_but_loopback_any() -> None:
    admission = guard(connections_per_address=2, connections_per_user=100)
    assert [status(admission.take(Caller(f"u{n}", "198.51.100.1", "c"))) for n in range(3)] == [None, None, 429]
    assert [status(admission.take(Caller("u", "", "c"))) for _ in range(50)] == [None] * 50


def test_a_refusal_says_when_to_come_back() -> None:
    admission = guard(max_connections=1, connections_per_user=1, accept_rate_per_s=2, accept_burst=1)
    assert admission.check_rate() is None
    too_fast = admission.check_rate()
    assert too_fast is not None
    assert (too_fast.status, too_fast.code, too_fast.retry_after_s) == (429, "RATE_LIMITED", 0.5)
    admission.take(ALICE)
    for caller, expected in ((ALICE, 429), (BOB, 503)):
        refusal = admission.take(caller)
        assert refusal is not None
        assert (refusal.status, refusal.retry_after_s) == (expected, 1.0)


def test_while_draining_nobody_comes_in() -> None:
    admission = guard()
    admission.drain()
    assert status(admission.check_rate()) == 503


# Waiting


def test_who_waits_gets_the_permit_that_comes_free_first_come_first_served() -> None:
    async def scenario() -> None:
        admission = guard(max_connections=1, connections_per_user=10)
        assert admission.take(ALICE) is None
        order: list[str] = []

        async def wait(name: str) -> None:
            assert await admission.wait(Caller(name, "", name)) is None
            order.append(name)

        async with asyncio.TaskGroup() as tasks:
            for name in ("one", "two", "three"):
                tasks.create_task(wait(name))
            await the_loop().advance(0)
            admission.release(ALICE)
            for name in ("one", "two"):
                await the_loop().advance(1)
                admission.release(Caller(name, "", name))
        assert order == ["one", "two", "three"]

    run_without_time(scenario())


def test_the_wait_ends_with_408() -> None:
    async def scenario() -> None:
        admission = guard(max_connections=1, permit_wait_s=5)
        admission.take(ALICE)
        waiting = asyncio.create_task(admission.wait(BOB))
        await the_loop().advance(0)
        await the_loop().advance(4.9)
        assert not waiting.done()
        await the_loop().advance(0.2)
        assert status(await waiting) == 408
        admission.release(ALICE)
        assert admission.take(BOB) is None

    run_without_time(scenario())


def test_a_client_queues_so_often_even_when_it_asks_many_times_in_one_turn() -> None:
    async def scenario() -> None:
        admission = guard(max_connections=1, permit_queue=3, connections_per_user=100)
        admission.take(ALICE)
        waiting = [asyncio.create_task(admission.wait(BOB)) for _ in range(8) if admission.must_wait(BOB)]
        await the_loop().advance(0)
        assert [status(task.result()) for task in waiting if task.done()] == [503] * 5
        assert not admission.must_wait(BOB)
        assert admission.must_wait(Caller("carol", "", "carol"))
        await the_loop().advance(10)
        assert Counter([status(await task) for task in waiting]) == {503: 5, 408: 3}

    run_without_time(scenario())


def test_a_permit_that_came_free_before_the_wait_began_is_taken_at_once() -> None:
    async def scenario() -> None:
        admission = guard(max_connections=1)
        admission.take(ALICE)
        assert admission.must_wait(BOB)
        waiting = asyncio.create_task(admission.wait(BOB))
        admission.release(ALICE)
        await the_loop().advance(0)
        assert waiting.done()
        assert await waiting is None

    run_without_time(scenario())


def test_who_reached_its_own_limit_while_waiting_passes_the_permit_on() -> None:
    async def scenario() -> None:
        admission = guard(max_connections=2, connections_per_user=1)
        admission.take(ALICE)
        admission.take(Caller("carol", "", "carol"))
        first, second = [asyncio.create_task(admission.wait(BOB)) for _ in range(2)]
        third = asyncio.create_task(admission.wait(Caller("dave", "", "dave")))
        await the_loop().advance(0)
        admission.release(ALICE)
        admission.release(Caller("carol", "", "carol"))
        await the_loop().advance(0)
        assert [status(await task) for task in (first, second, third)] == [None, 429, None]

    run_without_time(scenario())


def test_draining_refuses_everyone_who_waits() -> None:
    async def scenario() -> None:
        admission = guard(max_connections=1)
        admission.take(ALICE)
        waiting = [asyncio.create_task(admission.wait(Caller(name, "", name))) for name in ("one", "two")]
        await the_loop().advance(0)
        admission.release(ALICE)
        admission.drain()
        await the_loop().advance(0)
        assert [status(await task) for task in waiting] == [503, 503]
        assert status(await admission.wait(BOB)) == 503

    run_without_time(scenario())


# Nothing is lost, whatever happens at once

USERS = ("ann", "ben", "cem")
Step = tuple[str, int]
steps: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("arrive"), st.integers(0, len(USERS) - 1)),
    st.tuples(st.just("arrive"), st.just(0)),
    st.tuples(st.just("leave"), st.integers(0, 9)),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
    st.tuples(st.just("turn"), st.just(0)),
    st.tuples(st.just("pass"), st.sampled_from([0, 1, 2, 3])),
)
LIMITS = {"max_connections": 3, "connections_per_user": 2, "permit_queue": 2, "permit_wait_s": 3.0}


class Crowd:
    """Callers that arrive, wait, come in, give up and leave."""

    def __init__(self) -> None:
        self.admission = guard(**LIMITS)
        self.inside: list[Caller] = []
        self.waiting: dict[asyncio.Task[Refusal | None], Caller] = {}

    async def do(self, step: Step) -> None:
        action, number = step
        if action == "turn":
            await asyncio.sleep(0)
        elif action == "pass":
            the_loop().now_s += number
        else:
            cast("Callable[[int], None]", getattr(self, action))(number)
        self.collect()

    def arrive(self, number: int) -> None:
        caller = Caller(USERS[number], "", USERS[number])
        if self.admission.must_wait(caller):
            self.waiting[asyncio.create_task(self.admission.wait(caller))] = caller
        elif self.admission.take(caller) is None:
            self.inside.append(caller)

    def leave(self, number: int) -> None:
        if self.inside:
            self.admission.release(self.inside.pop(number % len(self.inside)))

    def cancel(self, number: int) -> None:
        if self.waiting:
            list(self.waiting)[number % len(self.waiting)].cancel()

    def collect(self) -> None:
        for task in [task for task in self.waiting if task.done()]:
            caller = self.waiting.pop(task)
            if not task.cancelled() and task.result() is None:
                self.inside.append(caller)
        assert len(self.inside) <= LIMITS["max_connections"]
        assert all(count <= LIMITS["connections_per_user"] for count in Counter(c.user_id for c in self.inside).values())

    async def settle(self) -> None:
        for _ in range(10):
            await asyncio.sleep(0)
            self.collect()


@settings(max_examples=300)
@given(st.lists(steps, max_size=40))
def test_permits_are_conserved_and_none_lies_idle_while_somebody_waits(some: list[Step]) -> None:
    async def scenario() -> None:
        crowd = Crowd()
        admission = crowd.admission
        for step in some:
            await crowd.do(step)
        await crowd.settle()
        assert admission._free + len(crowd.inside) == LIMITS["max_connections"]
        queued = Counter(caller.client for caller in crowd.waiting.values())
        assert admission._waiting == queued
        assert all(count <= LIMITS["permit_queue"] for count in queued.values())
        assert not crowd.waiting or admission._free == 0
        await the_loop().advance(10)
        await crowd.settle()
        assert not crowd.waiting
        assert not admission._waiting
        assert not admission._queue
        while crowd.inside:
            crowd.leave(0)
        assert admission._free == LIMITS["max_connections"]
        assert not admission._users
        assert not admission._addresses

    run_without_time(scenario())


@settings(max_examples=100)
@given(st.lists(steps, max_size=30))
def test_permits_are_conserved_through_a_drain(some: list[Step]) -> None:
    async def scenario() -> None:
        crowd = Crowd()
        for step in some:
            await crowd.do(step)
        crowd.admission.drain()
        inside = len(crowd.inside)
        await crowd.settle()
        assert not crowd.waiting
        assert len(crowd.inside) == inside
        assert crowd.admission._free + inside == LIMITS["max_connections"]

    run_without_time(scenario())
