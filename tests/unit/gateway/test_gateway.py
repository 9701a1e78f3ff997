"""The decision about an upgrade: who, where to, with what, and that every attempt is counted once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from surewire.gateway.connection import Connection
from surewire.gateway.echo import EchoListener
from surewire.gateway.gateway import channel_of, is_websocket_path
from surewire.gateway.upgrade import Acceptance, Refusal
from tests.fakes.plane import MemoryPlane, configured, memory_plane, until_quiet, upgrade


def counts(tested: MemoryPlane) -> dict[str, int]:
    return {status: counter.n for status, counter in tested.instruments.connections.items() if counter.n}


def decided(tested: MemoryPlane, *args: Any, **kwargs: Any) -> Acceptance | Refusal:
    answer = tested.admit(upgrade(*args, **kwargs))
    assert isinstance(answer, Acceptance | Refusal)
    return answer


def waiting(tested: MemoryPlane, **request: Any) -> asyncio.Task[Acceptance | Refusal]:
    """An upgrade that must wait, as the front waits for it."""
    answer = tested.admit(upgrade(**request))
    assert isinstance(answer, Awaitable)
    return asyncio.ensure_future(answer)  # type: ignore[arg-type,return-value]


@pytest.mark.parametrize(
    ("path", "channel"), [("/ws", None), ("/ws/", None), ("/ws/ops", "ops"), ("/ws/a/b", None), ("/wsx", None), ("/ws/a b", "a b")]
)
def test_a_channel_is_the_rest_of_the_path(path: str, channel: str | None) -> None:
    assert channel_of(path) == channel


@pytest.mark.parametrize("path", ["/ws", "/v1/ws", "/ws/ops"])
def test_web_sockets_are_opened_on_their_paths(path: str) -> None:
    assert is_websocket_path(path, echo=False)


@pytest.mark.parametrize("path", ["/", "/ws/", "/v1", "/v1/ws/ops", "/echo"])
def test_and_on_no_other(path: str) -> None:
    assert not is_websocket_path(path, echo=False)
    assert is_websocket_path(path, echo=True) is (path == "/echo")


@pytest.mark.parametrize(
    ("offered", "agreed"),
    [
        ("", None),
        ("surewire.v1", "surewire.v1"),
        ("chat, surewire.v1 , x", "surewire.v1"),
        ("surewire.v1.msgpack", None),
        ("surewire.v2", None),
    ],
)
async def test_a_subprotocol_is_named_when_we_know_it(offered: str, agreed: str | None) -> None:
    async with memory_plane() as tested:
        assert tested.accept("alice", sec_websocket_protocol=offered).subprotocol == agreed


@pytest.mark.parametrize(
    ("request_", "user_id"),
    [
        ({"query": "user_id=alice"}, "alice"),
        ({"query": "user_id=alice%40example"}, "alice@example"),
        ({"query": "x=%C3%A9&user%5Fid=alice"}, "alice"),
        ({"x_user_id": "bob"}, "bob"),
        ({"query": "user_id=alice", "x_user_id": "alice"}, "alice"),
    ],
)
async def test_the_caller_is_who_it_says(request_: dict[str, str], user_id: str) -> None:
    async with memory_plane() as tested:
        answer = decided(tested, **request_)
        assert isinstance(answer, Acceptance)
        assert isinstance(answer.listener, Connection)
        assert answer.listener.user_id == user_id


async def test_a_channel_of_the_path_goes_before_that_of_the_listener() -> None:
    async with memory_plane() as tested:
        assert tested.accept("alice", path="/ws/ops").listener.channel == "ops"  # type: ignore[attr-defined]


REFUSALS: dict[str, tuple[dict[str, Any], int, str]] = {
    "a name that is none": ({"query": "user_id=a%20b"}, 400, "bad_request"),
    "an empty name": ({"query": "user_id="}, 400, "bad_request"),
    "two names in the query": ({"query": "user_id=a&user_id=b"}, 400, "bad_request"),
    "the same name twice": ({"query": "user_id=a&user_id=a"}, 400, "bad_request"),
    "two names in headers": ({"x_user_id": "a, b"}, 400, "bad_request"),
    "a name of dots": ({"query": "user_id=.."}, 400, "bad_request"),
    "a query that is not UTF-8": ({"query": "user_id=a&x=%ff"}, 400, "bad_request"),
    "a channel with a long name": ({"path": "/ws/" + "x" * 121}, 400, "bad_request"),
    "another host": ({"host": "evil.example"}, 403, "forbidden"),
    "another origin": ({"origin": "https://evil.example"}, 403, "forbidden"),
}


@pytest.mark.parametrize("name", REFUSALS)
async def test_what_is_refused_and_how_it_is_counted(name: str) -> None:
    request, status, counted = REFUSALS[name]
    async with memory_plane() as tested:
        answer = decided(tested, **request)
        assert isinstance(answer, Refusal)
        assert answer.status == status
        assert counts(tested) == {counted: 1}


@pytest.mark.parametrize(
    ("status", "counted"),
    [
        (400, "bad_request"),
        (401, "unauthorized"),
        (403, "forbidden"),
        (405, "bad_request"),
        (408, "timeout"),
        (414, "bad_request"),
        (426, "bad_request"),
        (429, "rate_limited"),
        (431, "bad_request"),
        (500, "error"),
        (503, "queue_full"),
    ],
)
async def test_refusals_of_the_front_are_counted_by_their_status(status: int, counted: str) -> None:
    async with memory_plane() as tested:
        tested.plane.gateway.refused(status)
        assert counts(tested) == {counted: 1}


async def test_limits_of_a_caller_are_429_and_the_full_server_is_503() -> None:
    async with memory_plane(configured(limits={"max_connections": 1, "connections_per_user": 1, "permit_queue": 0})) as tested:
        tested.connect("alice")
        assert decided(tested, query="user_id=alice").status == 429  # type: ignore[union-attr]
        assert decided(tested, query="user_id=bob").status == 503  # type: ignore[union-attr]
        assert counts(tested) == {"accepted": 1, "rate_limited": 1, "queue_full": 1}


async def test_who_waited_is_let_in_when_somebody_leaves() -> None:
    async with memory_plane(configured(limits={"max_connections": 1})) as tested:
        first = tested.connect("alice")
        later = waiting(tested, query="user_id=bob")
        await until_quiet()
        assert not later.done()
        first.lose()
        answer = await later
        assert isinstance(answer, Acceptance)
        tested.open(answer)
        assert counts(tested) == {"accepted": 2}


async def test_who_leaves_while_waiting_has_waited_too_long_and_keeps_nothing() -> None:
    async with memory_plane(configured(limits={"max_connections": 1})) as tested:
        first = tested.connect("alice")
        request = upgrade(query="user_id=bob")
        later = asyncio.ensure_future(tested.admit(request))  # type: ignore[arg-type]
        await until_quiet()
        later.cancel()
        tested.plane.gateway.abandoned(request, None)
        await until_quiet()
        first.lose()
        tested.connect("carol")
        assert counts(tested) == {"accepted": 2, "timeout": 1}


async def test_who_leaves_before_the_101_gives_its_permit_back() -> None:
    async with memory_plane(configured(limits={"max_connections": 1, "permit_queue": 0})) as tested:
        request = upgrade(query="user_id=alice")
        answer = tested.admit(request)
        assert isinstance(answer, Acceptance)
        tested.plane.gateway.abandoned(request, answer)
        tested.connect("bob")
        assert counts(tested) == {"accepted": 1, "bad_request": 1}


async def test_draining_refuses_new_and_waiting_callers() -> None:
    async with memory_plane(configured(limits={"max_connections": 1})) as tested:
        tested.connect("alice")
        later = waiting(tested, query="user_id=bob")
        await until_quiet()
        tested.plane.refuse_upgrades()
        refusal = await later
        assert isinstance(refusal, Refusal)
        assert (refusal.status, refusal.retry_after_s) == (503, 5.0)
        assert decided(tested).status == 503  # type: ignore[union-attr]
        assert counts(tested) == {"accepted": 1, "draining": 2}


# Echo


async def test_echo_is_not_protocol_1_and_counts_nowhere() -> None:
    async with memory_plane(configured(limits={"max_connections": 1, "accept_burst": 1})) as tested:
        request = upgrade("/echo")
        for _ in range(5):
            answer = tested.admit(request)
            assert isinstance(answer, Acceptance)
            assert isinstance(answer.listener, EchoListener)
        tested.plane.gateway.abandoned(request, answer)
        tested.connect("alice")
        assert counts(tested) == {"accepted": 1}


async def test_echo_is_refused_while_draining() -> None:
    async with memory_plane() as tested:
        tested.plane.refuse_upgrades()
        assert decided(tested, "/echo").status == 503  # type: ignore[union-attr]
