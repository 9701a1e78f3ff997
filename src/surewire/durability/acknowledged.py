"""What this process has acknowledged and the auditor has not yet taken: the highest sequences, and a sample of whole batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from surewire.domain.message import Message

__all__ = ["Acknowledged"]

_SAMPLE: Final = 500


class Acknowledged:
    """Written for every acknowledgement, so it is a dictionary and little else."""

    __slots__ = ("_sample", "highest")

    def __init__(self) -> None:
        self.highest: dict[str, int] = {}
        self._sample: list[Message] | None = []

    def note_repeated(self, message: Message) -> None:
        """A duplicate was acknowledged: its first acknowledgement may be from before a crash."""
        if message.sequence > self.highest.get(message.chat_id, 0):
            self.highest[message.chat_id] = message.sequence

    def offer(self, messages: Sequence[Message]) -> None:
        """A batch that was just acknowledged; kept when none is kept since the last look."""
        if not self._sample:
            self._sample = list(messages[:_SAMPLE])

    def take_highest(self) -> dict[str, int]:
        """The highest sequences since the last call."""
        highest, self.highest = self.highest, {}
        return highest

    def put_back(self, highest: dict[str, int]) -> None:
        """Gives back what could not be stored."""
        self.highest = {**highest, **{chat: max(sequence, highest.get(chat, 0)) for chat, sequence in self.highest.items()}}

    def take_sample(self) -> Sequence[Message]:
        """One batch that was acknowledged since the last call; empty when there was none."""
        sample, self._sample = self._sample, []
        return sample or ()
