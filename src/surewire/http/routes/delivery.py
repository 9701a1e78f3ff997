"""`/v1/chats/{chat_id}/delivery`: how far every member has got."""

from __future__ import annotations

from typing import Final

from surewire.domain.chat import Watermarks
from surewire.http.call import Call
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, json_reply
from surewire.http.routes.paths import chat_of
from surewire.ports.message_store import Delivery

__all__ = ["ROUTES"]

_EXAMPLE: Final = Delivery(12, (Watermarks("alice", 12, 12), Watermarks("bob", 12, 7)))


@serves(
    "GET",
    "/v1/chats/{chat_id:str}/delivery",
    Operation(
        summary="Read how far the members have got",
        tag="messages",
        description="What every member's clients have acknowledged as delivered and as read, up to this moment.",
        answers={200: Answered("Every member's watermarks.", Delivery, _EXAMPLE)},
        refusals=(404, 422),
    ),
)
async def read_delivery(request: Call) -> Reply:
    services, caller, chat_id = request.services, request.identify(), chat_of(request)
    # Watermarks are stored up to a second after they come; whoever asks wants them all.
    await services.receipts.flush()
    return json_reply(200, await services.store.delivery(chat_id, caller.user_id))


ROUTES: Final = (read_delivery,)
