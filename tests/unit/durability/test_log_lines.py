"""What an on-call engineer searches the log for: the fields by which the runbooks tell a lost message from one that was refused."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from surewire.adapters.memory.store import MemoryStore, memory_store
from surewire.durability.acknowledged import Acknowledged
from surewire.durability.auditor import Auditor
from surewire.durability.ingest import DurableIngest
from surewire.errors import BackendUnavailableError
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import SequenceTakenError
from surewire.telemetry.logging import configure
from tests.fakes.clock import SettableClock
from tests.unit.durability.instruments import new_instruments
from tests.unit.durability.origin import Origin


@contextmanager
def errors() -> Generator[list[dict[str, Any]]]:
    """The lines of level error that were logged in the block, without what every line has."""
    stream, lines = io.StringIO(), list[dict[str, Any]]()
    with configure("error", "json", stream):
        yield lines
    lines += map(json.loads, stream.getvalue().splitlines())
    for line in lines:
        for field in ("timestamp", "level", "logger"):
            del line[field]


class Ingested:
    def __init__(self) -> None:
        self.clock = SettableClock()
        self.store: MemoryStore = memory_store(self.clock)
        self.ingest = DurableIngest(self.store.message_writer, self.clock, new_instruments(), Acknowledged(), timeout_s=5)

    async def submit(self) -> None:
        self.ingest.submit(SendRequest(Origin(), "alice", "chat_a", "1", "hello", "text/plain", 0.0))
        await asyncio.sleep(0)


async def test_a_lost_acknowledged_message_is_found_by_its_error_code_and_its_ack() -> None:
    clock, acknowledged = SettableClock(), Acknowledged()
    store = memory_store(clock)
    auditor = Auditor(store.audit, store.marks, acknowledged, clock, new_instruments(), lambda: 0)
    acknowledged.highest["chat_gone"] = 4
    with errors() as lines:
        await auditor.look(lambda: None)
    assert lines == [
        {
            "service": "durability",
            "event": "acknowledged messages are not in the store",
            "error_code": "PERSIST_FAILED",
            "ack_sent": True,
            "chat_id": "chat_gone",
            "first_sequence": 1,
            "last_sequence": 4,
        }
    ]


async def test_a_failed_commit_says_that_nothing_was_acknowledged() -> None:
    ingested = Ingested()
    ingested.store.message_writer.problem = BackendUnavailableError("memory", "the disk is full")
    with errors() as lines:
        await ingested.submit()
        await ingested.ingest.drained()
    assert [(line["service"], line["event"], line["error_code"], line["ack_sent"], line["messages"]) for line in lines] == [
        ("durability", "messages were not acknowledged", "PERSIST_FAILED", False, 1)
    ]
    assert "the disk is full" in lines[0]["reason"]


async def test_a_commit_that_takes_too_long_says_so_too() -> None:
    ingested = Ingested()
    with errors() as lines:
        await ingested.submit()  # handed over, and committed in a later turn only
        ingested.clock.advance(6)
        ingested.ingest.give_up_overdue()
        ingested.ingest.give_up_overdue()
    assert [(line["event"], line["error_code"], line["ack_sent"], line["messages"]) for line in lines] == [
        ("messages were not acknowledged", "PERSIST_FAILED", False, 1)
    ]
    assert "takes too long" in lines[0]["reason"]


async def test_a_sequence_that_is_taken_has_an_error_code_of_its_own_which_no_other_line_keeps_back() -> None:
    ingested = Ingested()
    with errors() as lines:
        for problem in (BackendUnavailableError("memory", "no"), SequenceTakenError("memory", "in use")):
            ingested.store.message_writer.problem = problem
            await ingested.submit()
            await ingested.ingest.drained()
    assert [(line["error_code"], line["ack_sent"], line["messages"]) for line in lines] == [
        ("PERSIST_FAILED", False, 1),
        ("DUPLICATE_SEQUENCE", False, 1),
    ]
