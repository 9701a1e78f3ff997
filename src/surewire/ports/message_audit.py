"""What the auditor needs: to look into the store with its own eyes, and to remember what was promised."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Protocol

from msgspec import Struct

from surewire.domain.message import Message

__all__ = ["AcknowledgedMarks", "Finding", "FindingKind", "MessageAudit"]

FindingKind = Literal["lost", "duplicate_sequence", "counter"]


class Finding(Struct, frozen=True, gc=False):
    """A broken promise in one chat. `lost`: the acknowledged sequences `first` to `last` are not there, and nobody removed them.
    `duplicate_sequence`: `first` is there more than once. `counter`: the chat's counter is absent, or below `first`, its highest sequence.
    """

    kind: FindingKind
    chat_id: str
    first: int
    last: int

    @property
    def count(self) -> int:
        """How many sequences it is about."""
        return self.last - self.first + 1


class MessageAudit(Protocol):
    """Reads what is stored through connections that serve nothing else."""

    async def chat_ids(self, after: str, limit: int) -> Sequence[str]:
        """Ids of stored chats, deleted ones included, ascending after one."""
        ...

    async def examine(self, marks: Mapping[str, int], beat: Callable[[], None]) -> Sequence[Finding]:
        """What is wrong in the named chats, of which everything up to the mark was acknowledged (0: nothing that we know of).

        A large chat is looked at piece by piece; `beat` is called after each piece and after each chat.
        """
        ...

    async def absent(self, messages: Sequence[Message]) -> Sequence[Message]:
        """Those of the acknowledged messages that are not stored as they were acknowledged and were not removed either."""
        ...


class AcknowledgedMarks(Protocol):
    """The highest acknowledged sequence of each chat, kept apart from the store so that they do not get lost together."""

    async def raise_to(self, marks: Mapping[str, int]) -> None:
        """Raises marks, never lowers one; durable on return."""
        ...

    async def read(self, after: str, limit: int) -> Sequence[tuple[str, int]]:
        """Marks by chat id, ascending after one."""
        ...

    async def unreported(self, findings: Sequence[Finding]) -> Sequence[Finding]:
        """Those findings, or parts of them, that were never given before; durable on return, so each is reported once ever."""
        ...
