"""From `surewire serve` to its ready line and to a green `/ready`, with a million messages stored."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Final

from benchmarks.spine.measure import spread
from benchmarks.spine.server import ServerProcess, surewire
from benchmarks.store.large import fill

__all__ = ["start"]

MESSAGES: Final = 1_000_000
ROUNDS: Final = 7
_CONTENT: Final = "x" * 240


async def start() -> dict[str, Any]:
    """The process's own start, Python's imports included; each round kills the one before with -9."""
    folder = Path(tempfile.mkdtemp(prefix="surewire-benchmark-start-"))
    fill(folder / "surewire.db", MESSAGES, _CONTENT)
    line_s: list[float] = []
    ready_s: list[float] = []
    cpu_s: list[float] = []
    try:
        for _ in range(ROUNDS):
            began = time.monotonic()
            async with surewire(folder) as server:
                line_s.append(time.monotonic() - began)
                await _ready(server)
                ready_s.append(time.monotonic() - began)
                usage = server.usage()
                cpu_s.append(usage.user_s + usage.system_s)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return {"messages": MESSAGES, "ready_line_s": spread(line_s), "green_ready_s": spread(ready_s), "cpu_s": spread(cpu_s)}


async def _ready(server: ServerProcess) -> None:
    url = f"http://{server.host}:{server.port}/ready"
    while not await asyncio.to_thread(_is_green, url):  # noqa: ASYNC110 - another process tells no event
        await asyncio.sleep(0.01)


def _is_green(url: str) -> bool:
    try:
        with urllib.request.urlopen(url) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False
