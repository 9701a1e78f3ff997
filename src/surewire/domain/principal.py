"""Who is asking: a user's identity and what it may do."""

from __future__ import annotations

import re
from typing import Annotated, Final

from msgspec import Meta, Struct

from surewire.errors import ClientError

__all__ = ["ANONYMOUS_PREFIX", "USER_ID_PATTERN", "Principal", "UserId", "check_user_id"]

ANONYMOUS_PREFIX = "user_"
# `.` and `..` in a path are resolved before they are sent (RFC 3986 §5.2.4), and then name something else than a user.
# `$` alone would let a trailing newline pass in Python; both look-aheads mean the same in ECMA 262.
USER_ID_PATTERN: Final = r"^(?!\.+$)[A-Za-z0-9_.@-]{1,128}$(?!\n)"
"""What a user id looks like, for Python and for JSON schemas."""
_WORDS: Final = "1 to 128 of the characters A-Z a-z 0-9 _ . @ -, but not only dots"
UserId = Annotated[
    str,
    Meta(
        pattern=USER_ID_PATTERN, description="1 to 128 of A-Z a-z 0-9 _ . @ -, but not only dots", extra={"takes": f"a user id, {_WORDS}"}
    ),
]
_USER_ID = re.compile(USER_ID_PATTERN)


class Principal(Struct, frozen=True, gc=False):
    """An identified caller. `anonymous` callers got their `user_<ULID>` from the server and keep it for one connection or request."""

    user_id: str
    anonymous: bool = False


def check_user_id(user_id: str, path: str = "user_id") -> str:
    """The user id itself. Raises: ClientError `INVALID_MESSAGE` unless it is 1 to 128 of `A-Z a-z 0-9 _ . @ -`, but not only
    dots."""
    if not _USER_ID.search(user_id):
        raise ClientError("INVALID_MESSAGE", f"a user id is {_WORDS}", path=path)
    return user_id
