"""What a connection costs: upgrades per second, resident memory with a session and one subscription, and CPU while idle."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from benchmarks.spine.client import Client, close_all, open_all
from benchmarks.spine.measure import spread
from benchmarks.spine.server import ServerProcess, surewire

__all__ = ["connections"]

SIZES = (2_000, 5_000, 10_000, 18_000)
IDLE_S = 30.0
_UPGRADES = 4_000
_ROUNDS = 5


def _ignore(_: Client, __: memoryview) -> None:
    """Nobody looks at what an idle client gets."""


async def _memory(size: int) -> dict[str, float]:
    async with surewire() as server:
        await close_all(await open_all([_url(server)] * 200, _ignore))
        await asyncio.sleep(0.5)
        before = server.usage().resident_bytes
        clients = await open_all([_url(server)] * size, _ignore, source_addresses=4)
        for client in clients:
            client.send({"type": "subscribe", "subscription_id": "s", "filters": {"severities": ["P0", "P1"]}})
        await asyncio.sleep(1)
        resident = server.usage()
        await asyncio.sleep(IDLE_S)
        idle = server.usage()
        await close_all(clients)
    busy_s = idle.user_s + idle.system_s - resident.user_s - resident.system_s
    return {"kib_per_connection": (resident.resident_bytes - before) / size / 1024, "idle_us_per_s": busy_s / IDLE_S / size * 1e6}


async def _upgrades() -> dict[str, float]:
    rates: list[float] = []
    async with surewire() as server:
        for _ in range(_ROUNDS):
            started = time.monotonic()
            clients = await open_all([_url(server)] * _UPGRADES, _ignore)
            rates.append(_UPGRADES / (time.monotonic() - started))
            await close_all(clients)
            await asyncio.sleep(1)
    return spread(rates)


def _url(server: ServerProcess) -> str:
    return f"ws://{server.host}:{server.port}/ws"


async def connections() -> dict[str, Any]:
    """The curve over the number of connections, and the rate of upgrades with the client on the same two cores."""
    return {"upgrades_per_s": await _upgrades(), "by_connections": {size: await _memory(size) for size in SIZES}}
