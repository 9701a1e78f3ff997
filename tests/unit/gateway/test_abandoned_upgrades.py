"""Clients that leave while their upgrade is under way: their permits come back, and it is no error of ours."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import cast

from surewire.gateway.echo import EchoListener
from surewire.gateway.upgrade import Acceptance, Refusal
from tests.fakes.plane import MemoryPlane, configured, memory_plane, until_quiet, upgrade

STATUSES = ("accepted", "timeout", "bad_request", "queue_full", "draining", "error")


def counted(tested: MemoryPlane) -> dict[str, int]:
    counts = {status: tested.counted("gateway_connections_total", status=status) for status in STATUSES}
    return {status: count for status, count in counts.items() if count}


async def leave_while_waiting(tested: MemoryPlane) -> None:
    """As the front has it: the decision's task is cancelled and the handler told."""
    request = upgrade(query="user_id=bob")
    answer = asyncio.ensure_future(cast("Awaitable[Acceptance | Refusal]", tested.admit(request)))
    await until_quiet()
    answer.cancel()
    tested.plane.gateway.abandoned(request, None)
    await until_quiet()


async def test_who_waited_in_vain_for_a_permit_counts_as_a_time_out() -> None:
    async with memory_plane(configured(limits={"max_connections": 1})) as tested:
        await tested.welcomed("alice")
        await leave_while_waiting(tested)
        assert counted(tested) == {"accepted": 1, "timeout": 1}


async def test_who_leaves_while_the_server_drains_counts_as_refused_for_it() -> None:
    async with memory_plane() as tested:
        tested.plane.refuse_upgrades()
        tested.plane.gateway.abandoned(upgrade(), None)
        assert counted(tested) == {"draining": 1}


async def test_who_leaves_before_the_101_counts_as_a_bad_request_and_gives_its_permit_back() -> None:
    async with memory_plane(configured(limits={"max_connections": 1})) as tested:
        request = upgrade(query="user_id=alice")
        acceptance = tested.admit(request)
        assert isinstance(acceptance, Acceptance)
        tested.plane.gateway.abandoned(request, acceptance)
        assert counted(tested) == {"bad_request": 1}
        await tested.welcomed("bob")


async def test_an_echo_that_leaves_counts_as_little_as_one_that_stays() -> None:
    async with memory_plane() as tested:
        tested.plane.gateway.abandoned(upgrade("/echo"), Acceptance(EchoListener()))
        assert counted(tested) == {}
