"""`/v1/chats/{chat_id}/members`: who comes and who goes."""

from __future__ import annotations

from typing import Final

from surewire.domain.chat import Chat
from surewire.http.call import Call
from surewire.http.deadline import in_time
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, json_reply
from surewire.http.routes.chats import CHAT_EXAMPLE
from surewire.http.routes.paths import chat_of, user_of

__all__ = ["ROUTES"]

_PATH: Final = "/v1/chats/{chat_id:str}/members/{user_id:str}"


@serves(
    "PUT",
    _PATH,
    Operation(
        summary="Add a member",
        tag="chats",
        description="Only the owner may, but anyone may join `chat_lobby`. Who is a member already stays one.",
        answers={200: Answered("The chat with the member in it.", Chat, CHAT_EXAMPLE)},
        refusals=(403, 404, 422),
    ),
)
async def add_member(request: Call) -> Reply:
    caller, chat_id, user_id = request.identify(), chat_of(request), user_of(request)
    return json_reply(200, await in_time(request.services.store.add_member(chat_id, caller.user_id, user_id)))


@serves(
    "DELETE",
    _PATH,
    Operation(
        summary="Remove a member",
        tag="chats",
        description="The owner may remove anyone but itself; everyone else may leave.",
        answers={204: Answered("The user is no member any more.")},
        refusals=(403, 404, 409, 422),
    ),
)
async def remove_member(request: Call) -> Reply:
    caller, chat_id, user_id = request.identify(), chat_of(request), user_of(request)
    await in_time(request.services.store.remove_member(chat_id, caller.user_id, user_id))
    return Reply(204)


ROUTES: Final = (add_member, remove_member)
