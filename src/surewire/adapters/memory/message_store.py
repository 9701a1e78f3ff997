"""Chats, members, messages and watermarks in dictionaries."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import msgspec

from surewire.adapters.memory.answers import Answers
from surewire.adapters.memory.chats import MemoryChat, MemoryChats, MemoryMember, StoredMessage
from surewire.adapters.memory.event_log import MemoryEventLog
from surewire.domain.chat import LOBBY, Chat
from surewire.domain.ids import UlidGenerator
from surewire.domain.message import Gap, Message, MessagePage
from surewire.errors import ClientError
from surewire.ports.clock import Clock
from surewire.ports.event_log import MembershipChanged
from surewire.ports.idempotency import Claim
from surewire.ports.message_store import PAGE_BYTES, ChatPage, Delivery, StoreCheck, StoreStats, SyncRequest, WatermarkUpdate

__all__ = ["MemoryMessageStore"]

_encode = msgspec.json.Encoder().encode


class MemoryMessageStore:
    """The `MessageStore` port."""

    def __init__(self, chats: MemoryChats, answers: Answers, log: MemoryEventLog, clock: Clock, max_members: int, *, lobby: bool) -> None:
        self._chats, self._answers, self._log, self._clock = chats, answers, log, clock
        self._max_members, self._lobby = max_members, lobby
        self._ulids = UlidGenerator(secrets.randbits)

    async def create_chat(self, actor: str, members: Sequence[str], name: str | None, claim: Claim | None = None) -> Chat:
        now = self._clock.now_micros()
        self._answers.refuse_repeated(claim, now)
        everyone = dict.fromkeys((actor, *members))
        self._check_size(len(everyone))
        chat = self._add(MemoryChat(f"chat_{self._ulids.next(now // 1_000)}", name, actor, now))
        chat.members = {user_id: MemoryMember(now) for user_id in everyone}
        self._changed(chat)
        self._answers.remember(claim, chat.seen(), now)
        return chat.seen()

    async def chat(self, chat_id: str, actor: str) -> Chat:
        return self._chats.joined(chat_id, actor).seen()

    async def chats_of(self, actor: str, limit: int, cursor: str | None) -> ChatPage:
        mine = sorted(c.chat_id for c in self._chats.all.values() if not c.deleted and actor in c.members and c.chat_id > (cursor or ""))
        items = tuple(self._chats.all[chat_id].seen(members=False) for chat_id in mine[:limit])
        return ChatPage(items, items[-1].chat_id if len(mine) > limit else None)

    async def rename_chat(self, chat_id: str, actor: str, name: str | None) -> Chat:
        chat = self._chats.owned(chat_id, actor)
        chat.name = name
        return chat.seen()

    async def delete_chat(self, chat_id: str, actor: str) -> None:
        chat = self._chats.owned(chat_id, actor)
        chat.deleted, chat.name, chat.owner = True, None, None
        chat.members.clear()
        chat.removed_up_to = chat.latest_sequence
        self._changed(chat)

    async def add_member(self, chat_id: str, actor: str, user_id: str) -> Chat:
        if chat_id == LOBBY and self._lobby and actor == user_id:
            chat = self._chats.all.get(LOBBY) or self._add(MemoryChat(LOBBY, None, None, self._clock.now_micros()))
        else:
            chat = self._chats.owned(chat_id, actor)
        if user_id not in chat.members:
            self._check_size(len(chat.members) + 1)
            chat.members[user_id] = MemoryMember(self._clock.now_micros())
            self._changed(chat)
        return chat.seen()

    async def remove_member(self, chat_id: str, actor: str, user_id: str) -> None:
        chat = self._chats.joined(chat_id, actor)
        if actor == user_id == chat.owner:
            raise ClientError("CONFLICT", "the owner cannot leave; delete the chat instead")
        if user_id == chat.owner or actor not in (user_id, chat.owner):
            raise ClientError("FORBIDDEN", "only the owner of the chat may do this")
        if chat.members.pop(user_id, None) is None:
            raise ClientError("NOT_FOUND", "the chat has no such member", path="user_id")
        self._changed(chat)

    async def members(self, chat_id: str) -> frozenset[str] | None:
        chat = self._chats.living(chat_id)
        return None if chat is None else frozenset(chat.members)

    async def history(self, chat_id: str, actor: str, *, before: int | None, after: int | None, limit: int) -> MessagePage:
        chat = self._chats.joined(chat_id, actor)
        if after is not None:
            return _page_after(chat, actor, after, limit, PAGE_BYTES, free_first=True)
        older = chat.messages if before is None else chat.before(before)
        messages = tuple(reversed(_fitting(older[::-1], limit, PAGE_BYTES, free_first=True)))
        has_more = bool(messages) and messages[0].sequence > chat.removed_up_to + 1
        return MessagePage(chat.chat_id, messages, has_more, chat.latest_sequence)

    async def sync(self, actor: str, chats: Sequence[SyncRequest], limit: int) -> tuple[list[MessagePage], list[str]]:
        pages: list[MessagePage] = []
        outside: list[str] = []
        left = PAGE_BYTES
        for asked in chats:
            chat = self._chats.living(asked.chat_id)
            if chat is None or actor not in chat.members:
                outside.append(asked.chat_id)
                continue
            pages.append(_page_after(chat, actor, asked.after_sequence, limit, left, free_first=left == PAGE_BYTES))
            left -= sum(len(_encode(message)) for message in pages[-1].messages)
        return pages, outside

    async def delivery(self, chat_id: str, actor: str) -> Delivery:
        chat = self._chats.joined(chat_id, actor)
        return Delivery(chat.latest_sequence, chat.watermarks())

    async def acknowledge(self, updates: Sequence[WatermarkUpdate]) -> list[WatermarkUpdate]:
        return [update for update in updates if not self._raise(update)]

    async def prune(self, older_than_micros: int, limit: int) -> int:
        left = limit
        for chat in self._chats.all.values():
            old = sum(1 for stored in chat.messages if chat.deleted or stored.micros < older_than_micros)
            chat.remove_first(min(old, left))
            left -= min(old, left)
        return limit - left

    async def stats(self) -> StoreStats:
        living = [chat for chat in self._chats.all.values() if not chat.deleted]
        messages = sorted((stored for chat in living for stored in chat.messages), key=lambda stored: stored.position)
        oldest, newest = (messages[0].message.created_at, messages[-1].message.created_at) if messages else (None, None)
        size = sum(len(_encode(stored.message)) for stored in messages)
        return StoreStats(len(living), len(messages), sum(len(chat.members) for chat in living), size, oldest, newest)

    async def check(self) -> StoreCheck:
        stats = await self.stats()
        return StoreCheck(stats.chats, stats.messages, ())

    def _add(self, chat: MemoryChat) -> MemoryChat:
        self._chats.all[chat.chat_id] = chat
        return chat

    def _changed(self, chat: MemoryChat) -> None:
        self._log.append([MembershipChanged(chat.chat_id)])

    def _check_size(self, members: int) -> None:
        if members > self._max_members:
            raise ClientError("LIMIT_EXCEEDED", f"a chat has at most {self._max_members:,} members", path="members")

    def _raise(self, update: WatermarkUpdate) -> bool:
        """False when the user is no member of the chat."""
        chat, sequence = self._chats.living(update.chat_id), update.sequence
        if not update.chat_id:
            named = self._chats.by_message_id.get(update.message_id)
            if named is None:
                return True
            chat, sequence = named[0], named[1].sequence
        member = None if chat is None else chat.members.get(update.user_id)
        if chat is None or member is None:
            return False
        sequence = min(sequence, chat.latest_sequence)
        member.delivered = max(member.delivered, sequence)
        member.read = max(member.read, sequence if update.state == "read" else 0)
        return True


def _page_after(chat: MemoryChat, actor: str, after: int, limit: int, size_bytes: int, *, free_first: bool) -> MessagePage:
    messages = tuple(_fitting(chat.after(after), limit, size_bytes, free_first=free_first))
    reached = messages[-1].sequence if messages else max(after, chat.removed_up_to)
    gap = Gap(after + 1, chat.removed_up_to) if after < chat.removed_up_to else None
    delivered = chat.members[actor].delivered
    return MessagePage(chat.chat_id, messages, reached < chat.latest_sequence, chat.latest_sequence, gap, delivered)


def _fitting(stored: Sequence[StoredMessage], limit: int, size_bytes: int, *, free_first: bool) -> list[Message]:
    messages: list[Message] = []
    for each in stored[:limit]:
        size_bytes -= len(_encode(each.message))
        if size_bytes < 0 and not (free_first and not messages):
            break
        messages.append(each.message)
    return messages
