"""Request bodies, as every route reads its own.

Holds: it is the struct or a `ClientError` `INVALID_MESSAGE`, which is short whatever was sent; what is read is JSON for others too (but
for the data of events, which the stream checks).
"""

from __future__ import annotations

import json
from typing import Any

from fuzz.target import Target
from surewire.errors import ClientError
from surewire.http.body import decode_body
from surewire.http.problem import problem_of, status_of
from surewire.http.reply import encode_json
from surewire.http.routes.chats import ChatChange, NewChat
from surewire.http.routes.events import EventBatch
from surewire.http.routes.messages import NewMessage

MAX_PROBLEM_BYTES = 2_048
SHAPES: tuple[Any, ...] = (NewChat, ChatChange, NewMessage, EventBatch)


def check(data: bytes) -> None:
    for shape in SHAPES:
        try:
            decode_body(data, shape)
        except ClientError as error:
            assert error.code == "INVALID_MESSAGE"
            assert len(encode_json(problem_of(error, status_of(error), "req_1"))) <= MAX_PROBLEM_BYTES
        else:
            assert shape is EventBatch or json.loads(data) is not None


TARGET = Target(
    check,
    seeds=(
        b'{"members":["alice","bob"],"name":"Release"}',
        b'{"name":null}',
        b'{"client_message_id":"1","content":"hello","content_type":"text/markdown"}',
        b'{"events":[{"event_type":"deployment","severity":"P1","labels":{"a":"b"},"data":{"c":[1]}},{"event_type":"x"}]}',
        b'{"events":[' + b"[" * 40 + b"]" * 40 + b"]}",
        b'{"members":[1],"m\\u00e9":"\\ud800"}',
    ),
)
