"""What a connection does for each type of client message: one function each, found by the struct's type.

Each gets the connection, the message and the monotonic time of its arrival, and either answers, or hands over to a plane that will, or
raises a `ClientError`, which the connection answers with.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from surewire.domain.filters import Filters, normalise
from surewire.domain.instant import MICROS_PER_SECOND, format_instant, parse_instant
from surewire.domain.message import MessagePage
from surewire.domain.stream import Position
from surewire.errors import BackendError, ClientError
from surewire.gateway.frames import TEXT, frame
from surewire.gateway.long_answers import LongRequest
from surewire.gateway.reads import counted_history
from surewire.ports.event_stream import RecoveredPage
from surewire.ports.ingest import SendRequest
from surewire.ports.message_store import SyncRequest as SyncedChat
from surewire.ports.message_store import WatermarkUpdate
from surewire.protocol.client_messages import Ack, ClientMessage, History, Ping, SendMessage, Subscribe, SyncRequest, Unsubscribe
from surewire.protocol.codec import event_parts
from surewire.protocol.server_messages import ChatPage, HistoryResult, Pong, Recovery, Subscribed, SyncResponse, Unsubscribed
from surewire.protocol.session import Progress

if TYPE_CHECKING:
    from surewire.gateway.connection import Connection

__all__ = ["HANDLERS", "Handler", "subscribe_to"]


def subscribe(connection: Connection, message: Subscribe, now: float) -> None:
    context, subscription_id = connection.context, message.subscription_id
    filters = normalise(message.filters, max_values=context.max_filter_values)
    index, most = context.hub.index, context.limits.max_subscriptions
    held = index.ids_of(connection)
    if len(held) >= most and subscription_id not in held:
        raise ClientError("LIMIT_EXCEEDED", f"a connection may have {most} subscriptions; unsubscribe from one first")
    if message.since is None:
        connection.session.forget(subscription_id)
        subscribe_to(connection, subscription_id, filters)
        return
    _check_reached(message.since, context.stream.head)
    connection.check_room()
    progress = connection.session.recovering(subscription_id)
    context.hub.subscribe(connection, subscription_id, filters, is_live=False)
    answer = partial(_recover, connection, subscription_id, filters, message.since, progress)
    connection.run(LongRequest(answer, now, None, subscription_id))


def _check_reached(since: Position, head: Position) -> None:
    """What the stream checks too, before an earlier subscription of the id is given up."""
    if since.epoch == head.epoch and since.offset > head.offset:
        raise ClientError("INVALID_MESSAGE", f"the stream has not reached offset {since.offset} yet", path="since.offset")


def subscribe_to(connection: Connection, subscription_id: str, filters: Filters) -> None:
    """Starts a live subscription and says so: what is committed from here on comes."""
    context = connection.context
    context.hub.subscribe(connection, subscription_id, filters, is_live=True)
    connection.send(Subscribed(subscription_id, filters, context.stream.head))


async def _recover(
    connection: Connection, subscription_id: str, filters: Filters, since: Position, progress: Progress, _started_s: float
) -> None:
    if not progress.is_recovering:
        return
    try:
        page = connection.context.stream.recover(since, filters)
        found = page if isinstance(page, RecoveredPage) else await page
    except (ClientError, BackendError):
        if connection.session.recovery_failed(subscription_id, progress):
            connection.context.hub.unsubscribe(connection, subscription_id)
            raise
    else:
        _recovered(connection, subscription_id, filters, progress, found)


def _recovered(connection: Connection, subscription_id: str, filters: Filters, progress: Progress, page: RecoveredPage) -> None:
    """Sends a page and, when it reached the head, goes live in the same breath: nothing is committed in between."""
    if not connection.is_open or not connection.session.recovered(subscription_id, progress, page.has_more):
        return
    context = connection.context
    recovery = Recovery(page.complete, page.start, page.end, len(page.events), page.has_more, page.reason)
    connection.send(Subscribed(subscription_id, filters, Position(page.epoch, page.end), recovery))
    ids = msgspec.json.encode((subscription_id,))
    for event in page.events:
        head, tail = event_parts(event, page.epoch)
        connection.write(frame(TEXT, head + ids + tail))
    context.instruments.messages_sent["event"].n += len(page.events)
    if not page.has_more:
        context.hub.go_live(connection, subscription_id, filters)


def unsubscribe(connection: Connection, message: Unsubscribe, now: float) -> None:
    connection.session.forget(message.subscription_id)
    if not connection.context.hub.unsubscribe(connection, message.subscription_id):
        raise ClientError("NOT_FOUND", "there is no subscription of this id")
    connection.send(Unsubscribed(message.subscription_id))


def ping(connection: Connection, message: Ping, now: float) -> None:
    connection.send(Pong(message.timestamp, format_instant(connection.context.clock.now_micros())))


def ack(connection: Connection, message: Ack, now: float) -> None:
    if message.chat_id is not None and message.sequence is not None:
        update = WatermarkUpdate(connection.user_id, message.state, message.chat_id, message.sequence)
    else:
        update = WatermarkUpdate(connection.user_id, message.state, message_id=message.message_id or "")
    connection.context.receipts.acknowledge(update, connection.receipt_refused)


def send_message(connection: Connection, message: SendMessage, now: float) -> None:
    context, user_id = connection.context, connection.user_id
    wait_s = context.chat_rates.take((message.chat_id, user_id), now)
    if wait_s:
        raise ClientError("RATE_LIMITED", "too many messages to this chat; wait", temporary=True, retry_after_s=wait_s)
    most = context.limits.max_content_bytes
    content = message.content
    # A character is at most four bytes, so most contents need not be encoded to be measured.
    if len(content) > most >> 2 and len(content.encode()) > most:
        raise ClientError("TOO_LARGE", f"content is longer than {most} bytes of UTF-8")
    context.ingest.submit(
        SendRequest(connection, user_id, message.chat_id, message.client_message_id, content, message.content_type, now, message.request_id)
    )


def history(connection: Connection, message: History, now: float) -> None:
    connection.run(LongRequest(partial(_history, connection, message), now, message.request_id, None))


async def _history(connection: Connection, message: History, started_s: float) -> None:
    context = connection.context
    with counted_history(context.instruments, context.clock, started_s):
        page = await context.store.history(
            message.chat_id, connection.user_id, before=message.before_sequence, after=message.after_sequence, limit=message.limit
        )
    connection.send(HistoryResult(page.chat_id, page.messages, page.has_more, page.latest_sequence, message.request_id))


def sync_request(connection: Connection, message: SyncRequest, now: float) -> None:
    connection.run(LongRequest(partial(_sync, connection, message), now, message.request_id, None))


async def _sync(connection: Connection, message: SyncRequest, _started_s: float) -> None:
    context = connection.context
    wanted = [SyncedChat(chat.chat_id, chat.after_sequence) for chat in message.chats]
    try:
        pages, missing = await context.store.sync(connection.user_id, wanted, message.limit)
    except Exception:
        context.instruments.sync["error"].n += 1
        raise
    if missing:
        error = ClientError("NOT_FOUND", "some chats do not exist or are not yours", details={"chat_ids": missing})
        connection.refuse(error, message.request_id)
    if pages:
        context.instruments.sync["gap" if any(page.gap for page in pages) else "success"].n += 1
        for page in pages:
            _observe_waits(connection, page)
        connection.send(SyncResponse(tuple(map(_chat_page, pages)), message.request_id))


def _observe_waits(connection: Connection, page: MessagePage) -> None:
    """Measures how long messages of others waited for a member who was away.

    Those are messages from before this session (later ones come live) that its syncs have not carried yet and that lie above the
    member's watermark. A member that never acknowledges is seen to wait in each of its sessions that asks for them.
    """
    if not page.messages:
        return
    context, user_id = connection.context, connection.user_id
    now = context.clock.now_micros()
    opened = now - round((context.clock.monotonic() - connection.opened_s) * MICROS_PER_SECOND)
    had = max(page.delivered_sequence, connection.session.synced(page.chat_id, page.messages[-1].sequence))
    for message in page.messages:
        if message.sequence > had and message.sender_id != user_id and (persisted := parse_instant(message.created_at)) < opened:
            context.offline_latency.observe((now - persisted) / MICROS_PER_SECOND)


def _chat_page(page: MessagePage) -> ChatPage:
    return ChatPage(page.chat_id, page.messages, page.has_more, page.latest_sequence, page.gap)


Handler = Callable[["Connection", Any, float], None]
_FUNCTIONS: Final[dict[type[ClientMessage], Handler]] = {
    Subscribe: subscribe,
    Unsubscribe: unsubscribe,
    Ping: ping,
    Ack: ack,
    SendMessage: send_message,
    SyncRequest: sync_request,
    History: history,
}
HANDLERS: Final = {struct: (function, str(struct.__struct_config__.tag)) for struct, function in _FUNCTIONS.items()}
"""By message type: what to do, and the type's name on the wire."""
