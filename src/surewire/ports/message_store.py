"""Chats, members, messages and watermarks: everything durable but the sending itself, which is `Ingest`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, Protocol

from msgspec import Struct

from surewire.domain.chat import Chat, Watermarks
from surewire.domain.message import MessagePage
from surewire.ports.idempotency import Claim

__all__ = [
    "PAGE_BYTES",
    "ChatPage",
    "Delivery",
    "MessageStore",
    "StoreCheck",
    "StoreStats",
    "SyncRequest",
    "WatermarkState",
    "WatermarkUpdate",
]

PAGE_BYTES = 512 * 1024
"""A page of messages also ends here, never before its first message; `has_more` says so."""

WatermarkState = Literal["delivered", "read"]


class SyncRequest(Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What a client has of one chat: everything up to `after_sequence`."""

    chat_id: str
    after_sequence: int


class WatermarkUpdate(Struct, frozen=True, gc=False):
    """A member's word that it has everything of a chat up to a sequence. By `message_id` when `chat_id` is empty."""

    user_id: str
    state: WatermarkState
    chat_id: str = ""
    sequence: int = 0
    message_id: str = ""


class ChatPage(Struct, frozen=True):
    """Some of a user's chats, without their members, by chat id. `next` continues the list."""

    items: tuple[Chat, ...]
    next: str | None


class Delivery(Struct, frozen=True):
    """How far every member of a chat has got."""

    latest_sequence: int
    members: tuple[Watermarks, ...]


class StoreStats(Struct, frozen=True):
    """Sizes of a store."""

    chats: int
    messages: int
    members: int
    size_bytes: int
    oldest_message_at: str | None
    newest_message_at: str | None


class StoreCheck(Struct, frozen=True):
    """What an integrity check found; each problem is one sentence, none means sound."""

    chats: int
    messages: int
    problems: tuple[str, ...]


class MessageStore(Protocol):
    """Durable chats. Every method returns after its commit, and sees every commit that was answered before it was called.

    `actor` is the asking user: whoever is no member of a chat gets `NOT_FOUND`, as for a chat that does not exist; a member
    without the right gets `FORBIDDEN`. A full chat, or too many members, is `LIMIT_EXCEEDED`.
    Raises throughout: ClientError as said; BackendUnavailableError when the store cannot be used now.
    """

    async def create_chat(self, actor: str, members: Sequence[str], name: str | None, claim: Claim | None = None) -> Chat:
        """A new chat owned by `actor`, who is a member, named or not."""
        ...

    async def chat(self, chat_id: str, actor: str) -> Chat:
        """The chat with its members."""
        ...

    async def chats_of(self, actor: str, limit: int, cursor: str | None) -> ChatPage:
        """The chats that `actor` is a member of, by id, after `cursor`."""
        ...

    async def rename_chat(self, chat_id: str, actor: str, name: str | None) -> Chat:
        """The renamed chat. Owner only."""
        ...

    async def delete_chat(self, chat_id: str, actor: str) -> None:
        """Removes the chat and everything in it. Owner only."""
        ...

    async def add_member(self, chat_id: str, actor: str, user_id: str) -> Chat:
        """The chat with the member in it; no change when it was one already. Owner only, but anyone joins the lobby, which is made at
        first use."""
        ...

    async def remove_member(self, chat_id: str, actor: str, user_id: str) -> None:
        """Takes a member out: the owner anyone but itself, everyone itself. The owner deletes the chat instead of leaving: `CONFLICT`."""
        ...

    async def members(self, chat_id: str) -> frozenset[str] | None:
        """The members' user ids, for delivery; None when there is no such chat."""
        ...

    async def history(self, chat_id: str, actor: str, *, before: int | None, after: int | None, limit: int) -> MessagePage:
        """At most `limit` messages: the last ones below `before`, or the first ones above `after`, or (neither) the newest."""
        ...

    async def sync(self, actor: str, chats: Sequence[SyncRequest], limit: int) -> tuple[list[MessagePage], list[str]]:
        """A page per chat of what comes after its sequence, `PAGE_BYTES` in all (later chats may come empty with `has_more`), and
        the ids of those chats that are not the actor's. In the order asked."""
        ...

    async def delivery(self, chat_id: str, actor: str) -> Delivery:
        """Every member's watermarks, including all updates given before the call."""
        ...

    async def acknowledge(self, updates: Sequence[WatermarkUpdate]) -> list[WatermarkUpdate]:
        """Raises watermarks (the highest wins, clamped to the latest sequence; `read` implies delivered) and returns the updates
        that named a chat their user is no member of. An unknown `message_id` is none of these: it may be an event's."""
        ...

    async def prune(self, older_than_micros: int, limit: int) -> int:
        """Removes at most `limit` messages persisted before the instant, oldest first in every chat, and returns how many."""
        ...

    async def stats(self) -> StoreStats:
        """Sizes; may take a while on a large store."""
        ...

    async def check(self) -> StoreCheck:
        """Looks at everything: file integrity, sequences gapless above retention's mark, counters equal, no orphans."""
        ...
