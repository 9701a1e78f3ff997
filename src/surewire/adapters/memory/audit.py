"""The auditor's view of memory, which cannot lose what it was given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import islice

from surewire.adapters.memory.chats import MemoryChats
from surewire.domain.message import Message
from surewire.ports.message_audit import Finding

__all__ = ["MemoryAcknowledgedMarks", "MemoryMessageAudit"]


class MemoryMessageAudit:
    """The `MessageAudit` port."""

    def __init__(self, chats: MemoryChats) -> None:
        self._chats = chats

    async def chat_ids(self, after: str, limit: int) -> Sequence[str]:
        return sorted(chat_id for chat_id in self._chats.all if chat_id > after)[:limit]

    async def examine(self, marks: Mapping[str, int], beat: Callable[[], None]) -> Sequence[Finding]:
        findings: list[Finding] = []
        for chat_id, mark in marks.items():
            findings += self._lost(chat_id, mark)
            beat()
        return findings

    async def absent(self, messages: Sequence[Message]) -> Sequence[Message]:
        return [message for message in messages if not self._is_there(message)]

    def _lost(self, chat_id: str, mark: int) -> list[Finding]:
        chat = self._chats.all.get(chat_id)
        latest = 0 if chat is None else chat.latest_sequence
        return [Finding("lost", chat_id, latest + 1, mark)] if latest < mark else []

    def _is_there(self, message: Message) -> bool:
        chat = self._chats.all.get(message.chat_id)
        if chat is None:
            return False
        stored = self._chats.by_message_id.get(message.message_id)
        return chat.removed_up_to >= message.sequence or (stored is not None and stored[1] == message)


class MemoryAcknowledgedMarks:
    """The `AcknowledgedMarks` port."""

    def __init__(self) -> None:
        self._marks: dict[str, int] = {}
        self._reported: set[tuple[str, str, int]] = set()

    async def raise_to(self, marks: Mapping[str, int]) -> None:
        for chat_id, sequence in marks.items():
            self._marks[chat_id] = max(sequence, self._marks.get(chat_id, 0))

    async def read(self, after: str, limit: int) -> Sequence[tuple[str, int]]:
        return list(islice(((chat_id, mark) for chat_id, mark in sorted(self._marks.items()) if chat_id > after), limit))

    async def unreported(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        return [part for finding in findings for part in self._new_parts(finding)]

    def _new_parts(self, finding: Finding) -> list[Finding]:
        parts: list[Finding] = []
        for sequence in range(finding.first, finding.last + 1):
            place = finding.kind, finding.chat_id, sequence
            if place in self._reported:
                continue
            self._reported.add(place)
            if parts and parts[-1].last == sequence - 1:
                parts[-1] = Finding(finding.kind, finding.chat_id, parts[-1].first, sequence)
            else:
                parts.append(Finding(finding.kind, finding.chat_id, sequence, sequence))
        return parts
