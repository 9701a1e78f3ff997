"""One chat as one client reads it: every message of others once, in order, across any number of connections.

Theory of operation. A connection delivers a chat in order and leaves nothing out, but for what this client sent itself: that comes back
as an acknowledgement with its sequence, before or after later messages. So `position`, up to which everything is dealt with, moves

    to a message's sequence    when the message is released (what lies between was this client's own),
    over own sequences         only when they follow it without a gap: others' messages may still be on their way.

After a reconnect the chat is BEHIND: pages from `position` on are taken, live messages are not (only the highest is noted), until the
pages have reached it. A message of the own user waits while a send is unanswered, because it may be that very send, stored before the
connection broke; everything after it waits too, to keep the order.

A chat that is read from now on is FRESH: its position is the latest sequence that a listing showed, but a message below it may still be
on its way live. The first live message tells the exact place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Final

from surewire.domain.message import Message

__all__ = ["ChatFeed"]

MAX_HELD: Final = 1_000


class ChatFeed:
    """Takes messages and acknowledgements as they come, gives messages as they should be read. No I/O."""

    __slots__ = ("_held", "_highest_live", "_own", "_unanswered", "_user_id", "is_behind", "is_fresh", "position")

    def __init__(self, user_id: str, position: int, *, is_behind: bool = False, is_fresh: bool = False) -> None:
        self.position = position
        self.is_behind, self.is_fresh = is_behind, is_fresh
        self._user_id = user_id
        self._own: set[int] = set()
        self._held: deque[Message] = deque()
        self._unanswered = 0
        self._highest_live = 0

    @property
    def wants_page(self) -> bool:
        """Whether the next page should be fetched now."""
        return self.is_behind and len(self._held) < MAX_HELD

    @property
    def cursor(self) -> int:
        """The sequence after which the next page has to start."""
        return self._held[-1].sequence if self._held else self.position

    def disconnected(self) -> None:
        """Live messages stop; what comes next is read in pages. What is held will come again in them."""
        self.is_behind = True
        self._highest_live = 0
        self._held.clear()
        self._settle()

    def live(self, message: Message, *, has_room: bool = True) -> list[Message]:
        """What can be read now that a message came live. Without room it is left to a later page."""
        if self.is_fresh:
            self.position, self.is_fresh = message.sequence - 1, False
        if self.is_behind or not has_room or len(self._held) >= MAX_HELD:
            self.is_behind = True
            self._highest_live = max(self._highest_live, message.sequence)
            return []
        return self._take((message,))

    def page(self, messages: Iterable[Message], *, has_more: bool) -> list[Message]:
        """What can be read now that a page came. The chat is no longer behind when there are no more and none came live beyond them."""
        released = self._take(messages)
        self.is_behind = has_more or self._highest_live > self.cursor
        return released

    def skip_to(self, sequence: int) -> None:
        """Everything up to a sequence is gone for good."""
        self.position = max(self.position, sequence)

    def sent(self) -> None:
        """A message of this client is on its way."""
        self._unanswered += 1

    def answered(self, sequence: int | None) -> list[Message]:
        """What can be read now that a send got its sequence, or (None) was refused or given up."""
        self._unanswered = max(0, self._unanswered - 1)
        if sequence is not None and sequence > self.position:
            self._own.add(sequence)
        if len(self._own) > MAX_HELD:
            self._settle()
        return self._release()

    def _settle(self) -> None:
        self.is_fresh = False
        self._step_over_own()

    def _take(self, messages: Iterable[Message]) -> list[Message]:
        for message in messages:
            if message.sequence > self.cursor:
                self._held.append(message)
        return self._release()

    def _release(self) -> list[Message]:
        released: list[Message] = []
        while self._held and not self._may_be_own(self._held[0]):
            message = self._held.popleft()
            if message.sequence not in self._own:
                released.append(message)
            self._move_to(message.sequence)
        self._step_over_own()
        return released

    def _may_be_own(self, message: Message) -> bool:
        return message.sender_id == self._user_id and self._unanswered > 0 and message.sequence not in self._own

    def _move_to(self, sequence: int) -> None:
        self.position = sequence
        if self._own:
            self._own = {own for own in self._own if own > sequence}

    def _step_over_own(self) -> None:
        while not self.is_fresh and self.position + 1 in self._own:
            self.position += 1
            self._own.discard(self.position)
