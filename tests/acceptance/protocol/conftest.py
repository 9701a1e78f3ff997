"""One real server for the tests of the wire; those that need other settings start their own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest_asyncio

from tests.server_process import ServerProcess, running_server

UNHURRIED = {
    "SUREWIRE_LIMITS__ACCEPT_RATE_PER_S": "100000",
    "SUREWIRE_LIMITS__ACCEPT_BURST": "100000",
    "SUREWIRE_LIMITS__CONNECTIONS_PER_USER": "50",
}


@pytest_asyncio.fixture
async def server(tmp_path: Path) -> AsyncGenerator[ServerProcess]:
    """A server of the test's own, as shipped but for the rate of new connections."""
    async with running_server(tmp_path / "data", **UNHURRIED) as process:
        yield process


@pytest_asyncio.fixture
async def http(server: ServerProcess) -> AsyncGenerator[httpx.AsyncClient]:
    """The same server's HTTP API."""
    async with httpx.AsyncClient(base_url=server.http) as client:
        yield client
