"""Servers with lowered limits, one process for all the tests that need the same ones."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator

import pytest
import pytest_asyncio

from tests.acceptance.front.raw_client import RawClient
from tests.server_process import ServerProcess, running_server

LOWERED = {
    "max_connections": 100,
    "max_target_bytes": 256,
    "max_header_bytes": 1_024,
    "max_headers": 12,
    "max_body_bytes": 2_048,
    "max_message_bytes": 1_024,
    "max_fragments": 4,
    "max_content_bytes": 500,
    "max_json_depth": 3,
    "max_subscriptions": 2,
    "max_filter_values": 5,
    "max_event_bytes": 600,
    "max_batch_events": 3,
    "max_members": 3,
    "connections_per_user": 1_000,
    "messages_per_s": 7.5,
    "burst": 1_000,
}
HASTY = {"head_timeout_s": 0.3, "body_timeout_s": 0.3, "upgrade_timeout_s": 0.3, "max_connections": 1, "permit_wait_s": 60}


def variables(limits: dict[str, float]) -> dict[str, str]:
    return {f"SUREWIRE_LIMITS__{name.upper()}": f"{value}" for name, value in limits.items()}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def lowered(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    """A server that takes little."""
    async with running_server(tmp_path_factory.mktemp("lowered") / "data", **variables(LOWERED)) as server:
        yield server


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hasty(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[ServerProcess]:
    """A server that waits for nobody."""
    async with running_server(tmp_path_factory.mktemp("hasty") / "data", **variables(HASTY)) as server:
        yield server


@pytest.fixture
def client(lowered: ServerProcess) -> Iterator[RawClient]:
    """A TCP connection to the server that takes little."""
    with RawClient(("127.0.0.1", lowered.port)) as connected:
        yield connected
