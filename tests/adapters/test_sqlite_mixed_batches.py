"""Batches in which some requests claim an `Idempotency-Key` become what they would become one message at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, ClassVar

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from surewire.adapters.memory.store import memory_store
from surewire.adapters.sqlite import message_writer
from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.message_batch import MessageBatch
from surewire.adapters.sqlite.store import open_sqlite_store
from surewire.config.model import SqliteStore
from surewire.domain.message import Message
from surewire.errors import ClientError
from surewire.ports.event_log import CommittedMessage
from surewire.ports.idempotency import AlreadyAnsweredError, Answer, Claim
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import CommitTimes, Stored, WriteOutcome
from tests.contracts.open_store import OpenStore, Sender
from tests.fakes.clock import SettableClock

Send = tuple[int, str, str, str, str | None]
"""Which chat (the third does not exist), sender, client id, content, and key when one is claimed."""

SENDS = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["alice", "bob", "mallory"]),
    st.sampled_from("abcdef"),
    st.sampled_from("xy"),
    st.one_of(st.none(), st.none(), st.sampled_from("klm")),
)
FIRST: Send = (0, "alice", "a", "x", None)
CLAIMED: Send = (0, "alice", "b", "x", "k")


class Noting(Sender):
    """A sender that writes down what became of each request, in words that are the same for every store."""

    def __init__(self, store: OpenStore) -> None:
        super().__init__(store.message_writer)
        self.noted: list[tuple[Any, ...]] = []

    def stored(self, requests: Sequence[SendRequest], outcomes: Sequence[WriteOutcome], commit: CommitTimes) -> None:
        super().stored(requests, outcomes, commit)
        self.noted += [(r.client_message_id, r.content, *_words(outcome)) for r, outcome in zip(requests, outcomes, strict=True)]


def _words(outcome: WriteOutcome) -> tuple[Any, ...]:
    if isinstance(outcome, CommittedMessage):
        return "new", outcome.position, *_what(outcome.message)
    if isinstance(outcome, Message):
        return "duplicate", *_what(outcome)
    if isinstance(outcome, AlreadyAnsweredError):
        return "answered", outcome.answer.body
    assert isinstance(outcome, ClientError)
    return "refused", outcome.code, outcome.path


def _what(message: Message) -> tuple[Any, ...]:
    return message.sequence, message.sender_id, message.content, message.created_at


def _claim(key: str | None, content: str) -> Claim | None:
    def render(stored: Stored) -> Answer:
        return Answer(201, repr((_what(stored.message), stored.duplicate)).encode())

    return None if key is None else Claim("alice", "POST", "/v1/messages", key, sha256(content.encode()).digest(), render)


async def _noted(store: OpenStore, clock: SettableClock, batches: list[list[Send]]) -> list[tuple[Any, ...]]:
    """What became of every request, then what each chat holds."""
    chat_ids = [(await store.messages.create_chat("alice", ["bob"], None)).chat_id for _ in range(2)] + ["chat_x"]
    sender = Noting(store)
    for batch in batches:
        await sender.send_all([sender.request(chat_ids[c], who, cid, text, claim=_claim(key, text)) for c, who, cid, text, key in batch])
        clock.advance(1)
    pages = [await store.messages.history(chat_id, "alice", before=None, after=None, limit=100) for chat_id in chat_ids[:2]]
    return sender.noted + [_what(message) for page in pages for message in page.messages]


async def _both(batches: list[list[Send]]) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    clock, other_clock = SettableClock(), SettableClock()
    with TemporaryDirectory() as folder:
        async with open_sqlite_store(Path(folder), SqliteStore(), clock) as store:
            return await _noted(store, clock, batches), await _noted(memory_store(other_clock), other_clock, batches)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(SENDS, min_size=1, max_size=12), min_size=1, max_size=3))
@example([[FIRST, CLAIMED, FIRST, CLAIMED, (0, "bob", "a", "x", None)]])
@example([[CLAIMED, CLAIMED, (1, "alice", "b", "x", None), (0, "alice", "b", "x", None), (0, "alice", "b", "y", None)]])
def test_claimed_and_unclaimed_requests_of_one_batch_become_what_they_become_in_memory(batches: list[list[Send]]) -> None:
    stored, in_memory = asyncio.run(_both(batches))
    assert stored == in_memory


class Counted(MessageBatch):
    """How often messages were written together, and how many each time."""

    sizes: ClassVar[list[int]] = []

    def write(self, connection: Connection) -> None:
        self.sizes.append(len(self._rows))
        super().write(connection)


async def test_requests_without_a_claim_are_written_together_around_a_claimed_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(message_writer, "MessageBatch", Counted)
    monkeypatch.setattr(Counted, "sizes", [])
    clock = SettableClock()
    async with open_sqlite_store(tmp_path, SqliteStore(), clock) as store:
        batch: list[Send] = [(0, "alice", str(number), "x", "k" if number in (0, 7, 8, 29) else None) for number in range(30)]
        noted = await _noted(store, clock, [batch])
    answered = [number for number, what in enumerate(noted[:30]) if what[2] == "answered"]
    sequences = [what[4] for what in noted[:30] if what[2] == "new"]
    assert (answered, sequences) == ([7, 8, 29], list(range(1, 28)))
    assert Counted.sizes == [1, 6, 20]
