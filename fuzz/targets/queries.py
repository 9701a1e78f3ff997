"""Query strings, read as the API reads them.

Holds: it is the struct or a `ClientError` that names a parameter, and is short whatever was asked; what is read can be normalised or is
refused for its size.
"""

from __future__ import annotations

from fuzz.target import Target
from surewire.domain.filters import normalise
from surewire.errors import ClientError
from surewire.http.problem import problem_of, status_of
from surewire.http.query import identities, read_query
from surewire.http.reply import encode_json
from surewire.http.routes.chats import ChatsQuery
from surewire.http.routes.events import EventsQuery
from surewire.http.routes.messages import HistoryQuery

MAX_PROBLEM_BYTES = 2_048


def check(data: bytes) -> None:
    query = bytes(byte for byte in data if 0x20 < byte < 0x7F)  # the front lets nothing else through
    for shape in (EventsQuery, HistoryQuery, ChatsQuery):
        try:
            identities(query)
            read = read_query(query, shape)
            if isinstance(read, EventsQuery):
                normalise(read, path="query")
        except ClientError as error:
            assert error.code in {"INVALID_MESSAGE", "LIMIT_EXCEEDED"}
            assert len(encode_json(problem_of(error, status_of(error), "req_1"))) <= MAX_PROBLEM_BYTES


TARGET = Target(
    check,
    seeds=(
        b"since=e:1&limit=10&severities=P0,P1&sources=a%2Cb&labels[team]=payments&labels%5Benv%5D=prod",
        b"before_sequence=9&limit=200",
        b"limit=50&cursor=chat_1&user_id=alice",
        b"user_id=a&user_id=%FF",
        b"labels[a][b]=1&labels=x&=&&a",
        b"limit=-1&after_sequence=9999999999999999999999",
    ),
)
