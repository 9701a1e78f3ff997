"""Who is alive and who is not, with a clock that the test owns."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surewire.config.model import Heartbeat
from surewire.domain.event import Event
from surewire.gateway.heartbeat import slot_count
from tests.fakes.plane import Client, MemoryPlane, configured, memory_plane, until_quiet

PING, CLOSE = 9, 8


def heartbeat(**settings: Any) -> Any:
    return memory_plane(configured(heartbeat=settings))


def pings(client: Client) -> int:
    return [opcode for opcode, _ in client.frames()].count(PING)


async def pass_time(tested: MemoryPlane, seconds: float, *, but_answer: tuple[Client, ...] = ()) -> int:
    """Sweeps for so long; those clients answer every ping. How many pings they got."""
    answered = 0
    for _ in range(round(seconds / tested.config.heartbeat.sweep_interval_s)):
        tested.tick()
        await until_quiet()
        for client in but_answer:
            for _ in range(pings(client)):
                client.pong()
                answered += 1
    return answered


async def pass_time_alive(tested: MemoryPlane, seconds: int, *clients: Client) -> None:
    """Sweeps for so long while something always comes from the clients, which read nothing."""
    for _ in range(seconds):
        for client in clients:
            client.pong(b"alive")
        await pass_time(tested, 1)


def closed_with(client: Client) -> int | None:
    code = [int.from_bytes(payload[:2], "big") for opcode, payload in client.frames() if opcode == CLOSE]
    return code[0] if code else None


async def test_every_connection_is_pinged_once_in_an_interval() -> None:
    async with memory_plane() as tested:
        clients = tuple([await tested.welcomed(f"user{number}") for number in range(7)])
        assert await pass_time(tested, 30, but_answer=clients) == 7
        assert await pass_time(tested, 90, but_answer=clients) == 21
        assert tested.counted("gateway_heartbeat_pings_sent_total") == 28
        assert tested.counted("gateway_heartbeat_pongs_received_total") == 28
        assert all(client.connection.is_open for client in clients)


async def test_who_does_not_answer_is_closed_when_the_time_is_over_and_not_before() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await pass_time(tested, 30)
        assert pings(client) == 1
        await pass_time(tested, 9)
        assert client.connection.is_open
        await pass_time(tested, 1)
        assert [message["type"] for message in client.messages()] == ["closing"]
        assert tested.counted("gateway_heartbeat_timeouts_total", cause="client") == 1
        assert tested.instruments.stale_connections.current() == 1
        client.lose()
        assert tested.instruments.stale_connections.current() == 0
        assert tested.counted("gateway_disconnections_total", reason="heartbeat_timeout") == 1


@pytest.mark.parametrize("sign", ["pong", "message", "ping", "binary", "unasked pong"])
async def test_any_frame_is_life(sign: str) -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await pass_time(tested, 39)
        {
            "pong": client.pong,
            "message": lambda: client.say({"type": "ping"}),
            "ping": client.ping,
            "binary": lambda: client.say_binary(b"?"),
            "unasked pong": lambda: client.pong(b"!"),
        }[sign]()
        await pass_time(tested, 21)
        assert client.connection.is_open
        await pass_time(tested, 10)
        assert not client.connection.is_open


async def test_a_late_pong_is_not_counted_as_an_answer() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await pass_time(tested, 35)
        client.say({"type": "ping"})
        await pass_time(tested, 6)
        client.pong()
        assert tested.counted("gateway_heartbeat_pongs_received_total") == 0


async def test_when_the_server_was_held_up_nobody_is_blamed() -> None:
    async with memory_plane() as tested:
        client = await tested.welcomed("alice")
        await pass_time(tested, 39)
        tested.clock.advance(20)
        tested.tick()
        await until_quiet()
        assert client.connection.is_open
        assert tested.counted("gateway_heartbeat_timeouts_total", cause="server") == 1
        assert tested.counted("gateway_heartbeat_timeouts_total", cause="client") == 0


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 100))
def test_no_ping_is_judged_before_its_time_nor_after_the_next(interval: int, timeout: int, sweep: int) -> None:
    """The sweeps until the answer is looked for take at least the time-out, and are no more than those of the whole interval."""
    settings = Heartbeat(interval_s=interval / 10, timeout_s=min(timeout, interval) / 10 - 0.05, sweep_interval_s=sweep / 10)
    slots = slot_count(settings)
    assert slots * settings.sweep_interval_s >= settings.interval_s - 1e-9
    assert (slots - 1) * settings.sweep_interval_s < settings.interval_s + 1e-9
    assert slots * settings.sweep_interval_s >= settings.timeout_s


@pytest.mark.parametrize(
    ("interval_s", "timeout_s", "sweep_interval_s"),
    [(2.5, 2.4, 1.0), (1.0, 0.9, 1.0), (0.5, 0.4, 1.0), (3.0, 2.9, 0.7), (30.0, 29.0, 4.0)],
)
async def test_an_answer_within_the_time_out_is_always_early_enough(interval_s: float, timeout_s: float, sweep_interval_s: float) -> None:
    async with heartbeat(interval_s=interval_s, timeout_s=timeout_s, sweep_interval_s=sweep_interval_s) as tested:
        client = await tested.welcomed("alice")
        for _ in range(200):
            tested.tick()
            await until_quiet()
            if pings(client):
                break
        waited_s = 0.0
        while client.connection.is_open:
            tested.tick()
            waited_s += sweep_interval_s
            await until_quiet()
        assert timeout_s <= waited_s <= timeout_s + 2 * sweep_interval_s


# Silence


@pytest.mark.parametrize("settings", [{"interval_s": 0.0}, {"interval_s": 600.0}])
async def test_without_pings_a_silent_client_is_closed_after_the_session_time_out(settings: dict[str, float]) -> None:
    async with heartbeat(**settings, session_timeout_s=20.0) as tested:
        client, talking = await tested.welcomed("alice"), await tested.welcomed("bob")
        await pass_time(tested, 7)
        client.say({"type": "ping"})
        for _ in range(20):
            assert client.connection.is_open
            talking.say({"type": "ping"})
            await pass_time(tested, 1)
        await pass_time(tested, 1)
        assert closed_with(client) == 4001
        assert talking.connection.is_open
        client.lose()
        assert tested.counted("gateway_disconnections_total", reason="session_timeout") == 1
        assert pings(talking) == 0 or settings["interval_s"] > 0


async def test_rare_pings_are_judged_beside_the_silence() -> None:
    async with heartbeat(interval_s=40.0, timeout_s=5.0, session_timeout_s=30.0) as tested:
        answering, silent = await tested.welcomed("alice"), await tested.welcomed("bob")
        for _ in range(4):
            answering.say({"type": "ping"})
            silent.say({"type": "ping"})
            await pass_time(tested, 9, but_answer=(answering,))
        await pass_time(tested, 15, but_answer=(answering,))
        assert answering.connection.is_open
        assert closed_with(silent) == 4000


async def test_with_pings_an_idle_client_that_answers_stays_for_ever() -> None:
    async with heartbeat(session_timeout_s=60.0) as tested:
        client = await tested.welcomed("alice")
        await pass_time(tested, 600, but_answer=(client,))
        assert client.connection.is_open


async def test_who_was_heard_within_the_session_time_out_is_live() -> None:
    async with heartbeat(interval_s=10.0, timeout_s=5.0, session_timeout_s=30.0) as tested:
        client = await tested.welcomed("alice")
        assert tested.instruments.connections_live.current() == 1
        await pass_time(tested, 30, but_answer=(client,))
        assert tested.instruments.connections_live.current() == 1
        tested.clock.advance(100)
        client.connection.heard = False
        assert tested.instruments.connections_live.current() == 0


# Positions


async def test_who_has_caught_up_hears_the_head_with_every_heartbeat() -> None:
    async with memory_plane() as tested:
        caught_up, without = await tested.welcomed("alice"), await tested.welcomed("bob")
        caught_up.say({"type": "subscribe", "subscription_id": "s", "filters": {"sources": ["nothing"]}})
        await until_quiet()
        caught_up.messages()
        await tested.stream.publish([Event("deployment")] * 5)
        await pass_time_alive(tested, 30, caught_up, without)
        (position,) = caught_up.messages()
        assert position == {"type": "position", "position": {"epoch": tested.stream.head.epoch, "offset": 5}}
        assert without.messages() == []


async def test_a_position_comes_after_the_events_up_to_it() -> None:
    async with memory_plane() as tested:
        clients = [await tested.welcomed(f"user{number}") for number in range(30)]
        for client in clients:
            client.say({"type": "subscribe", "subscription_id": "s", "filters": {}})
        await until_quiet()
        for client in clients:
            client.messages()
        await tested.stream.publish([Event("deployment")] * 3)
        await pass_time_alive(tested, 30, *clients)
        for client in clients:
            assert [message["position"]["offset"] for message in client.messages()] == [1, 2, 3, 3]


async def test_who_does_not_read_hears_no_position_before_what_it_missed() -> None:
    async with heartbeat(interval_s=5.0, timeout_s=4.0) as tested:
        client = tested.connect("alice", kernel_bytes=10)
        client.say({"type": "subscribe", "subscription_id": "s", "filters": {}})
        await until_quiet()
        await pass_time_alive(tested, 12, client)
        kinds = [message["type"] for message in client.messages()]
        assert "position" not in kinds


# Slow consumers


async def test_a_buffer_that_stays_full_for_the_grace_closes() -> None:
    async with memory_plane(configured(limits={"outbound_messages": 2, "slow_consumer_grace_s": 3.0})) as tested:
        client = tested.connect("alice", kernel_bytes=10)
        client.say({"type": "subscribe", "subscription_id": "s", "filters": {}})
        await until_quiet()
        for _ in range(6):
            await tested.stream.publish([Event("comment_added", priority="low")])
        tested.tick(2)
        assert client.connection.is_open
        tested.tick()
        assert not client.connection.is_open
        client.lose()
        assert tested.counted("gateway_slow_consumer_disconnects_total") == 1
        assert tested.counted("gateway_disconnections_total", reason="slow_consumer") == 1
        assert tested.counted("gateway_outbound_warnings_total") == 1


async def test_a_buffer_that_is_read_in_time_does_not() -> None:
    async with memory_plane(configured(limits={"outbound_messages": 2, "slow_consumer_grace_s": 3.0})) as tested:
        client = tested.connect("alice", kernel_bytes=10)
        client.say({"type": "subscribe", "subscription_id": "s", "filters": {}})
        await until_quiet()
        for _ in range(6):
            await tested.stream.publish([Event("comment_added", priority="low")])
        tested.tick(2)
        client.frames()
        tested.tick(10)
        assert client.connection.is_open
