"""Who is on the other end, where identities are open: the name that a caller gives itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from urllib.parse import parse_qs

from surewire.domain.principal import ANONYMOUS_PREFIX, Principal, check_user_id
from surewire.errors import ClientError

__all__ = ["given_once", "identify_open", "user_in_query"]


def identify_open(query_user_id: str | None, header_user_id: str | None, new_ulid: Callable[[], str]) -> Principal:
    """The caller by its own word: `?user_id=` or the header `X-User-Id`, else a new anonymous `user_<ULID>`.

    Only for `auth.type = "open"`, where nobody has to prove anything, so nobody is ever `UNAUTHORIZED`. A name that is given but
    empty is a mistake of the caller and no wish to be anonymous. Both may be given when they say the same: a proxy that names its
    users in the header can rely on it. Raises: ClientError `INVALID_MESSAGE` for a name that is no user id, or two names.
    """
    places = (query_user_id, "user_id"), (header_user_id, "X-User-Id")
    named = {check_user_id(name, where) for name, where in places if name is not None}
    if len(named) > 1:
        raise ClientError("INVALID_MESSAGE", "user_id and X-User-Id name different users; give one", path="user_id")
    return Principal(named.pop()) if named else Principal(ANONYMOUS_PREFIX + new_ulid(), anonymous=True)


def user_in_query(query: str) -> str | None:
    """The `user_id` of a query as it was sent. Raises: ClientError `INVALID_MESSAGE` when there are two, or the query is not UTF-8."""
    try:
        parameters = parse_qs(query, keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise ClientError("INVALID_MESSAGE", "the query is not UTF-8, percent-encoded") from None
    return given_once(parameters.get("user_id", ()), "user_id")


def given_once(values: Sequence[str], name: str) -> str | None:
    """The value of a parameter or a header that may come once, or None. Raises: ClientError `INVALID_MESSAGE` when it comes again."""
    if len(values) > 1:
        raise ClientError("INVALID_MESSAGE", "is given more than once", path=name)
    return values[0] if values else None
