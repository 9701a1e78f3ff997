"""A large store: how soon it is ready, and how long a page of history takes."""

from __future__ import annotations

import random
import time
from pathlib import Path

from benchmarks.store.large import CHATS, chat_id_of
from surewire.adapters.sqlite.store import open_sqlite_store
from surewire.adapters.system.clock import SystemClock
from surewire.config.model import SqliteStore

__all__ = ["pages", "start"]


async def start(folder: Path) -> dict[str, float]:
    """From nothing to the first answer out of the store."""
    begun_s = time.perf_counter()
    async with open_sqlite_store(folder, SqliteStore(), SystemClock()) as store:
        await store.messages.history(chat_id_of(0), "alice", before=None, after=None, limit=50)
        return {"ready_ms": (time.perf_counter() - begun_s) * 1e3}


async def pages(folder: Path, messages: int, count: int = 2_000) -> dict[str, float]:
    """Pages of 50 at random places of random chats, one after the other; the latency of the whole call from the loop and back."""
    choose = random.Random(2)
    latencies_ms: list[float] = []
    async with open_sqlite_store(folder, SqliteStore(), SystemClock()) as store:
        for _ in range(count):
            chat_id, before = chat_id_of(choose.randrange(CHATS)), choose.randrange(51, messages // CHATS)
            begun_s = time.perf_counter()
            page = await store.messages.history(chat_id, "alice", before=before, after=None, limit=50)
            latencies_ms.append((time.perf_counter() - begun_s) * 1e3)
            assert len(page.messages) == 50
    latencies_ms.sort()
    return {"p95_ms": latencies_ms[int(count * 0.95)], "p50_ms": latencies_ms[count // 2], "p99_ms": latencies_ms[int(count * 0.99)]}
