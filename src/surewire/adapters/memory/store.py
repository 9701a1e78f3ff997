"""A whole store in memory."""

from __future__ import annotations

from dataclasses import dataclass

from surewire.adapters.memory.answers import Answers
from surewire.adapters.memory.audit import MemoryAcknowledgedMarks, MemoryMessageAudit
from surewire.adapters.memory.chats import MemoryChats
from surewire.adapters.memory.event_log import MemoryEventLog
from surewire.adapters.memory.message_store import MemoryMessageStore
from surewire.adapters.memory.message_writer import MemoryMessageWriter
from surewire.ports.clock import Clock

__all__ = ["MemoryStore", "memory_store"]


@dataclass(frozen=True, slots=True)
class MemoryStore:
    """What a store offers, each port by its name."""

    messages: MemoryMessageStore
    message_writer: MemoryMessageWriter
    event_log: MemoryEventLog
    audit: MemoryMessageAudit
    marks: MemoryAcknowledgedMarks
    reopenings: int = 0

    @property
    def problem(self) -> str | None:
        """The fault that a test set."""
        return None if self.message_writer.problem is None else str(self.message_writer.problem)


def memory_store(clock: Clock, *, max_members: int = 1_000, lobby: bool = True) -> MemoryStore:
    """An empty store. Call it where an event loop runs."""
    chats, answers, log = MemoryChats(), Answers(), MemoryEventLog()
    messages = MemoryMessageStore(chats, answers, log, clock, max_members, lobby=lobby)
    writer = MemoryMessageWriter(chats, answers, log, clock)
    return MemoryStore(messages, writer, log, MemoryMessageAudit(chats), MemoryAcknowledgedMarks())
