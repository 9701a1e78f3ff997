"""Who is asking: a user's identity and what it may do."""

from __future__ import annotations

import re
from typing import Annotated

from msgspec import Meta, Struct

from surewire.errors import ClientError

__all__ = ["ANONYMOUS_PREFIX", "Principal", "UserId", "check_user_id"]

ANONYMOUS_PREFIX = "user_"
# `$` alone would let a trailing newline pass in Python; the look-ahead means the same in ECMA 262.
UserId = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z0-9_.@-]{1,128}$(?!\n)",
        description="1 to 128 of A-Z a-z 0-9 _ . @ -",
        extra={"takes": "a user id, 1 to 128 of the characters A-Z a-z 0-9 _ . @ -"},
    ),
]
_USER_ID = re.compile(r"[A-Za-z0-9_.@-]{1,128}")


class Principal(Struct, frozen=True, gc=False):
    """An identified caller. `anonymous` callers got their `user_<ULID>` from the server and keep it for one connection or request."""

    user_id: str
    anonymous: bool = False


def check_user_id(user_id: str, path: str = "user_id") -> str:
    """The user id itself. Raises: ClientError `INVALID_MESSAGE` unless it is 1 to 128 of `A-Z a-z 0-9 _ . @ -`."""
    if not _USER_ID.fullmatch(user_id):
        raise ClientError("INVALID_MESSAGE", "a user id is 1 to 128 of the characters A-Z a-z 0-9 _ . @ -", path=path)
    return user_id
