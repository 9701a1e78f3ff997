"""Operators who name `system_event` hear of every connection that is gone; the stream does not."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import httpx
import pytest
import pytest_asyncio

from tests.acceptance.protocol.conftest import UNHURRIED
from tests.acceptance.protocol.event_api import pages_since, publish, subscribe
from tests.acceptance.protocol.peer import Peer, open_peer
from tests.acceptance.protocol.raw_peer import TEXT, open_raw_peer
from tests.server_process import ServerProcess, running_server

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    async with running_server(tmp_path_factory.mktemp("cleanup") / "data", **UNHURRIED) as server:
        yield server


async def leave(shared: ServerProcess) -> str:
    """The id of a connection that came and went."""
    async with open_peer(shared.ws) as peer:
        connection_id: str = peer.welcome["connection_id"]
    return connection_id


async def test_who_names_system_event_hears_who_left_and_why_and_it_is_in_no_log(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as operator:
        position = (await subscribe(operator, "ops", event_types=["system_event", "deployment"]))["position"]
        gone = await leave(shared)
        event = await operator.hear()
        assert set(event) == {"type", "message_id", "event", "timestamp", "subscription_ids"}
        assert event["subscription_ids"] == ["ops"]
        assert event["event"] == {
            "event_type": "system_event",
            "source": "surewire",
            "priority": "low",
            "data": {"category": "connection_cleanup", "connection_id": gone, "reason": "client_closed", "resources_freed": True},
        }
        again = await subscribe(operator, "ops", event_types=["system_event"])
        assert again["position"] == position
        _, replayed = await pages_since(operator, position, "replay")
        assert replayed == []


async def reason_heard(operator: Peer) -> str:
    reason: str = (await operator.hear())["event"]["data"]["reason"]
    return reason


async def test_the_reason_is_the_one_that_is_counted(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as operator:
        await subscribe(operator, event_types=["system_event"])
        async with open_raw_peer(shared.port) as peer:
            peer.reset()
            assert await reason_heard(operator) == "client_closed"
        async with open_raw_peer(shared.port) as peer:
            await peer.send_frame(TEXT, b"\xff")
            await peer.ended()
        assert await reason_heard(operator) == "policy_violation"


@pytest.mark.parametrize(
    "filters",
    [{}, {"event_types": ["deployment"]}, {"event_types": ["system_event"], "severities": ["P0"]}, {"sources": ["surewire"]}],
)
async def test_nobody_else_hears_of_it(shared: ServerProcess, filters: dict[str, list[str]]) -> None:
    async with open_peer(shared.ws) as operator, open_peer(shared.ws) as other:
        await subscribe(operator, event_types=["system_event"])
        await subscribe(other, **filters)
        gone = await leave(shared)
        assert (await operator.hear())["event"]["data"]["connection_id"] == gone
        assert await other.hears_nothing()


async def test_who_unsubscribed_or_changed_the_filter_hears_no_more(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as operator, open_peer(shared.ws) as former:
        await subscribe(operator, event_types=["system_event"])
        await subscribe(former, "one", event_types=["system_event"])
        await subscribe(former, "two", event_types=["system_event"])
        await former.ask("unsubscribe", subscription_id="one")
        await subscribe(former, "two", event_types=["deployment"])
        await leave(shared)
        await operator.hear()
        assert await former.hears_nothing()


async def test_a_published_system_event_is_an_event_like_any_other(shared: ServerProcess) -> None:
    async with open_peer(shared.ws) as peer, httpx.AsyncClient(base_url=shared.http) as api:
        await subscribe(peer)
        (published,) = await publish(api, {"event_type": "system_event", "data": {"category": "maintenance"}})
        event = await peer.hear()
        assert (event["position"], event["event"]["priority"]) == (published["position"], "low")
