"""A real Prometheus in a process of its own, and its HTTP API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.monitoring_tools import tool
from tests.server_process import free_port

__all__ = ["answer", "running_prometheus"]


@asynccontextmanager
async def running_prometheus(configuration: Path, data: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """Its HTTP API. What is in the folder of its data is kept, however old. It ends with the block."""
    port = free_port()
    storage = (f"--storage.tsdb.path={data}", "--storage.tsdb.retention.time=100y")
    command = [tool("prometheus"), f"--config.file={configuration}", *storage, f"--web.listen-address=127.0.0.1:{port}"]
    with configuration.with_suffix(".log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False, timeout=30) as client:
            yield client
    finally:
        # Its data are of no use to anybody; asked to end while it starts, it may not.
        process.kill()
        await process.wait()


async def answer(client: httpx.AsyncClient, path: str, **parameters: str) -> Any:
    """What the API answers, once it is up."""
    while True:
        try:
            found = await client.get(path, params=parameters)
        except httpx.TransportError:
            found = None
        if found is not None and found.is_success:
            return found.json()["data"]
        await asyncio.sleep(0.05)
