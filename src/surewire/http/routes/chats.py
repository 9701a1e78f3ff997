"""`/v1/chats`: chats and who is in them."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from surewire.domain.chat import Chat, Member
from surewire.domain.principal import Principal
from surewire.http.call import Call
from surewire.http.deadline import in_time
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.http.routes.paths import UserId, chat_of
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.message_store import ChatPage

__all__ = ["CHAT_EXAMPLE", "ROUTES", "ChatChange", "ChatList", "ChatSummary", "ChatsQuery", "NewChat"]

ChatName = Annotated[str, Meta(min_length=1, max_length=200)]

CHAT_EXAMPLE: Final = Chat(
    chat_id="chat_01KAJ5Q6W5Y3N9V4T2R8M7C1ZX",
    name="Release",
    owner="alice",
    created_at="2026-11-21T10:00:00.000000Z",
    latest_sequence=0,
    members=(Member("alice", "owner", "2026-11-21T10:00:00.000000Z"), Member("bob", "member", "2026-11-21T10:00:00.000000Z")),
)


class NewChat(Struct, frozen=True, forbid_unknown_fields=True):
    """A chat to be made. Who makes it owns it and is a member, named or not."""

    members: Annotated[tuple[UserId, ...], Meta(description="The other members; `[limits] max_members` at most.")] = ()
    name: ChatName | None = None


class ChatChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be different about a chat."""

    name: Annotated[ChatName | None, Meta(description="The new name; null takes the name away.")]


class ChatsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which of the caller's chats."""

    limit: Annotated[int, Meta(ge=1, le=200, description="Chats on a page.")] = 50
    cursor: Annotated[str, Meta(min_length=1, max_length=64, description="`next` of the page before.")] | None = None


class ChatSummary(Struct, frozen=True, gc=False):
    """A chat in a list: without its members."""

    chat_id: str
    name: str | None
    owner: str | None
    created_at: str
    latest_sequence: int


class ChatList(Struct, frozen=True, omit_defaults=True):
    """A page of the caller's chats by chat id. `next` continues; without it this is the last page."""

    items: tuple[ChatSummary, ...]
    next: str | None = None


def _summary(chat: Chat) -> ChatSummary:
    return ChatSummary(chat.chat_id, chat.name, chat.owner, chat.created_at, chat.latest_sequence)


def _created(chat: Chat) -> Answer:
    return Answer(201, encode_json(chat))


def _caller_and_chat(request: Call) -> tuple[Principal, str]:
    return request.identify(), chat_of(request)


@serves(
    "POST",
    "/v1/chats",
    Operation(
        summary="Make a chat",
        tag="chats",
        body=NewChat,
        body_examples={"two people": NewChat(("bob",), "Release")},
        answers={201: Answered("The chat, owned by the caller.", Chat, CHAT_EXAMPLE)},
        refusals=(409, 413, 415, 422),
        takes_key=True,
    ),
)
async def create_chat(request: Call) -> Reply:
    caller = request.identify()
    body, new = await request.body_as(NewChat)

    async def effect(claim: Claim | None) -> Chat:
        return await request.services.store.create_chat(caller.user_id, new.members, new.name, claim)

    return await answer_once(request, caller, body, effect, _created)


@serves(
    "GET",
    "/v1/chats",
    Operation(
        summary="List the caller's chats",
        tag="chats",
        query=ChatsQuery,
        answers={200: Answered("A page of chats.", ChatList, ChatList((_summary(CHAT_EXAMPLE),)))},
        refusals=(422,),
    ),
)
async def list_chats(request: Call) -> Reply:
    caller = request.identify()
    query = request.query_as(ChatsQuery)
    page: ChatPage = await request.services.store.chats_of(caller.user_id, query.limit, query.cursor)
    return json_reply(200, ChatList(tuple(map(_summary, page.items)), page.next))


@serves(
    "GET",
    "/v1/chats/{chat_id:str}",
    Operation(
        summary="Read a chat",
        tag="chats",
        answers={200: Answered("The chat with its members.", Chat, CHAT_EXAMPLE)},
        refusals=(404, 422),
    ),
)
async def read_chat(request: Call) -> Reply:
    caller, chat_id = _caller_and_chat(request)
    return json_reply(200, await request.services.store.chat(chat_id, caller.user_id))


@serves(
    "PATCH",
    "/v1/chats/{chat_id:str}",
    Operation(
        summary="Rename a chat",
        tag="chats",
        description="Only the owner may.",
        body=ChatChange,
        body_examples={"a new name": ChatChange("Release 2"), "no name": ChatChange(None)},
        answers={200: Answered("The chat as it is now.", Chat, CHAT_EXAMPLE)},
        refusals=(404, 413, 415, 422),
    ),
)
async def rename_chat(request: Call) -> Reply:
    caller, chat_id = _caller_and_chat(request)
    _, change = await request.body_as(ChatChange)
    return json_reply(200, await in_time(request.services.store.rename_chat(chat_id, caller.user_id, change.name)))


@serves(
    "DELETE",
    "/v1/chats/{chat_id:str}",
    Operation(
        summary="Delete a chat",
        tag="chats",
        description="Only the owner may. Its messages go with it.",
        answers={204: Answered("The chat is gone.")},
        refusals=(404, 422),
    ),
)
async def delete_chat(request: Call) -> Reply:
    caller, chat_id = _caller_and_chat(request)
    await in_time(request.services.store.delete_chat(chat_id, caller.user_id))
    return Reply(204)


ROUTES: Final = (create_chat, list_chats, read_chat, rename_chat, delete_chat)
