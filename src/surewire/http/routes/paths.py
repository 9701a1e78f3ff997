"""What stands in paths and bodies of several routes: chats, users, instants."""

from __future__ import annotations

from typing import cast

from surewire.domain.chat import LOBBY
from surewire.domain.ids import is_prefixed_ulid
from surewire.domain.instant import MICROS_PER_SECOND, parse_instant
from surewire.domain.principal import UserId, check_user_id
from surewire.errors import ClientError
from surewire.http.call import Call

__all__ = ["UserId", "chat_of", "moment", "user_of"]


def chat_of(request: Call) -> str:
    """The chat in the path. Raises: ClientError `NOT_FOUND` for what no chat can be called, as for a chat that is not there."""
    chat_id = cast("str", request.path_params["chat_id"])
    if chat_id != LOBBY and not is_prefixed_ulid(chat_id, "chat_"):
        raise ClientError("NOT_FOUND", "there is no such chat")
    return chat_id


def user_of(request: Call) -> str:
    """The user in the path. Raises: ClientError `INVALID_MESSAGE` for what is no user id."""
    return check_user_id(cast("str", request.path_params["user_id"]))


def moment(text: str, path: str) -> int:
    """Seconds since the epoch of an RFC 3339 instant. Raises: ClientError `INVALID_MESSAGE`, naming the field."""
    try:
        return parse_instant(text) // MICROS_PER_SECOND
    except ValueError as error:
        raise ClientError("INVALID_MESSAGE", str(error), path=path) from None
