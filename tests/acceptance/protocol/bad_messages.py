"""Text frames that no client should send, each with the code of the answer, the field that it names and what it echoes."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["BAD_MESSAGES", "Bad", "nested"]


class Bad(NamedTuple):
    """A text frame and what is answered."""

    text: str
    code: str
    path: str | None = None
    echo: dict[str, str] = {}  # noqa: RUF012 - nobody changes it

    def answers(self, error: dict[str, Any]) -> bool:
        named = error.get("details", {}).get("path")
        return (error["type"], error["code"], error["temporary"], named) == ("error", self.code, False, self.path) and (
            {key: error[key] for key in ("request_id", "subscription_id") if key in error} == self.echo
        )


def nested(depth: int) -> str:
    """JSON that is nested so deep."""
    return "[" * depth + "]" * depth


def _form(text: str) -> Bad:
    return Bad(text, "INVALID_MESSAGE")


def _field(path: str, kind: str, **fields: Any) -> Bad:
    echo = {key: fields[key] for key in ("request_id", "subscription_id") if fields.get(key) in ("r", "s")}
    return Bad(json.dumps({"type": kind, **fields}), "INVALID_MESSAGE", path, echo)


def _subscribe(path: str, filters: Any = None, **fields: Any) -> Bad:
    return _field(path, "subscribe", subscription_id="s", filters={} if filters is None else filters, **fields)


def _send(path: str, **fields: Any) -> Bad:
    right = {"chat_id": "chat_x", "client_message_id": "c", "content": "hello", "request_id": "r"}
    return _field(path, "send_message", **{key: value for key, value in (right | fields).items() if value is not None})


def _unsupported(kind: str) -> Bad:
    return Bad(json.dumps({"type": kind, "request_id": "r", "anything": 1}), "UNSUPPORTED", "type", {"request_id": "r"})


_EPOCH = "01KAJ5Q6W5Y3N9V4T2R8M7C1ZX"
_LONG = "x" * 129

BAD_MESSAGES: dict[str, Bad] = {
    "nothing": _form(""),
    "no JSON": _form("hello"),
    "JSON that breaks off": _form('{"type":"ping"'),
    "more behind the JSON": _form('{"type":"ping"} {}'),
    "a trailing comma": _form('{"type":"ping",}'),
    "NaN": _form('{"type":"ping","timestamp":NaN}'),
    "half a surrogate pair": _form('{"type":"history","chat_id":"\\ud800"}'),
    "a raw control character": _form('{"type":"history","chat_id":"a\nb"}'),
    "a list": _form("[]"),
    "a string": _form('"ping"'),
    "a number": _form("1"),
    "null": _form("null"),
    "no type": Bad("{}", "INVALID_MESSAGE", "type"),
    "a type that is a number": Bad('{"type":5}', "INVALID_MESSAGE", "type"),
    "a type that is null": Bad('{"type":null}', "INVALID_MESSAGE", "type"),
    "no type but a request id": Bad('{"request_id":"r"}', "INVALID_MESSAGE", "type", {"request_id": "r"}),
    "an unknown type": _unsupported("dance"),
    "a type of the server's": _unsupported("welcome"),
    "an empty type": _unsupported(""),
    "a type in capitals": _unsupported("PING"),
    "resume": _unsupported("resume"),
    "refresh": _unsupported("refresh"),
    "typing": _unsupported("typing"),
    "ping, unknown field": _field("colour", "ping", colour="red"),
    "ping, too deep": Bad(f'{{"type":"ping","timestamp":{nested(32)}}}', "INVALID_MESSAGE", "timestamp"),
    "far too deep": _form(nested(20_000)),
    "a ping that is far too deep": _form(f'{{"type":"ping","timestamp":{nested(20_000)}}}'),
    "subscribe, no id": _field("subscription_id", "subscribe", filters={}),
    "subscribe, empty id": _field("subscription_id", "subscribe", subscription_id="", filters={}),
    "subscribe, long id": _field("subscription_id", "subscribe", subscription_id=_LONG, filters={}),
    "subscribe, id a number": _field("subscription_id", "subscribe", subscription_id=5, filters={}),
    "subscribe, no filters": _field("filters", "subscribe", subscription_id="s"),
    "subscribe, unknown field": _subscribe("color", color=1),
    "subscribe, filters a list": _subscribe("filters", []),
    "filters, unknown field": _subscribe("filters.severity", {"severity": ["P1"]}),
    "filters, a string for a list": _subscribe("filters.severities", {"severities": "P1"}),
    "filters, null for a list": _subscribe("filters.sources", {"sources": None}),
    "filters, unknown severity": _subscribe("filters.severities[1]", {"severities": ["P1", "P5"]}),
    "filters, unknown state": _subscribe("filters.states[0]", {"states": ["detected"]}),
    "filters, not a name of a type": _subscribe("filters.event_types[0]", {"event_types": ["Incident Created"]}),
    "filters, a number for a source": _subscribe("filters.sources[0]", {"sources": [7]}),
    "filters, empty channel": _subscribe("filters.channels[0]", {"channels": [""]}),
    "filters, labels a list": _subscribe("filters.labels", {"labels": ["team"]}),
    "filters, a label that is a number": _subscribe("filters.labels[...]", {"labels": {"team": 1}}),
    "since, a string": _subscribe("since", since=f"{_EPOCH}:1"),
    "since, no epoch": _subscribe("since.epoch", since={"offset": 1}),
    "since, no offset": _subscribe("since.offset", since={"epoch": _EPOCH}),
    "since, empty epoch": _subscribe("since.epoch", since={"epoch": "", "offset": 1}),
    "since, long epoch": _subscribe("since.epoch", since={"epoch": "x" * 65, "offset": 1}),
    "since, epoch with other characters": _subscribe("since.epoch", since={"epoch": "a:b", "offset": 1}),
    "since, epoch with a newline": _subscribe("since.epoch", since={"epoch": "ab\n", "offset": 1}),
    "since, offset below zero": _subscribe("since.offset", since={"epoch": _EPOCH, "offset": -1}),
    "since, half an offset": _subscribe("since.offset", since={"epoch": _EPOCH, "offset": 1.5}),
    "since, offset a string": _subscribe("since.offset", since={"epoch": _EPOCH, "offset": "1"}),
    "since, unknown field": _subscribe("since.now", since={"epoch": _EPOCH, "offset": 1, "now": 1}),
    "unsubscribe, no id": _field("subscription_id", "unsubscribe"),
    "unsubscribe, unknown field": _field("all", "unsubscribe", subscription_id="s", all=True),
    "ack of nothing": Bad('{"type":"ack"}', "INVALID_MESSAGE"),
    "ack, a chat without a sequence": Bad('{"type":"ack","chat_id":"c"}', "INVALID_MESSAGE"),
    "ack, a sequence without a chat": Bad('{"type":"ack","sequence":1}', "INVALID_MESSAGE"),
    "ack, unknown state": _field("state", "ack", message_id="m", state="seen"),
    "ack, sequence below zero": _field("sequence", "ack", chat_id="c", sequence=-1),
    "ack, sequence a string": _field("sequence", "ack", chat_id="c", sequence="1"),
    "ack, sequence beyond what JavaScript counts": _field("sequence", "ack", chat_id="c", sequence=2**53),
    "ack, long message id": _field("message_id", "ack", message_id="m" * 65),
    "ack, unknown field": _field("user_id", "ack", message_id="m", user_id="eve"),
    "send, no chat": _send("chat_id", chat_id=None),
    "send, empty chat": _send("chat_id", chat_id=""),
    "send, no client id": _send("client_message_id", client_message_id=None),
    "send, empty client id": _send("client_message_id", client_message_id=""),
    "send, long client id": _send("client_message_id", client_message_id=_LONG),
    "send, no content": _send("content", content=None),
    "send, empty content": _send("content", content=""),
    "send, content a number": _send("content", content=5),
    "send, empty content type": _send("content_type", content_type=""),
    "send, content type with a line break": _send("content_type", content_type="text/plain\r\nX: y"),
    "send, long request id": _send("request_id", request_id=_LONG),
    "send, empty request id": _send("request_id", request_id=""),
    "send, unknown field": _send("sequence", sequence=1),
    "sync, no chats": _field("chats", "sync_request", request_id="r"),
    "sync, empty chats": _field("chats", "sync_request", request_id="r", chats=[]),
    "sync, 51 chats": _field("chats", "sync_request", request_id="r", chats=[{"chat_id": f"c{n}", "after_sequence": 0} for n in range(51)]),
    "sync, a chat by its name only": _field("chats[0]", "sync_request", request_id="r", chats=["chat_x"]),
    "sync, no sequence": _field("chats[0].after_sequence", "sync_request", request_id="r", chats=[{"chat_id": "c"}]),
    "sync, limit 0": _field("limit", "sync_request", request_id="r", chats=[{"chat_id": "c", "after_sequence": 0}], limit=0),
    "sync, limit 501": _field("limit", "sync_request", request_id="r", chats=[{"chat_id": "c", "after_sequence": 0}], limit=501),
    "sync, unknown field": _field("chats[0].limit", "sync_request", chats=[{"chat_id": "c", "after_sequence": 0, "limit": 1}]),
    "history, no chat": _field("chat_id", "history", request_id="r"),
    "history, limit 0": _field("limit", "history", request_id="r", chat_id="c", limit=0),
    "history, limit 201": _field("limit", "history", request_id="r", chat_id="c", limit=201),
    "history, both directions": Bad(
        '{"type":"history","request_id":"r","chat_id":"c","before_sequence":5,"after_sequence":1}',
        "INVALID_MESSAGE",
        None,
        {"request_id": "r"},
    ),
    "history, unknown field": _field("cursor", "history", request_id="r", chat_id="c", cursor="x"),
}
