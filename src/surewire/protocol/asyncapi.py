"""The AsyncAPI 3 document of protocol 1: made from the message structs, so it cannot say what is not spoken.

https://www.asyncapi.com/docs/reference/specification/v3.0.0. The server is the application: it receives what clients say.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final, cast, get_args

import msgspec

from surewire import __version__
from surewire.domain.principal import USER_ID_PATTERN
from surewire.protocol.asyncapi_examples import EXAMPLES
from surewire.protocol.client_messages import ClientMessage
from surewire.protocol.codes import CloseCode, may_reconnect
from surewire.protocol.server_messages import ServerMessage

__all__ = ["PUSHED", "REPLIES", "asyncapi_document", "document"]

Json = dict[str, Any]
_Message = type[msgspec.Struct]

REPLIES: Final[dict[str, tuple[str, ...]]] = {
    "subscribe": ("subscribed", "event", "error"),
    "unsubscribe": ("unsubscribed", "error"),
    "ping": ("pong", "error"),
    "ack": ("error",),
    "send_message": ("message_ack", "error"),
    "sync_request": ("sync_response", "error"),
    "history": ("history_result", "error"),
}
"""What the server answers to each message of a client."""
PUSHED: Final = ("welcome", "event", "position", "message", "closing")
"""What the server says of itself."""

_CHANNELS: Final = {
    "socket": ("/ws", "The WebSocket. Also served at `/v1/ws`."),
    "channelSocket": ("/ws/{channel}", "The WebSocket, subscribed to one channel of events from the start, as `channel:NAME`."),
}
_DESCRIPTION: Final = """JSON in text frames of one WebSocket. Every message has a `type`.

The first message is always `welcome`. A client must ignore fields that it does not know; the server refuses those that it does not know.
A `request_id` comes back on every answer and error that the request causes."""
_SUBPROTOCOL: Final = {"type": "string", "description": "None, or `surewire.v1`, which is the same.", "enum": ["surewire.v1"]}
_USER_ID: Final = {
    "type": "string",
    "description": "Who connects, where identities are open. Without it, and without the header `X-User-Id`, the client is anonymous.",
    "pattern": USER_ID_PATTERN,
}


@cache
def asyncapi_document() -> bytes:
    """The document, as JSON."""
    return msgspec.json.encode(document())


def document() -> Json:
    """The document, for JSON."""
    structs = {_tag(struct): struct for struct in (*_structs(ClientMessage), *_structs(ServerMessage))}
    _, schemas = msgspec.json.schema_components(structs.values(), ref_template="#/components/schemas/{name}")
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "surewire protocol 1",
            "version": __version__,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "this": {
                "host": "{host}",
                "protocol": "ws",
                "variables": {"host": {"default": "127.0.0.1:8080", "description": "Where the server listens."}},
            }
        },
        "channels": {name: _channel(name, sorted(structs)) for name in _CHANNELS},
        "operations": {**{name: _received(name) for name in REPLIES}, **{f"push_{name}": _pushed(name) for name in PUSHED}},
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "messages": {name: _message(name, struct) for name, struct in sorted(structs.items())},
        },
        "x-close-codes": [_close_code(code) for code in CloseCode],
    }


def _structs(union: object) -> tuple[_Message, ...]:
    return cast("tuple[_Message, ...]", get_args(union))


def _tag(struct: _Message) -> str:
    return cast("str", struct.__struct_config__.tag)


def _channel(name: str, messages: list[str]) -> Json:
    address, description = _CHANNELS[name]
    channel: Json = {
        "address": address,
        "description": description,
        "messages": {message: {"$ref": f"#/components/messages/{message}"} for message in messages},
        "bindings": {
            "ws": {
                "method": "GET",
                "query": {"type": "object", "properties": {"user_id": _USER_ID}},
                "headers": {"type": "object", "properties": {"X-User-Id": _USER_ID, "Sec-WebSocket-Protocol": _SUBPROTOCOL}},
            }
        },
    }
    if "{channel}" in address:
        channel["parameters"] = {"channel": {"description": "The channel's name, 1 to 120 characters."}}
    return channel


def _received(name: str) -> Json:
    return {
        "action": "receive",
        "channel": {"$ref": "#/channels/socket"},
        "summary": f"A client says {name}.",
        "messages": [_in_channel(name)],
        "reply": {"channel": {"$ref": "#/channels/socket"}, "messages": [_in_channel(reply) for reply in REPLIES[name]]},
    }


def _pushed(name: str) -> Json:
    return {
        "action": "send",
        "channel": {"$ref": "#/channels/socket"},
        "summary": f"The server says {name}.",
        "messages": [_in_channel(name)],
    }


def _in_channel(name: str) -> Json:
    return {"$ref": f"#/channels/socket/messages/{name}"}


def _message(name: str, struct: _Message) -> Json:
    return {
        "name": name,
        "summary": (struct.__doc__ or "").partition("\n")[0],
        "payload": {"$ref": f"#/components/schemas/{struct.__name__}"},
        "examples": [{"payload": msgspec.json.decode(msgspec.json.encode(EXAMPLES[name]))}],
    }


def _close_code(code: CloseCode) -> Json:
    return {"code": int(code), "name": code.name.lower(), "reconnect": may_reconnect(code)}
