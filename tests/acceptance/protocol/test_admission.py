"""Who is let in, who waits, who is refused and with what answer, each attempt counted once."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.raw_peer import Answer, RawPeer, connected, knock, open_raw_peer, request_upgrade
from tests.acceptance.protocol.scrape import Metrics, scrape, scrape_until, scrape_when_empty
from tests.server_process import ServerProcess, running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    async with running_server(tmp_path_factory.mktemp("admission") / "data", SUREWIRE_LIMITS__ACCEPT_BURST="100000") as server:
        yield server


@pytest_asyncio.fixture(loop_scope="module")
async def api(shared: ServerProcess) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shared.http) as client:
        yield client


@asynccontextmanager
async def small_server(folder: Path, **limits: str) -> AsyncGenerator[tuple[ServerProcess, httpx.AsyncClient]]:
    """A server with limits of its own and its HTTP API."""
    settings = {f"SUREWIRE_LIMITS__{name.upper()}": value for name, value in limits.items()}
    async with running_server(folder / "data", **UNHURRIED | settings) as server, httpx.AsyncClient(base_url=server.http) as api:
        yield server, api


def attempts(metrics: Metrics) -> dict[str, float]:
    return metrics.by("status", "gateway_connections_total")


def refused_as(answer: Answer, status: int, code: str) -> bool:
    """Whether it is that refusal, as a problem of RFC 9457 that names the request."""
    problem = answer.problem
    return (
        (answer.status, problem["status"], problem["code"]) == (status, status, code)
        and answer.headers["content-type"] == "application/problem+json"
        and problem["request_id"] == answer.headers["x-request-id"]
    )


async def test_the_sixth_connection_of_a_user_is_refused_until_one_leaves(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    before = await scrape_when_empty(api)
    async with AsyncExitStack() as stack:
        (first, *_) = [await stack.enter_async_context(open_raw_peer(shared.port, "ann")) for _ in range(5)]
        async with knock(shared.port, "/ws?user_id=ann") as (_, answer):
            assert refused_as(answer, 429, "RATE_LIMITED")
            assert int(answer.headers["retry-after"]) >= 1
        async with knock(shared.port, X_User_Id="ann") as (_, answer):
            assert answer.status == 429
        await stack.enter_async_context(open_raw_peer(shared.port, "bob"))
        first.socket.close()
        await scrape_until(api, lambda now: now.since(before).value("gateway_disconnections_total") == 1)
        await stack.enter_async_context(open_raw_peer(shared.port, "ann"))
        assert attempts((await scrape(api)).since(before)) == {"accepted": 7, "rate_limited": 2}


async def test_the_accept_rate_refuses_at_once_and_lets_in_later(tmp_path: Path) -> None:
    async with small_server(tmp_path, accept_rate_per_s="2", accept_burst="3") as (server, api), AsyncExitStack() as stack:
        for _ in range(3):
            await stack.enter_async_context(open_raw_peer(server.port))
        async with knock(server.port) as (_, answer):
            assert refused_as(answer, 429, "RATE_LIMITED")
            await asyncio.sleep(int(answer.headers["retry-after"]))
        await stack.enter_async_context(open_raw_peer(server.port))
        assert attempts(await scrape(api)) == {"accepted": 4, "rate_limited": 1}


async def waiting(stack: AsyncExitStack, server: ServerProcess, path: str = "/ws") -> RawPeer:
    """A client whose handshake is sent and not answered."""
    peer = await stack.enter_async_context(connected(server.port))
    await request_upgrade(peer, path, {})
    return peer


async def all_have_arrived(api: httpx.AsyncClient) -> None:
    """Returns after the server has read what was sent before: sockets that are ready are served in turn."""
    for _ in range(3):
        await scrape(api)


async def test_who_waits_is_let_in_when_somebody_leaves_first_come_first_served(tmp_path: Path) -> None:
    async with small_server(tmp_path, max_connections="2", permit_wait_s="8") as (server, api), AsyncExitStack() as stack:
        ann, _ = [await stack.enter_async_context(open_raw_peer(server.port, name)) for name in ("ann", "bob")]
        first = await waiting(stack, server, "/ws?user_id=carol")
        await all_have_arrived(api)
        second = await waiting(stack, server, "/ws?user_id=dave")
        await all_have_arrived(api)
        assert attempts(await scrape(api)) == {"accepted": 2}
        ann.socket.close()
        assert (await first.answer()).status == 101
        assert (await first.hear())["user_id"] == "carol"
        first.reset()
        assert (await second.answer()).status == 101
        assert (await second.hear())["user_id"] == "dave"
        assert attempts(await scrape(api)) == {"accepted": 4}
        assert (await scrape(api)).value("gateway_connections_active") == 2


async def test_who_waits_in_vain_gets_408(tmp_path: Path) -> None:
    async with small_server(tmp_path, max_connections="1", permit_wait_s="0.3") as (server, api), AsyncExitStack() as stack:
        holder = await stack.enter_async_context(open_raw_peer(server.port))
        patient = await waiting(stack, server)
        assert refused_as(await patient.answer(), 408, "TIMEOUT")
        holder.socket.close()
        await scrape_when_empty(api)
        await stack.enter_async_context(open_raw_peer(server.port))
        assert attempts(await scrape(api)) == {"accepted": 2, "timeout": 1}


async def test_a_full_queue_refuses_its_client_and_no_other(tmp_path: Path) -> None:
    limits = {"max_connections": "1", "permit_queue": "2", "permit_wait_s": "8"}
    async with small_server(tmp_path, **limits) as (server, api), AsyncExitStack() as stack:
        await stack.enter_async_context(open_raw_peer(server.port))
        for _ in range(2):
            await waiting(stack, server, "/ws?user_id=ann")
        await all_have_arrived(api)
        async with knock(server.port, "/ws?user_id=ann") as (_, answer):
            assert refused_as(answer, 503, "UNAVAILABLE")
            assert int(answer.headers["retry-after"]) >= 1
        await waiting(stack, server, "/ws?user_id=bob")
        await all_have_arrived(api)
        assert attempts(await scrape(api)) == {"accepted": 1, "queue_full": 1}


async def test_without_a_queue_a_full_server_refuses_at_once(tmp_path: Path) -> None:
    async with small_server(tmp_path, max_connections="1", permit_queue="0") as (server, api):
        async with open_raw_peer(server.port), knock(server.port) as (_, answer):
            assert refused_as(answer, 503, "UNAVAILABLE")
            assert int(answer.headers["retry-after"]) >= 1
        await scrape_when_empty(api)
        async with open_raw_peer(server.port):
            assert attempts(await scrape(api)) == {"accepted": 2, "queue_full": 1}


async def test_a_client_that_leaves_while_it_waits_takes_no_permit_with_it(tmp_path: Path) -> None:
    async with small_server(tmp_path, max_connections="1", permit_wait_s="8") as (server, api), AsyncExitStack() as stack:
        holder = await stack.enter_async_context(open_raw_peer(server.port))
        leaving = [await waiting(stack, server) for _ in range(5)]
        await all_have_arrived(api)
        for peer in leaving:
            peer.reset()
        await scrape_until(api, lambda now: sum(attempts(now).values()) == 6)
        patient = await waiting(stack, server)
        await all_have_arrived(api)
        holder.socket.close()
        assert (await patient.answer()).status == 101
        patient.reset()
        await scrape_when_empty(api)
        await stack.enter_async_context(open_raw_peer(server.port))
        counted = attempts(await scrape(api))
        assert counted["accepted"] == 3
        assert sum(counted.values()) == 8


async def test_a_permit_that_comes_as_its_client_leaves_goes_to_the_next(tmp_path: Path) -> None:
    async with small_server(tmp_path, max_connections="1", permit_wait_s="8") as (server, api), AsyncExitStack() as stack:
        for _ in range(20):
            holder = await stack.enter_async_context(open_raw_peer(server.port))
            leaving = await waiting(stack, server, "/ws?user_id=leaving")
            await all_have_arrived(api)
            patient = await waiting(stack, server, "/ws?user_id=patient")
            await all_have_arrived(api)
            holder.reset()
            leaving.reset()
            assert (await patient.answer()).status == 101
            patient.reset()
            await scrape_when_empty(api)


async def test_whoever_waits_when_the_server_drains_is_refused(tmp_path: Path) -> None:
    async with small_server(tmp_path, max_connections="1", permit_wait_s="30") as (server, api), AsyncExitStack() as stack:
        await stack.enter_async_context(open_raw_peer(server.port))
        patient = await waiting(stack, server)
        await all_have_arrived(api)
        server.send(signal.SIGTERM)
        answer = await patient.answer()
        assert refused_as(answer, 503, "UNAVAILABLE")
        assert int(answer.headers["retry-after"]) >= 1


FOREIGN = {
    "another origin": {"Origin": "https://evil.example"},
    "a sandboxed page": {"Origin": "null"},
    "another port of this machine": {"Origin": "http://127.0.0.1:1"},
    "a name that looks like ours": {"Origin": "http://127.0.0.1.evil.example"},
    "a name that was pointed at us": {"Host": "evil.example"},
    "a page under a name that was pointed at us": {"Host": "evil.example", "Origin": "http://evil.example"},
}


@pytest.mark.parametrize("name", FOREIGN)
async def test_pages_of_others_are_refused(shared: ServerProcess, api: httpx.AsyncClient, name: str) -> None:
    before = await scrape(api)
    async with knock(shared.port, **FOREIGN[name]) as (_, answer):
        assert refused_as(answer, 403, "FORBIDDEN")
    assert attempts((await scrape(api)).since(before)) == {"forbidden": 1}


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
async def test_pages_of_the_servers_own_origin_are_let_in(shared: ServerProcess, host: str) -> None:
    async with knock(shared.port, Host=f"{host}:{shared.port}", Origin=f"http://{host}:{shared.port}") as (peer, answer):
        assert answer.status == 101
        assert (await peer.hear())["type"] == "welcome"


async def test_pages_of_an_allowed_origin_are_let_in(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data", SUREWIRE_AUTH__ALLOWED_ORIGINS="https://app.example") as server:
        async with knock(server.port, Origin="https://app.example") as (_, answer):
            assert answer.status == 101
        async with knock(server.port, Origin="http://app.example") as (_, answer):
            assert refused_as(answer, 403, "FORBIDDEN")


async def test_a_plain_get_on_a_websocket_path_is_told_to_upgrade(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    before = await scrape(api)
    for path in ("/ws", "/v1/ws", "/ws/pulse"):
        answer = await api.get(path)
        assert (answer.status_code, answer.headers["upgrade"].lower()) == (426, "websocket")
        assert answer.json()["status"] == 426
    assert attempts((await scrape(api)).since(before)) == {"bad_request": 3}


@pytest.mark.parametrize("version", ["8", "12", "14", "thirteen", None])
async def test_another_version_is_told_the_right_one(shared: ServerProcess, api: httpx.AsyncClient, version: str | None) -> None:
    before = await scrape(api)
    async with knock(shared.port, Sec_WebSocket_Version=version) as (_, answer):
        assert (answer.status, answer.headers["sec-websocket-version"]) == (426, "13")
    assert attempts((await scrape(api)).since(before)) == {"bad_request": 1}


async def test_no_user_id_that_is_none_is_let_in(shared: ServerProcess, api: httpx.AsyncClient) -> None:
    before = await scrape(api)
    for path in ("/ws?user_id=", "/ws?user_id=a%20b", "/ws?user_id=" + "x" * 129, "/ws?user_id=a%0Ab"):
        async with knock(shared.port, path) as (_, answer):
            assert refused_as(answer, 400, "INVALID_MESSAGE"), path
    assert attempts((await scrape(api)).since(before)) == {"bad_request": 4}


async def test_subprotocols_are_agreed_on_and_unknown_ones_ignored(shared: ServerProcess) -> None:
    for offered, agreed in (("surewire.v1", "surewire.v1"), ("chat, surewire.v1", "surewire.v1"), ("chat", None)):
        async with knock(shared.port, Sec_WebSocket_Protocol=offered) as (peer, answer):
            assert (answer.status, answer.headers.get("sec-websocket-protocol")) == (101, agreed)
            assert (await peer.hear())["type"] == "welcome"
