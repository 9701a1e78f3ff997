"""What every `MessageAudit` and `AcknowledgedMarks` promise on a sound store; faults are each adapter's own."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager

import msgspec
import pytest

from surewire.ports.message_audit import Finding
from tests.contracts.open_store import OpenStore, Sender
from tests.fakes.clock import SettableClock

__all__ = ["MessageAuditContract"]


class MessageAuditContract:
    def open(self, clock: SettableClock, *, max_members: int = 1_000, lobby: bool = True) -> AbstractAsyncContextManager[OpenStore]:
        raise NotImplementedError

    @pytest.fixture
    def clock(self) -> SettableClock:
        return SettableClock()

    @pytest.fixture
    async def opened(self, clock: SettableClock) -> AsyncGenerator[OpenStore]:
        async with self.open(clock) as opened:
            yield opened

    @pytest.fixture
    def sender(self, opened: OpenStore) -> Sender:
        return Sender(opened.message_writer)

    @pytest.fixture
    async def chat_id(self, opened: OpenStore, sender: Sender) -> str:
        chat_id = (await opened.messages.create_chat("alice", ["bob"], None)).chat_id
        for number in range(5):
            await sender.send(chat_id, "alice", str(number))
        return chat_id

    async def test_a_sound_chat_has_no_findings(self, opened: OpenStore, chat_id: str) -> None:
        for mark in (0, 3, 5):
            assert list(await opened.audit.examine({chat_id: mark}, lambda: None)) == []

    async def test_what_was_acknowledged_and_is_not_there_is_lost(self, opened: OpenStore, chat_id: str) -> None:
        assert list(await opened.audit.examine({chat_id: 7, "chat_x": 2, "chat_y": 0}, lambda: None)) == [
            Finding("lost", chat_id, 6, 7),
            Finding("lost", "chat_x", 1, 2),
        ]

    async def test_what_was_removed_counts_as_found(self, opened: OpenStore, clock: SettableClock, sender: Sender, chat_id: str) -> None:
        clock.advance(1)
        await opened.messages.prune(clock.now_micros(), 3)
        assert list(await opened.audit.examine({chat_id: 5}, lambda: None)) == []
        assert list(await opened.audit.absent(sender.acknowledged)) == []
        await opened.messages.delete_chat(chat_id, "alice")
        assert list(await opened.audit.examine({chat_id: 5}, lambda: None)) == []
        await opened.messages.prune(0, 100)
        assert list(await opened.audit.examine({chat_id: 5}, lambda: None)) == []
        assert list(await opened.audit.absent(sender.acknowledged)) == []

    async def test_an_acknowledged_message_is_found_as_it_was(self, opened: OpenStore, sender: Sender, chat_id: str) -> None:
        assert list(await opened.audit.absent(sender.acknowledged)) == []
        other = msgspec.structs.replace(sender.acknowledged[2], message_id="msg_other")
        beyond = msgspec.structs.replace(sender.acknowledged[2], message_id="msg_beyond", sequence=9)
        assert list(await opened.audit.absent([sender.acknowledged[0], other, beyond])) == [other, beyond]

    async def test_chats_are_listed_by_id_deleted_ones_too(self, opened: OpenStore, clock: SettableClock, chat_id: str) -> None:
        clock.advance(1)
        second = (await opened.messages.create_chat("alice", [], None)).chat_id
        await opened.messages.delete_chat(chat_id, "alice")
        assert list(await opened.audit.chat_ids("", 10)) == [chat_id, second]
        assert list(await opened.audit.chat_ids("", 1)) == [chat_id]
        assert list(await opened.audit.chat_ids(chat_id, 10)) == [second]

    async def test_marks_only_rise(self, opened: OpenStore) -> None:
        await opened.marks.raise_to({"chat_a": 3, "chat_b": 1})
        await opened.marks.raise_to({"chat_a": 2, "chat_c": 9})
        assert [tuple(mark) for mark in await opened.marks.read("", 10)] == [("chat_a", 3), ("chat_b", 1), ("chat_c", 9)]
        assert [tuple(mark) for mark in await opened.marks.read("chat_a", 1)] == [("chat_b", 1)]

    async def test_a_finding_is_reported_once_and_what_is_new_of_it_again(self, opened: OpenStore) -> None:
        marks = opened.marks
        first = [Finding("lost", "chat_a", 3, 5), Finding("counter", "chat_a", 3, 3)]
        assert list(await marks.unreported(first)) == first
        assert list(await marks.unreported(first)) == []
        assert list(await marks.unreported([Finding("lost", "chat_a", 1, 9), Finding("lost", "chat_b", 3, 5)])) == [
            Finding("lost", "chat_a", 1, 2),
            Finding("lost", "chat_a", 6, 9),
            Finding("lost", "chat_b", 3, 5),
        ]
        assert list(await marks.unreported([Finding("lost", "chat_a", 2, 7)])) == []
