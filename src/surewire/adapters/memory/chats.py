"""The nouns in memory: chats with members and messages."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field

from surewire.domain.chat import Chat, Member, Watermarks
from surewire.domain.instant import format_instant
from surewire.domain.message import Message
from surewire.errors import ClientError

__all__ = ["MemoryChat", "MemoryChats", "MemoryMember", "StoredMessage", "no_such_chat"]


def no_such_chat() -> ClientError:
    """The one answer to an outsider, whether the chat exists or not."""
    return ClientError("NOT_FOUND", "there is no such chat, or you are no member of it", path="chat_id")


@dataclass(slots=True)
class MemoryMember:
    """A member and its watermarks."""

    joined_micros: int
    delivered: int = 0
    read: int = 0


@dataclass(slots=True, frozen=True)
class StoredMessage:
    """A message, its place in the log and what makes it one and the same."""

    position: int
    micros: int
    client_message_id: str
    message: Message


@dataclass(slots=True)
class MemoryChat:
    """A chat; `messages` are those kept, by sequence."""

    chat_id: str
    name: str | None
    owner: str | None
    created_micros: int
    latest_sequence: int = 0
    removed_up_to: int = 0
    latest_micros: int = 0
    deleted: bool = False
    members: dict[str, MemoryMember] = field(default_factory=dict[str, MemoryMember])
    messages: list[StoredMessage] = field(default_factory=list[StoredMessage])
    by_client_id: dict[tuple[str, str], StoredMessage] = field(default_factory=dict[tuple[str, str], StoredMessage])

    def seen(self, *, members: bool = True) -> Chat:
        """The chat as its members see it."""
        people = sorted(self.members.items(), key=lambda item: (item[1].joined_micros, item[0])) if members else ()
        return Chat(
            self.chat_id,
            self.name,
            self.owner,
            format_instant(self.created_micros),
            self.latest_sequence,
            tuple(Member(user, "owner" if user == self.owner else "member", format_instant(m.joined_micros)) for user, m in people),
        )

    def watermarks(self) -> tuple[Watermarks, ...]:
        """Every member's, by user id."""
        return tuple(Watermarks(user, member.delivered, member.read) for user, member in sorted(self.members.items()))

    def after(self, sequence: int) -> list[StoredMessage]:
        """Kept messages above a sequence."""
        return self.messages[bisect_right(self.messages, sequence, key=lambda stored: stored.message.sequence) :]

    def before(self, sequence: int) -> list[StoredMessage]:
        """Kept messages below a sequence."""
        return self.messages[: bisect_right(self.messages, sequence - 1, key=lambda stored: stored.message.sequence)]

    def remove_first(self, count: int) -> None:
        """Forgets the oldest messages."""
        for stored in self.messages[:count]:
            del self.by_client_id[stored.message.sender_id, stored.client_message_id]
            self.removed_up_to = max(self.removed_up_to, stored.message.sequence)
        del self.messages[:count]


class MemoryChats:
    """All chats, deleted ones too, and all messages by id."""

    def __init__(self) -> None:
        self.all: dict[str, MemoryChat] = {}
        self.by_message_id: dict[str, tuple[MemoryChat, Message]] = {}

    def living(self, chat_id: str) -> MemoryChat | None:
        """The chat, unless it does not exist or was deleted."""
        chat = self.all.get(chat_id)
        return None if chat is None or chat.deleted else chat

    def joined(self, chat_id: str, actor: str) -> MemoryChat:
        """A chat of the actor's. Raises: ClientError `NOT_FOUND`."""
        chat = self.living(chat_id)
        if chat is None or actor not in chat.members:
            raise no_such_chat()
        return chat

    def owned(self, chat_id: str, actor: str) -> MemoryChat:
        """A chat that the actor owns. Raises: ClientError `NOT_FOUND`, `FORBIDDEN`."""
        chat = self.joined(chat_id, actor)
        if chat.owner != actor:
            raise ClientError("FORBIDDEN", "only the owner of the chat may do this")
        return chat
