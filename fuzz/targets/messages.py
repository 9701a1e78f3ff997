"""The text of a frame as a client message.

Holds: it is a message or a `RequestError` with one of two codes; what is read is JSON for others too, and the same when it is written
and read again; a refusal is short, whatever was sent, and can itself be sent.
"""

from __future__ import annotations

import json

import msgspec

from fuzz.target import Target
from surewire.domain.json_depth import MAX_JSON_DEPTH
from surewire.protocol.client_messages import ClientMessage, Ping
from surewire.protocol.codec import RequestError, client_decoder, encode
from surewire.protocol.server_messages import ErrorMessage, Pong

MAX_REFUSAL_BYTES = 4_096
decode = client_decoder(MAX_JSON_DEPTH)


def check(data: bytes) -> None:
    try:
        text = data.decode()  # the frame is checked for this
    except UnicodeDecodeError:
        return
    try:
        message = decode(text)
    except RequestError as error:
        check_refusal(error)
    else:
        check_message(text, message)


def check_refusal(error: RequestError) -> None:
    assert error.code in {"INVALID_MESSAGE", "UNSUPPORTED"}
    details = {"path": error.path} if error.path else None
    sent = encode(ErrorMessage(error.code, str(error), False, error.request_id, error.subscription_id, None, details))
    assert len(sent) <= MAX_REFUSAL_BYTES
    json.loads(sent)


def check_message(text: str, message: ClientMessage) -> None:
    json.loads(text)
    again = msgspec.json.encode(message)
    assert msgspec.json.encode(decode(again.decode())) == again
    if isinstance(message, Ping):
        pong = json.loads(encode(Pong(message.timestamp, "")))
        assert depth_of(pong) <= MAX_JSON_DEPTH


def depth_of(value: object) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth_of, inner), default=0)


TARGET = Target(
    check,
    seeds=(
        b'{"type":"ping","timestamp":[{"a":[1,2.5e3,"\\u00e9\\"{[",null,true]}]}',
        b'{"type":"ping","timestamp":' + b"[" * 31 + b"]" * 31 + b"}",
        (
            b'{"type":"subscribe","subscription_id":"s","filters":{"event_types":["deployment"],"severities":["P0"],"states":["Triaged"],'
            b'"sources":["a"],"affected_resources":["b"],"incident_ids":["c"],"channels":["d"],"labels":{"e":"f"}},"since":{"epoch":"e","offset":0}}'
        ),
        b'{"type":"unsubscribe","subscription_id":"s"}',
        b'{"type":"ack","message_id":"msg_1","state":"read"}',
        b'{"type":"ack","chat_id":"chat_1","sequence":7}',
        b'{"type":"send_message","chat_id":"chat_1","client_message_id":"m","content":"\\ud83d\\ude00","request_id":"r","content_type":"text/plain"}',
        b'{"type":"sync_request","chats":[{"chat_id":"chat_1","after_sequence":0}],"request_id":"r","limit":1}',
        b'{"type":"history","chat_id":"chat_1","before_sequence":9,"limit":200}',
        b'{"type":"resume","resume_token":"t"}',
        b'{"type":"nothing","request_id":"r"}',
        b"[]",
    ),
)
