"""The messages of all chats of a user: live ones as they come, missed ones fetched in pages, each once and in order per chat."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Self

from surewire.client.buffer import Buffer
from surewire.client.chat_feed import ChatFeed
from surewire.client.notices import MessagesLost, OnNotice
from surewire.client.requests import Requests
from surewire.domain.chat import Chat
from surewire.domain.message import Message
from surewire.errors import ClientError
from surewire.protocol.client_messages import ChatPosition, SyncRequest
from surewire.protocol.server_messages import ChatPage, SyncResponse

__all__ = ["Inbox"]

_CHATS_PER_SYNC = 50
_MESSAGES_PER_CHAT = 500
_LIST_AGAIN_S = 1.0


class Inbox:
    """An async iterator of messages from others, and from this user's other sessions, but not of what this client sent itself.

    Wait for `ready` where something may be sent right away that must not be missed. It starts closed: messages are ignored until `open`.
    """

    def __init__(self, requests: Requests, *, most: int, notify: OnNotice) -> None:
        self._requests, self._notify = requests, notify
        self._wake = asyncio.Event()
        self._buffer: Buffer[Message] = Buffer(most, self._wake.set)
        self._feeds: dict[str, ChatFeed] = {}
        self._asked: list[str] = []
        self._user_id = ""
        self._is_open = False
        self._is_ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Message:
        return await self._buffer.get()

    async def ready(self) -> Self:
        """This inbox, once it is known from where on each chat is read: nothing that is stored from now on is missed.

        Raises: ClientError when the client ends before.
        """
        await asyncio.shield(self._is_ready)
        return self

    @property
    def positions(self) -> dict[str, int]:
        """The sequence up to which each chat was handed over: where to go on the next time."""
        return {chat_id: feed.position for chat_id, feed in self._feeds.items()}

    def open(self, after: Mapping[str, int]) -> None:
        """Takes messages from now on; of the chats in `after` everything after those sequences. Opening again changes nothing."""
        if self._is_open:
            return
        self._is_open = True
        self._feeds = {chat_id: ChatFeed(self._user_id, sequence, is_behind=True) for chat_id, sequence in after.items()}
        self._wake.set()

    # ---- what the client tells it

    def connected(self, user_id: str) -> None:
        """A connection is there; `run` fetches what was missed."""
        self._user_id = user_id
        self._wake.set()

    def disconnected(self) -> None:
        """Nothing comes until the next connection."""
        for feed in self._feeds.values():
            feed.disconnected()

    def joined(self, chat_id: str, latest_sequence: int) -> None:
        """A chat that the user has just become a member of: what comes from now on is wanted."""
        if self._is_open and chat_id not in self._feeds:
            self._feeds[chat_id] = ChatFeed(self._user_id, latest_sequence, is_fresh=True)

    def live(self, message: Message) -> None:
        """A message came."""
        if not self._is_open:
            return
        feed = self._feeds.get(message.chat_id)
        if feed is None:
            feed = self._feeds[message.chat_id] = ChatFeed(self._user_id, message.sequence - 1)
        self._buffer.add(feed.live(message, has_room=self._buffer.room > 0))
        if feed.wants_page:
            self._wake.set()

    def synchronised(self, answer: SyncResponse) -> None:
        """Pages came. To be called before anything that came later: live messages follow where the pages end."""
        pages = {page.chat_id: page for page in answer.chats}
        for chat_id in self._asked:
            self._take(chat_id, pages.get(chat_id))

    def sent(self, chat_id: str) -> None:
        """A message of this client is on its way."""
        if self._is_open:
            self._feeds.setdefault(chat_id, ChatFeed(self._user_id, 0, is_fresh=True)).sent()

    def answered(self, chat_id: str, sequence: int | None) -> None:
        """A send got its sequence, or (None) will not get one."""
        if feed := self._feeds.get(chat_id):
            self._buffer.add(feed.answered(sequence))
            if feed.wants_page:
                self._wake.set()

    def ended(self, error: ClientError | None) -> None:
        """No message will come any more."""
        self._buffer.close(error)
        if not self._is_ready.done():
            self._is_ready.set_exception(error or ClientError("UNAVAILABLE", "the client was closed"))
            # Nobody has to wait for it.
            self._is_ready.exception()

    async def run(self, list_chats: Callable[[], Awaitable[list[Chat]]]) -> None:
        """Fetches what is missing, whenever something is, until cancelled (when the connection ends)."""
        is_listed = False
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._is_open and not is_listed:
                is_listed = await self._list(list_chats)
            while self._is_open and self._buffer.has_room and (chat_ids := self._behind()):
                await self._fetch(chat_ids)

    async def _list(self, list_chats: Callable[[], Awaitable[list[Chat]]]) -> bool:
        try:
            self._know(await list_chats())
        except ClientError as error:
            if not error.temporary:
                raise
            asyncio.get_running_loop().call_later(_LIST_AGAIN_S, self._wake.set)
            return False
        if not self._is_ready.done():
            self._is_ready.set_result(None)
        return True

    def _know(self, chats: Iterable[Chat]) -> None:
        """The first listing says from where on a chat is read; a chat that a later one shows was missed from its beginning."""
        is_first = not self._is_ready.done()
        for chat in chats:
            feed = self._feeds.get(chat.chat_id)
            if feed is None and is_first:
                self._feeds[chat.chat_id] = ChatFeed(self._user_id, chat.latest_sequence, is_fresh=True)
            elif feed is None:
                self._feeds[chat.chat_id] = ChatFeed(self._user_id, 0, is_behind=True)
            elif feed.is_fresh:
                feed.skip_to(chat.latest_sequence)

    def _behind(self) -> list[str]:
        return [chat_id for chat_id, feed in self._feeds.items() if feed.wants_page][:_CHATS_PER_SYNC]

    async def _fetch(self, chat_ids: list[str]) -> None:
        limit = max(1, min(_MESSAGES_PER_CHAT, self._buffer.room // len(chat_ids)))
        positions = tuple(ChatPosition(chat_id, self._feeds[chat_id].cursor) for chat_id in chat_ids)
        self._asked = chat_ids
        try:
            await self._requests.ask(lambda request_id: SyncRequest(positions, request_id, limit))
        except ClientError as error:
            if error.code != "NOT_FOUND":
                raise
            self.synchronised(SyncResponse(()))

    def _take(self, chat_id: str, page: ChatPage | None) -> None:
        if page is None:
            # No longer a member, so nothing can be missed.
            self._feeds.pop(chat_id, None)
            return
        feed = self._feeds[chat_id]
        if page.gap is not None:
            self._notify(MessagesLost(chat_id, page.gap.first, page.gap.last))
            feed.skip_to(page.gap.last)
        self._buffer.add(feed.page(page.messages, has_more=page.has_more))
