"""The writer alone: no network, no gateway, acknowledgements counted where ingest would get them."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, cast

from surewire.adapters.sqlite.chat_cache import CachedChat, ChatCache
from surewire.adapters.sqlite.message_writer import SqliteMessageWriter
from surewire.adapters.sqlite.store import open_sqlite_store
from surewire.adapters.system.clock import SystemClock
from surewire.config.model import SqliteStore
from surewire.errors import SurewireError
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import CommitTimes, WriteOutcome

__all__ = ["python_alone", "write"]

CHATS: Final = 50
CONTENT: Final = "x" * 240


class Counting:
    """A sink that counts."""

    def __init__(self) -> None:
        self.stored_count = 0
        self.commit_ms: list[float] = []
        self.told = asyncio.Event()

    def stored(self, requests: Sequence[SendRequest], outcomes: Sequence[WriteOutcome], commit: CommitTimes) -> None:
        assert not any(isinstance(outcome, SurewireError) for outcome in outcomes)
        self.stored_count += len(requests)
        self.commit_ms.append((commit.committed_at - commit.started_at) * 1e3)
        self.told.set()

    def failed(self, requests: Sequence[SendRequest], error: SurewireError) -> None:
        raise error


def requests_to(chats: Sequence[str], count: int, *, random_ids: bool) -> list[SendRequest]:
    bits = random.Random(1).getrandbits
    origin: Any = None
    return [
        SendRequest(
            origin,
            "bob" if number // CHATS % 2 else "alice",
            chats[number % CHATS],
            _id(number, bits(122), random_ids),
            CONTENT,
            "text/plain",
            0.0,
        )
        for number in range(count)
    ]


def _id(number: int, bits: int, random_ids: bool) -> str:
    return f"{bits:032x}" if random_ids else f"01KAJ5{number:020}"


async def write(folder: Path, batch: int, count: int, *, random_ids: bool) -> dict[str, float]:
    """As fast as it goes, with two batches in flight."""
    async with open_sqlite_store(folder, SqliteStore(), SystemClock()) as store:
        sink = Counting()
        store.message_writer.attach(sink)
        chats = [(await store.messages.create_chat("alice", ["bob"], None)).chat_id for _ in range(CHATS)]
        requests = requests_to(chats, count, random_ids=random_ids)
        begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
        for start in range(0, count, batch):
            while start - sink.stored_count > batch:
                sink.told.clear()
                await sink.told.wait()
            assert store.message_writer.write(requests[start : start + batch])
        while sink.stored_count < count:
            sink.told.clear()
            await sink.told.wait()
        elapsed_s, cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
    sink.commit_ms.sort()
    return {
        "messages_per_s": count / elapsed_s,
        "cpu_us_per_message": cpu_s / count * 1e6,
        "commit_p50_ms": sink.commit_ms[len(sink.commit_ms) // 2],
        "commit_p99_ms": sink.commit_ms[int(len(sink.commit_ms) * 0.99)],
    }


class NoDatabase:
    """A connection that does nothing and finds nothing."""

    def execute(self, statements: str, bindings: Any = None) -> NoDatabase:
        return self

    def fetchall(self) -> list[Any]:
        return []


class NoWriter:
    """A writer that is never used."""

    def add_lane(self, lane: object) -> None: ...


def python_alone(count: int) -> dict[str, float]:
    """The writer's work under the interpreter's lock: everything but SQLite's."""
    names = [f"chat_{number}" for number in range(CHATS)]
    cache = ChatCache()
    cache._chats.update({name: _cached(number, name) for number, name in enumerate(names)})  # noqa: SLF001 - there is no file to read from
    lane = SqliteMessageWriter(cast(Any, NoWriter()), cache, cast(Any, None), SystemClock())
    requests = requests_to(names, count, random_ids=True)
    begun_s = time.process_time()
    for start in range(0, count, 1_000):
        lane.apply(cast(Any, NoDatabase()), requests[start : start + 1_000])
    return {"us_per_message": (time.process_time() - begun_s) / count * 1e6}


def _cached(number: int, chat_id: str) -> CachedChat:
    chat = object.__new__(CachedChat)
    chat.chat, chat.chat_id, chat.members = number, chat_id, frozenset(("alice", "bob"))
    chat.sequence = chat.micros = 0
    chat.created_at, chat.problem = "", None
    return chat
