"""Receipts: many acknowledgements, few writes, nothing lost but to a crash."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from surewire.adapters.memory.message_store import MemoryMessageStore
from surewire.adapters.memory.store import memory_store
from surewire.durability.receipts import CoalescedReceipts
from surewire.errors import BackendUnavailableError
from surewire.ports.message_store import MessageStore, WatermarkState, WatermarkUpdate
from tests.contracts.open_store import Sender
from tests.fakes.clock import SettableClock


class Recording:
    """A store that notes what it is asked to raise, and can fail or wait."""

    def __init__(self, store: MemoryMessageStore) -> None:
        self._store = store
        self.asked: list[list[WatermarkUpdate]] = []
        self.error: Exception | None = None
        self.gate: asyncio.Event | None = None

    async def acknowledge(self, updates: Sequence[WatermarkUpdate]) -> list[WatermarkUpdate]:
        self.asked.append(list(updates))
        if self.gate is not None:
            await self.gate.wait()
        if self.error is not None:
            raise self.error
        return await self._store.acknowledge(updates)


class Office:
    def __init__(self, store: MemoryMessageStore, chat_id: str) -> None:
        self.store, self.chat_id = store, chat_id
        self.recording = Recording(store)
        asked: MessageStore = self.recording  # type: ignore[assignment]
        self.receipts = CoalescedReceipts(asked, max_pending=5)

    def update(self, user: str, sequence: int, state: WatermarkState = "delivered", chat_id: str | None = None) -> WatermarkUpdate:
        return WatermarkUpdate(user, state, self.chat_id if chat_id is None else chat_id, sequence)

    async def delivered(self) -> dict[str, tuple[int, int]]:
        members = (await self.store.delivery(self.chat_id, "alice")).members
        return {member.user_id: (member.delivered_sequence, member.read_sequence) for member in members}


@pytest.fixture
async def office() -> Office:
    store = memory_store(SettableClock())
    chat_id = (await store.messages.create_chat("alice", ["bob"], None)).chat_id
    sender = Sender(store.message_writer)
    for number in range(9):
        await sender.send(chat_id, "alice", str(number))
    return Office(store.messages, chat_id)


async def test_the_highest_of_each_user_chat_and_state_is_stored_in_one_call(office: Office) -> None:
    for sequence in (3, 7, 5):
        office.receipts.acknowledge(office.update("bob", sequence))
        office.receipts.acknowledge(office.update("alice", sequence, "read"))
    await office.receipts.flush()
    assert office.recording.asked == [[office.update("bob", 7), office.update("alice", 7, "read")]]
    assert await office.delivered() == {"alice": (7, 7), "bob": (7, 0)}
    await office.receipts.flush()
    assert len(office.recording.asked) == 1


async def test_outsiders_are_told_to_whoever_gave_the_update(office: Office) -> None:
    refused: list[WatermarkUpdate] = []
    outside = [office.update("mallory", 1), office.update("bob", 1, chat_id="chat_x")]
    for update in (*outside, office.update("bob", 1)):
        office.receipts.acknowledge(update, refused.append)
    office.receipts.acknowledge(office.update("eve", 1))
    await office.receipts.flush()
    assert refused == outside


async def test_a_failing_store_keeps_the_updates_for_the_next_time_and_newer_ones_win(office: Office) -> None:
    office.receipts.acknowledge(office.update("bob", 3))
    office.recording.error = BackendUnavailableError("memory", "no")
    with pytest.raises(BackendUnavailableError):
        await office.receipts.flush()
    office.recording.error = None
    office.receipts.acknowledge(office.update("bob", 2))
    await office.receipts.flush()
    assert await office.delivered() == {"alice": (0, 0), "bob": (3, 0)}


async def test_a_flush_waits_for_the_one_that_runs(office: Office) -> None:
    office.recording.gate = asyncio.Event()
    office.receipts.acknowledge(office.update("bob", 3))
    first = asyncio.ensure_future(office.receipts.flush())
    await asyncio.sleep(0)
    second = asyncio.ensure_future(office.receipts.flush())
    await asyncio.sleep(0)
    assert not second.done()
    office.recording.gate.set()
    await asyncio.gather(first, second)
    assert (await office.delivered())["bob"] == (3, 0)


async def test_a_cancelled_flush_keeps_the_updates(office: Office) -> None:
    office.recording.gate = asyncio.Event()
    office.receipts.acknowledge(office.update("bob", 3))
    flush = asyncio.ensure_future(office.receipts.flush())
    await asyncio.sleep(0)
    flush.cancel()
    with pytest.raises(asyncio.CancelledError):
        await flush
    office.recording.gate.set()
    await office.receipts.flush()
    assert (await office.delivered())["bob"] == (3, 0)


async def test_what_waits_is_bounded_and_known_watermarks_still_rise(office: Office) -> None:
    for number in range(8):
        office.receipts.acknowledge(office.update(f"user{number}", 1))
    office.receipts.acknowledge(office.update("user0", 9))
    await office.receipts.flush()
    assert [update.user_id for update in office.recording.asked[0]] == [f"user{number}" for number in range(5)]
    assert office.recording.asked[0][0].sequence == 9
