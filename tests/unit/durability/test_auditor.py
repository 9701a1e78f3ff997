"""The auditor's timetable and its counting, over a store in memory; damage to real files is in tests/crash."""

from __future__ import annotations

import pytest

from surewire.adapters.memory.store import MemoryStore, memory_store
from surewire.durability.acknowledged import Acknowledged
from surewire.durability.auditor import Auditor
from surewire.errors import BackendUnavailableError
from tests.contracts.open_store import Sender
from tests.fakes.clock import SettableClock
from tests.unit.durability.instruments import new_instruments


class Audited:
    def __init__(self, clock: SettableClock) -> None:
        self.clock = clock
        self.store: MemoryStore = memory_store(clock)
        self.sender = Sender(self.store.message_writer)
        self.acknowledged, self.instruments = Acknowledged(), new_instruments()
        self.reopenings = self.beats = 0
        self.auditor = Auditor(self.store.audit, self.store.marks, self.acknowledged, clock, self.instruments, lambda: self.reopenings)

    async def look(self) -> int:
        """Whether a full audit was made (by its beats)."""
        before = self.beats
        await self.auditor.look(self._beat)
        return self.beats > before

    def _beat(self) -> None:
        self.beats += 1

    @property
    def lost(self) -> int:
        return self.instruments.ack_sent["false"].n


@pytest.fixture
async def audited() -> Audited:
    audited = Audited(SettableClock())
    await audited.store.messages.create_chat("alice", [], None)
    return audited


async def test_everything_is_looked_at_at_the_start_every_hour_and_after_each_reopening(audited: Audited) -> None:
    assert await audited.look()
    assert not await audited.look()
    audited.clock.advance(3_599)
    assert not await audited.look()
    audited.clock.advance(1)
    assert await audited.look()
    audited.reopenings = 1
    assert await audited.look()
    assert not await audited.look()


async def test_acknowledged_marks_of_this_very_moment_are_part_of_a_full_audit(audited: Audited) -> None:
    audited.acknowledged.highest["chat_gone"] = 4
    await audited.look()
    assert audited.lost == 4
    assert audited.acknowledged.highest == {}
    audited.reopenings = 1
    await audited.look()
    assert audited.lost == 4


async def test_marks_that_could_not_be_stored_are_kept_and_newer_ones_win(audited: Audited, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(_: object) -> None:
        audited.acknowledged.highest["chat_a"] = 5
        raise BackendUnavailableError("memory", "no")

    audited.acknowledged.highest.update({"chat_a": 3, "chat_b": 2})
    with monkeypatch.context() as patched:
        patched.setattr(audited.store.marks, "raise_to", fail)
        with pytest.raises(BackendUnavailableError):
            await audited.auditor.store_marks()
    await audited.auditor.store_marks()
    assert [tuple(mark) for mark in await audited.store.marks.read("", 9)] == [("chat_a", 5), ("chat_b", 2)]


async def test_one_batch_is_looked_at_between_two_looks(audited: Audited) -> None:
    chat_id = (await audited.store.messages.create_chat("alice", [], None)).chat_id
    message = await audited.sender.send(chat_id, "alice", "a")
    audited.acknowledged.offer([message])
    audited.acknowledged.offer([])
    assert list(audited.acknowledged.take_sample()) == [message]
    assert list(audited.acknowledged.take_sample()) == []


async def test_a_duplicate_raises_a_mark_that_an_earlier_life_may_not_have_stored(audited: Audited) -> None:
    chat_id = (await audited.store.messages.create_chat("alice", [], None)).chat_id
    messages = [await audited.sender.send(chat_id, "alice", str(number)) for number in range(3)]
    audited.acknowledged.note_repeated(messages[1])
    audited.acknowledged.note_repeated(messages[0])
    assert audited.acknowledged.highest == {chat_id: 2}
