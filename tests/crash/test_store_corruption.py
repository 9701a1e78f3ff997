"""Somebody damages the file behind the store's back: the auditor finds it, and nothing wrong is written on top of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import apsw
import pytest

from surewire.adapters.sqlite.store import OpenSqliteStore, open_sqlite_store
from surewire.config.model import Config, SqliteStore
from surewire.contract.catalogue import load_metrics
from surewire.durability.plane import DurabilityPlane, durability_plane
from surewire.errors import BackendCorruptError, ClientError, SurewireError
from surewire.ports.ingest import SendRequest
from surewire.telemetry.instruments import DurabilityInstruments
from surewire.telemetry.readiness import Readiness
from surewire.telemetry.registry import Registry
from tests.fakes.clock import SettableClock
from tests.unit.durability.origin import Origin

COPY_OF_THE_SECOND = """
    INSERT INTO messages
    SELECT position + 100, chat, {}, message_id || 'x', sender, client_message_id || 'x', content, content_type, created_micros
    FROM messages WHERE sequence = 2
"""


class Served:
    """A store with its durability plane over it."""

    def __init__(self, store: OpenSqliteStore, plane: DurabilityPlane, instruments: DurabilityInstruments) -> None:
        self.store, self.plane, self.instruments = store, plane, instruments
        self.origin = Origin()

    async def send(self, chat_id: str, client_id: str) -> int | SurewireError:
        """The sequence that was acknowledged, or the refusal."""
        self.plane.ingest.submit(SendRequest(self.origin, "alice", chat_id, client_id, "hello", "text/plain", 0.0))
        await self.plane.drained()
        answer = self.origin.answers[-1]
        return answer if isinstance(answer, SurewireError) else answer[0].sequence

    async def audit(self) -> tuple[int, int, int]:
        """Lost messages, duplicate sequences, broken counters, as counted after a full audit."""
        await self.plane.auditor.audit_everything(lambda: None)
        counted = self.instruments
        return counted.ack_sent["false"].n, counted.duplicate_sequence.n, counted.counter_missing.n


@asynccontextmanager
async def served(folder: Path) -> AsyncGenerator[Served]:
    clock = SettableClock()
    instruments = DurabilityInstruments(Registry(load_metrics()))
    async with (
        open_sqlite_store(folder, SqliteStore(), clock) as store,
        durability_plane(store, Config(), clock, instruments, Readiness(clock)) as plane,
    ):
        yield Served(store, plane, instruments)


async def chat_with(folder: Path, messages: int) -> str:
    """The id of a chat with so many acknowledged messages in a store that was closed."""
    async with served(folder) as server:
        chat_id = (await server.store.messages.create_chat("alice", [], None)).chat_id
        for number in range(messages):
            assert await server.send(chat_id, str(number)) == number + 1
    return chat_id


def damage(folder: Path, *statements: str) -> None:
    connection = apsw.Connection(str(folder / "surewire.db"))
    for statement in statements:
        connection.execute(statement)
    connection.close()


async def test_a_sound_store_has_no_findings(tmp_path: Path) -> None:
    await chat_with(tmp_path, 5)
    async with served(tmp_path) as server:
        assert await server.audit() == (0, 0, 0)


async def test_lost_messages_are_counted_once_ever(tmp_path: Path) -> None:
    await chat_with(tmp_path, 9)
    damage(tmp_path, "DELETE FROM messages WHERE sequence IN (3, 4, 9)")
    async with served(tmp_path) as server:
        assert await server.audit() == (3, 0, 0)
        assert await server.audit() == (3, 0, 0)
    damage(tmp_path, "DELETE FROM messages WHERE sequence = 7")
    async with served(tmp_path) as server:
        assert await server.audit() == (1, 0, 0)
        assert (await server.store.messages.check()).problems != ()


async def test_a_store_that_was_thrown_away_lost_everything(tmp_path: Path) -> None:
    await chat_with(tmp_path, 4)
    for name in ("surewire.db", "surewire.db-wal", "surewire.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    async with served(tmp_path) as server:
        assert await server.audit() == (4, 0, 0)


async def test_an_older_copy_lost_what_came_after_it(tmp_path: Path) -> None:
    chat_id = await chat_with(tmp_path, 2)
    old = (tmp_path / "surewire.db").read_bytes()
    async with served(tmp_path) as server:
        for number in range(2, 5):
            await server.send(chat_id, str(number))
    (tmp_path / "surewire.db").write_bytes(old)
    async with served(tmp_path) as server:
        assert await server.audit() == (3, 0, 0)


async def test_duplicate_sequences_are_found(tmp_path: Path) -> None:
    await chat_with(tmp_path, 4)
    damage(
        tmp_path,
        "DROP INDEX messages_sequence",
        COPY_OF_THE_SECOND.format("sequence"),
    )
    async with served(tmp_path) as server:
        assert await server.audit() == (0, 1, 0)


@pytest.mark.parametrize("statement", ["UPDATE counters SET latest_sequence = 2", "DELETE FROM counters"])
async def test_a_broken_counter_is_found_and_nothing_more_is_written_to_its_chat(tmp_path: Path, statement: str) -> None:
    chat_id = await chat_with(tmp_path, 4)
    damage(tmp_path, statement)
    async with served(tmp_path) as server:
        assert await server.audit() == (0, 0, 1)
        refusal = await server.send(chat_id, "new")
        assert isinstance(refusal, ClientError)
        assert (refusal.code, refusal.temporary) == ("INTERNAL", False)
        other = (await server.store.messages.create_chat("alice", [], None)).chat_id
        assert await server.send(other, "new") == 1
        assert (await server.store.messages.check()).problems != ()


async def test_a_sequence_that_is_taken_hits_only_its_chat(tmp_path: Path) -> None:
    chat_id = await chat_with(tmp_path, 2)
    async with served(tmp_path) as server:
        other = (await server.store.messages.create_chat("alice", [], None)).chat_id
        assert await server.send(chat_id, "warm") == 3
        await server.store.writer.run(lambda connection: connection.execute(COPY_OF_THE_SECOND.format(4)).fetchall())
        for chat, client_id in ((chat_id, "new"), (other, "new")):
            server.plane.ingest.submit(SendRequest(server.origin, "alice", chat, client_id, "hello", "text/plain", 0.0))
        await server.plane.drained()
        refusal, answer = server.origin.answers[-2:]
        assert isinstance(refusal, ClientError)
        assert not isinstance(answer, SurewireError)
        assert answer[0].sequence == 1


async def test_what_was_removed_on_purpose_is_no_loss(tmp_path: Path) -> None:
    chat_id = await chat_with(tmp_path, 4)
    gone = await chat_with(tmp_path, 4)
    async with served(tmp_path) as server:
        await server.store.messages.prune(2**62, 3)
        await server.store.messages.delete_chat(gone, "alice")
        assert await server.audit() == (0, 0, 0)
        assert await server.send(chat_id, "new") == 5


async def test_a_sample_of_what_is_acknowledged_is_looked_at(tmp_path: Path) -> None:
    chat_id = await chat_with(tmp_path, 1)
    async with served(tmp_path) as server:
        await server.plane.auditor.check_sample()
        await server.send(chat_id, "a")
        await server.store.writer.run(lambda connection: connection.execute("DELETE FROM messages WHERE sequence = 2").fetchall())
        await server.plane.auditor.check_sample()
        assert server.instruments.ack_sent["false"].n == 1


async def test_damaged_pages_are_refused_and_never_served(tmp_path: Path) -> None:
    chat_id = await chat_with(tmp_path, 50)
    path = tmp_path / "surewire.db"
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(BackendCorruptError):
        async with open_sqlite_store(tmp_path, SqliteStore(), SettableClock()) as store:
            await store.messages.history(chat_id, "alice", before=None, after=None, limit=50)
