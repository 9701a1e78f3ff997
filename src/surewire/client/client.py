"""The client: one connection that is kept, and on it chats, subscriptions and questions that outlive it."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, Literal, cast

import msgspec

from surewire.client.address import parse_address
from surewire.client.backoff import BackoffPolicy
from surewire.client.dial import dial
from surewire.client.http_api import HttpApi
from surewire.client.inbox import Inbox
from surewire.client.incoming import Incoming, IncomingError, IncomingEvent, IncomingSubscribed, Unknown
from surewire.client.link import Link
from surewire.client.notices import Connected, Notice, OnNotice
from surewire.client.outgoing import frame_of
from surewire.client.requests import Requests
from surewire.client.session import Session
from surewire.client.subscription import Subscription
from surewire.client.subscriptions import Subscriptions
from surewire.client.watermarks import Watermarks
from surewire.domain.chat import Chat
from surewire.domain.filters import Filters
from surewire.domain.ids import UlidGenerator
from surewire.domain.message import Message
from surewire.domain.principal import check_user_id
from surewire.domain.stream import Position
from surewire.errors import ClientError
from surewire.protocol.client_messages import Ack, ChatPosition, ClientMessage, History, SendMessage, SyncRequest
from surewire.protocol.server_messages import ChatMessage, HistoryResult, MessageAck, PositionMessage, SyncResponse

__all__ = ["Client", "connect"]

# Rising names keep the server's index of them in order, which stores messages at twice the rate of random ones.
_ULIDS = UlidGenerator(secrets.randbits)

_BUFFERED = 2_000
_GOODBYE_S = 2.0


def _ignore(_: Notice) -> None:
    return


@asynccontextmanager
async def connect(
    url: str, *, user_id: str | None = None, on_notice: OnNotice = _ignore, reconnect: BackoffPolicy | None = None
) -> AsyncGenerator[Client]:
    """A connected client, which comes back by itself whenever the connection ends, until the block ends.

    Entering makes one attempt. Without `user_id` the server gives one, and the client keeps it. Raises on entering: ClientError.
    """
    address, policy = parse_address(url), reconnect or BackoffPolicy()
    if user_id:
        check_user_id(user_id)
    async with HttpApi(address, user_id=user_id) as api:
        session = await dial(address, user_id)
        api.user_id = session.welcome.user_id
        client = Client(api, on_notice, policy)
        link = Link(address, client, on_notice, policy)
        client.connected(session)
        keeping = asyncio.create_task(link.keep(session), name="surewire client")
        try:
            yield client
        finally:
            await client.close()
            keeping.cancel()
            with suppress(asyncio.CancelledError):
                await keeping


class Client:
    """What one user does on one server. Made by `connect`.

    Everything asked for is done exactly once as far as the user can see: a send is repeated under the same name until the server has
    stored it, missed messages and events are fetched, and what came twice is shown once. Raises throughout: ClientError, with the
    protocol's code, when the server refuses for good, or will not have this client any more.
    """

    def __init__(self, api: HttpApi, notify: OnNotice, policy: BackoffPolicy) -> None:
        self._api, self._notify = api, notify
        self._session: Session | None = None
        self._requests = Requests(self._say, policy)
        self._inbox = Inbox(self._requests, most=_BUFFERED, notify=notify)
        self._watermarks = Watermarks(self._say)
        self._subscriptions = Subscriptions(self._say, most=_BUFFERED, notify=notify)
        self._handlers: dict[type, Callable[[Any], object]] = {
            IncomingEvent: self._subscriptions.event,
            IncomingSubscribed: self._subscriptions.subscribed,
            PositionMessage: self._subscriptions.head,
            ChatMessage: self._message,
            MessageAck: self._acknowledged,
            SyncResponse: self._synchronised,
            HistoryResult: self._requests.answered,
            IncomingError: self._refused,
        }
        self._was_connected = self.is_closed = False

    @property
    def user_id(self) -> str:
        """Who the server takes us for."""
        return self._api.user_id or ""

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection now."""
        return self._session is not None

    # ---- chats

    async def send(
        self, chat_id: str, content: str, *, client_message_id: str | None = None, content_type: str = "text/plain"
    ) -> MessageAck:
        """Stores a message in a chat; returns once it is on disk, however often the connection breaks meanwhile.

        Cancelled, the message may or may not be stored; sending it again with the same `client_message_id` stores it once.
        """
        name = client_message_id or _ULIDS.next(time.time_ns() // 1_000_000)
        # Before the inbox hears of it: what no server takes must leave nothing behind in it.
        frame_of(SendMessage(chat_id, name, content, content_type=content_type))
        self._inbox.sent(chat_id)
        try:
            answer = await self._requests.ask(lambda request_id: SendMessage(chat_id, name, content, request_id, content_type))
        except BaseException:
            self._inbox.answered(chat_id, None)
            raise
        return cast("MessageAck", answer)

    def messages(self, after: Mapping[str, int] | None = None) -> Inbox:
        """All messages to this user from now on, each once and in order per chat: an async iterator, the same at every call.

        What this client sends itself is not among them. With `after` (chat ids and sequences), also what those chats got since. Where
        "now" must be exact, wait: `messages = await client.messages().ready()`.
        Whoever reads slowly misses nothing: what does not fit is fetched later.
        """
        for chat_id, sequence in (after or {}).items():
            frame_of(SyncRequest((ChatPosition(chat_id, sequence),)))
        self._inbox.open(after or {})
        return self._inbox

    def ack(self, chat_id: str, sequence: int, state: Literal["delivered", "read"] = "delivered") -> None:
        """Everything of the chat up to the sequence was delivered, or read. Told to the server within a fraction of a second.

        What is left to read when the client has ended can be acknowledged still; nobody is told.
        """
        frame_of(Ack(chat_id=chat_id, sequence=sequence, state=state))
        self._watermarks.raise_to(chat_id, sequence, state)

    async def history(self, chat_id: str, *, before: int | None = None, after: int | None = None, limit: int = 50) -> HistoryResult:
        """A page of a chat: the last messages below `before`, the first ones above `after`, or the newest; at most 200."""
        answer = await self._requests.ask(lambda request_id: History(chat_id, request_id, before, after, limit))
        return cast("HistoryResult", answer)

    async def chats(self) -> list[Chat]:
        """All chats of this user, without their members."""
        self._requests.check_open()
        return await self._api.chats()

    async def chat(self, chat_id: str) -> Chat:
        """A chat with its members."""
        self._requests.check_open()
        return await self._api.chat(chat_id)

    async def create_chat(self, members: Sequence[str], name: str | None = None) -> Chat:
        """A new chat of this user and these members."""
        self._requests.check_open()
        chat = await self._api.create_chat(members, name)
        self._inbox.joined(chat.chat_id, chat.latest_sequence)
        return chat

    async def join(self, chat_id: str) -> Chat:
        """The chat, with this user in it: `chat_lobby`, or one that this user owns or is in already."""
        self._requests.check_open()
        chat = await self._api.add_member(chat_id, self.user_id)
        self._inbox.joined(chat.chat_id, chat.latest_sequence)
        return chat

    # ---- events

    def subscribe(self, filters: Filters | None = None, *, since: Position | None = None) -> Subscription:
        """Events that match from now on, or since a position: an async iterator, to be closed when it is not read any more.

        Each comes once and in order, also across reconnects. `on_notice` gets `EventsLost` when the server no longer has what was missed.
        """
        return self._subscriptions.open(filters or Filters(), since, is_connected=self.is_connected)

    # ---- what the link tells it

    def connected(self, session: Session) -> None:
        """A session begins: everything that is wanted is asked for again."""
        self._session, self._api.user_id = session, session.welcome.user_id
        self._notify(Connected(session.welcome.user_id, session.welcome.session_id, self._was_connected))
        self._was_connected = True
        self._subscriptions.connected()
        self._requests.reconnected()
        self._inbox.connected(session.welcome.user_id)

    def work(self, session: Session) -> list[Coroutine[Any, Any, None]]:
        """What runs while a session lasts."""
        return [self._inbox.run(self._api.chats), self._watermarks.run()]

    def receive(self, message: Incoming | Unknown) -> None:
        """Hands a message to whom it concerns; others are passed over."""
        if handler := self._handlers.get(type(message)):
            handler(message)

    def disconnected(self) -> None:
        """The session ended."""
        self._session = None
        self._inbox.disconnected()
        self._watermarks.disconnected()
        self._subscriptions.disconnected()

    def ended(self, error: ClientError | None) -> None:
        """No session follows: iterators end, with the error if there is one, and what is unanswered fails."""
        self._requests.end(error or ClientError("UNAVAILABLE", "the client was closed"))
        self._inbox.ended(error)
        self._subscriptions.ended(error)

    async def close(self) -> None:
        """Tells the server what it should still know, and leaves. Idempotent."""
        self.is_closed = True
        if self._session is not None:
            self._watermarks.tell()
            await self._session.finish(_GOODBYE_S)

    def _say(self, message: ClientMessage) -> None:
        frame = frame_of(message)
        if self._session is not None:
            self._session.say(frame)

    def _refused(self, error: IncomingError) -> None:
        if error.subscription_id is None:
            self._requests.refused(error)
        else:
            self._subscriptions.refused(error)

    def _acknowledged(self, ack: MessageAck) -> None:
        if self._requests.answered(ack):
            self._inbox.answered(ack.chat_id, ack.sequence)

    def _synchronised(self, answer: SyncResponse) -> None:
        if self._requests.answered(answer):
            self._inbox.synchronised(answer)

    def _message(self, message: ChatMessage) -> None:
        self._inbox.live(msgspec.convert(message, Message, from_attributes=True))
