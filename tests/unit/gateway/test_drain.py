"""Ending without harm: everything in flight is answered, everyone is told, and nobody is waited for too long."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from surewire.errors import BackendUnavailableError
from surewire.gateway.drain import drain
from tests.fakes.plane import Client, MemoryPlane, configured, memory_plane, until_quiet
from tests.fakes.settable_loop import SettableLoop, run_without_time


def the_loop() -> SettableLoop:
    return cast(SettableLoop, asyncio.get_running_loop())


async def nothing() -> None:
    """There is nothing to finish."""


def leave_politely(client: Client) -> int:
    """Reads everything, answers the CLOSE and is gone; the `retry_after_ms` that it was told."""
    told: int = next(message["retry_after_ms"] for message in client.messages() if message["type"] == "closing")
    client.say_close(1012)
    client.lose()
    return told


def draining(tested: MemoryPlane, finish: object = nothing, timeout_s: float = 30.0, unit: float = 0.5) -> asyncio.Task[None]:
    work = drain(tested.hub, timeout_s=timeout_s, accept_rate_per_s=2.0, random_unit=lambda: unit, finish=finish)  # type: ignore[arg-type]
    return asyncio.create_task(work)


async def test_everyone_is_told_to_come_back_and_the_drain_ends_when_all_are_gone() -> None:
    async with memory_plane() as tested:
        clients = [await tested.welcomed(f"user{number}") for number in range(10)]
        ending = draining(tested)
        await until_quiet()
        assert not ending.done()
        for client in clients:
            assert leave_politely(client) == 2_500  # half of what accepting ten again takes at two a second
        await ending
        assert tested.counted("gateway_disconnections_total", reason="graceful_shutdown") == 10


@pytest.mark.parametrize(("connections", "latest_ms"), [(1, 1_000), (40, 20_000), (90, 30_000)])
async def test_the_return_is_spread_over_what_accepting_all_again_takes_within_bounds(connections: int, latest_ms: int) -> None:
    async with memory_plane(configured(limits={"connections_per_user": 100})) as tested:
        clients = [await tested.welcomed("alice") for _ in range(connections)]
        ending = draining(tested, unit=1.0)
        await until_quiet()
        assert {leave_politely(client) for client in clients} == {latest_ms}
        await ending


async def test_nobody_is_listened_to_while_it_finishes_and_everyone_when_they_are_told() -> None:
    async with memory_plane() as tested:
        client, finished = await tested.welcomed("alice"), asyncio.Event()
        ending = draining(tested, finished.wait)
        await until_quiet()
        assert not client.underlying_transport.is_reading
        finished.set()
        await until_quiet()
        assert client.underlying_transport.is_reading
        leave_politely(client)
        await ending


async def test_without_connections_it_ends_at_once() -> None:
    async with memory_plane() as tested:
        await draining(tested)


async def test_what_is_in_flight_is_answered_before_anyone_is_told() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        chat = await tested.store.messages.create_chat("alice", (), None)
        client.say({"type": "send_message", "chat_id": chat.chat_id, "client_message_id": "m", "content": "x"})
        ending = draining(tested, tested.ingest.drained)
        await until_quiet()
        assert [message["type"] for message in client.messages()] == ["message_ack", "closing"]
        client.lose()
        await ending


def test_what_never_finishes_does_not_keep_clients_from_being_told() -> None:
    async def scenario() -> None:
        async with memory_plane() as tested:
            client = await tested.welcomed("alice")
            ending = draining(tested, asyncio.Event().wait, timeout_s=30.0)
            await the_loop().advance(0)
            await the_loop().advance(14.9)
            assert client.messages() == []
            await the_loop().advance(0.2)
            assert leave_politely(client) >= 0
            await ending

    run_without_time(scenario())


async def test_a_backend_that_fails_to_finish_does_not_either() -> None:
    async def fail() -> None:
        raise BackendUnavailableError("sqlite", "disk full")

    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        ending = draining(tested, fail)
        await until_quiet()
        leave_politely(client)
        await ending


def test_who_does_not_leave_is_cut_off_when_the_time_is_over() -> None:
    async def scenario() -> None:
        async with memory_plane() as tested:
            polite, stubborn = await tested.welcomed("alice"), await tested.welcomed("bob")
            ending = draining(tested, timeout_s=3.0)
            await the_loop().advance(0)
            leave_politely(polite)
            await the_loop().advance(2.9)
            assert not stubborn.underlying_transport.is_aborted
            assert not ending.done()
            await the_loop().advance(0.2)
            assert stubborn.underlying_transport.is_aborted
            stubborn.lose()
            await ending
            assert tested.counted("gateway_disconnections_total", reason="graceful_shutdown") == 2

    run_without_time(scenario())


async def test_one_who_was_closed_before_is_not_told_again() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        client.connection.overflow()
        ending = draining(tested)
        await until_quiet()
        assert client.messages() == []
        client.lose()
        await ending
        assert tested.counted("gateway_disconnections_total", reason="slow_consumer") == 1


async def test_requests_that_wait_in_line_are_answered_first_but_not_those_of_who_does_not_read() -> None:
    async with memory_plane() as tested:
        reading, staring = await tested.welcomed("alice"), await tested.welcomed("bob", kernel_bytes=10)
        chat = await tested.store.messages.create_chat("alice", ("bob",), None)
        for client in (reading, staring):
            for _ in range(10):
                client.say({"type": "history", "chat_id": chat.chat_id})
        ending = asyncio.create_task(tested.plane.drain(nothing))
        await until_quiet()
        assert [message["type"] for message in reading.messages()] == [*["history_result"] * 10, "closing"]
        assert [message["type"] for message in staring.messages()] == ["history_result", "closing"]
        for client in (reading, staring):
            client.lose()
        await ending
