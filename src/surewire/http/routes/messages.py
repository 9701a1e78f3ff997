"""`/v1/chats/{chat_id}/messages`: sending one, reading many."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import Annotated, Final

from msgspec import Meta, Struct

from surewire.domain.message import Gap, Message
from surewire.domain.principal import Principal
from surewire.errors import ClientError
from surewire.gateway.reads import counted_history
from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.pending_send import PendingSend
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.http.routes.paths import chat_of
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.ingest import SendRequest
from surewire.ports.message_writer import Stored
from surewire.protocol.client_messages import ClientMessageId, ContentType, Sequence

__all__ = ["ROUTES", "HistoryPage", "HistoryQuery", "NewMessage", "SentMessage"]

_CHAT_ID: Final = "chat_01KAJ5Q6W5Y3N9V4T2R8M7C1ZX"
_MESSAGE: Final = Message("msg_01KAJ5R0K6T1B8D3F5H7J9M2PQ", _CHAT_ID, 1, "alice", "Shall we?", "text/plain", "2026-11-21T10:00:01.000000Z")


class NewMessage(Struct, frozen=True, forbid_unknown_fields=True):
    """A message to be stored and delivered. Sending it again under the same `client_message_id` stores it once."""

    client_message_id: ClientMessageId
    content: Annotated[str, Meta(min_length=1, description="`[limits] max_content_bytes` of UTF-8 at most.")]
    content_type: ContentType = "text/plain"


class SentMessage(Struct, frozen=True):
    """The message is on disk. `duplicate`: it was before, and this is the first one."""

    chat_id: str
    client_message_id: str
    message_id: str
    sequence: int
    created_at: str
    duplicate: bool


class HistoryQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which messages: the last below `before_sequence`, the first above `after_sequence`, or the newest."""

    before_sequence: Sequence | None = None
    after_sequence: Sequence | None = None
    limit: Annotated[int, Meta(ge=1, le=200, description="Messages on a page.")] = 50


class HistoryPage(Struct, frozen=True, omit_defaults=True):
    """Messages of a chat, ascending; 512 KiB at most. `has_more`: the asked direction holds more. `gap`: removed by retention."""

    chat_id: str
    messages: tuple[Message, ...]
    has_more: bool
    latest_sequence: int
    gap: Gap | None = None


@serves(
    "POST",
    "/v1/chats/{chat_id:str}/messages",
    Operation(
        summary="Send a message",
        tag="messages",
        description="Answered once the message is on disk.",
        body=NewMessage,
        body_examples={"text": NewMessage("7f0c1d1e-1", "Shall we?")},
        answers={
            201: Answered("Stored.", SentMessage, SentMessage(_CHAT_ID, "7f0c1d1e-1", _MESSAGE.message_id, 1, _MESSAGE.created_at, False)),
            200: Answered(
                "It was stored before.",
                SentMessage,
                SentMessage(_CHAT_ID, "7f0c1d1e-1", _MESSAGE.message_id, 1, _MESSAGE.created_at, True),
            ),
        },
        refusals=(404, 409, 413, 415, 422, 429),
        takes_key=True,
    ),
)
async def send_message(request: Call) -> Reply:
    services = request.services
    received_at = services.clock.monotonic()
    caller, chat_id = request.identify(), chat_of(request)
    body, new = await request.body_as(NewMessage)
    _check_rate(request, chat_id, caller, received_at)
    _check_size(new.content, services.config.limits.max_content_bytes)
    pending = PendingSend(services.instruments, services.clock)

    def effect(claim: Claim | None) -> Awaitable[Stored]:
        services.ingest.submit(
            SendRequest(pending, caller.user_id, chat_id, new.client_message_id, new.content, new.content_type, received_at, claim=claim)
        )
        return pending.answer

    return await answer_once(request, caller, body, effect, partial(_sent, new.client_message_id))


def _check_rate(request: Call, chat_id: str, caller: Principal, now: float) -> None:
    wait_s = request.services.chat_rates.take((chat_id, caller.user_id), now)
    if wait_s:
        raise ClientError("RATE_LIMITED", "too many messages to this chat; wait", temporary=True, retry_after_s=wait_s)


def _check_size(content: str, most_bytes: int) -> None:
    # A character is at most four bytes, so most contents need not be encoded to be measured.
    if len(content) > most_bytes >> 2 and len(content.encode()) > most_bytes:
        raise ClientError("TOO_LARGE", f"is longer than {most_bytes} bytes of UTF-8", path="content")


def _sent(client_message_id: str, stored: Stored) -> Answer:
    message, duplicate = stored
    sent = SentMessage(message.chat_id, client_message_id, message.message_id, message.sequence, message.created_at, duplicate)
    return Answer(200 if duplicate else 201, encode_json(sent))


@serves(
    "GET",
    "/v1/chats/{chat_id:str}/messages",
    Operation(
        summary="Read messages",
        tag="messages",
        query=HistoryQuery,
        answers={200: Answered("A page of messages.", HistoryPage, HistoryPage(_CHAT_ID, (_MESSAGE,), False, 1))},
        refusals=(404, 422),
    ),
)
async def read_messages(request: Call) -> Reply:
    services, started_s = request.services, request.services.clock.monotonic()
    caller, chat_id = request.identify(), chat_of(request)
    query = request.query_as(HistoryQuery)
    before, after = query.before_sequence, query.after_sequence
    if before is not None and after is not None:
        raise ClientError("INVALID_MESSAGE", "give before_sequence or after_sequence, not both", path="before_sequence")
    with counted_history(services.instruments, services.clock, started_s):
        page = await services.store.history(chat_id, caller.user_id, before=before, after=after, limit=query.limit)
    return json_reply(200, HistoryPage(page.chat_id, page.messages, page.has_more, page.latest_sequence, page.gap))


ROUTES: Final = (send_message, read_messages)
