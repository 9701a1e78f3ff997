"""Bytes to client messages, server messages to bytes.

Decoding is one pass in C for what is right; only what is wrong is looked at a second time, to answer with the field, the request and
the mend. Encoding joins parts that were encoded once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

import msgspec

from surewire.domain.json_depth import MAX_JSON_DEPTH, is_deeper
from surewire.domain.json_words import why_malformed
from surewire.domain.message import Message
from surewire.domain.stream import Position, StreamEvent
from surewire.errors import ClientError
from surewire.protocol.client_messages import ClientMessage, Ping
from surewire.protocol.pattern_words import in_words
from surewire.protocol.server_messages import MessageAck, ServerMessage

__all__ = ["RequestError", "client_decoder", "encode", "encode_ack", "encode_message", "event_parts"]

NOT_BUILT_YET: Final = frozenset({"resume", "refresh", "typing"})

_decode = msgspec.json.Decoder(cast("type[ClientMessage]", ClientMessage)).decode
_encode = msgspec.json.Encoder().encode


class RequestError(ClientError):
    """A client message that was refused, with what its answer must name: `request_id` and `subscription_id`.

    `kind` is the message's type; `unknown` when it has none that the protocol knows.
    """

    def __init__(
        self,
        code: str,
        problem: str,
        *,
        kind: str = "unknown",
        request_id: str | None = None,
        subscription_id: str | None = None,
        path: str = "",
    ) -> None:
        super().__init__(code, problem, path=path)
        self.kind, self.request_id, self.subscription_id = kind, request_id, subscription_id


def client_decoder(max_depth: int = MAX_JSON_DEPTH) -> Callable[[str], ClientMessage]:
    """What makes the message of a text frame, one nested to `max_depth` at most.

    It raises RequestError: `INVALID_MESSAGE` for what is no JSON, lacks a field, has one too many or of a wrong type, naming it;
    `UNSUPPORTED` for a type that the server does not know.
    """

    def decode(text: str) -> ClientMessage:
        try:
            message = _decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            raise _refusal(text, error, max_depth) from None
        # Of all that a client may send only this has a shape of the client's own choosing. It stands one level deep.
        if type(message) is Ping and is_deeper(bytes(message.timestamp), max_depth - 1):
            raise RequestError("INVALID_MESSAGE", _too_deep(max_depth), kind="ping", path="timestamp")
        return message

    return decode


def encode(message: ServerMessage) -> bytes:
    """The JSON of any server message."""
    return _encode(message)


def encode_ack(ack: MessageAck) -> bytes:
    """The JSON of a `message_ack`."""
    return _encode(ack)


def encode_message(message: Message) -> bytes:
    """The JSON of a `message`, without building its struct."""
    return b'{"type":"message",' + _encode(message)[1:]


def event_parts(event: StreamEvent, epoch: str | None) -> tuple[bytes, bytes]:
    """What stands before and after `subscription_ids` in the JSON of an `event`; without an epoch it has no `position`.

    An event goes out once per distinct set of subscriptions, and only that set differs.
    """
    head = b'{"type":"event","message_id":"%b","event":%b,"timestamp":"%b",' % (
        event.message_id.encode(),
        _encode(event.event),
        event.timestamp.encode(),
    )
    if epoch is not None:
        head += b'"position":%b,' % _encode(Position(epoch, event.offset))
    return head + b'"subscription_ids":', b"}"


def _refusal(text: str, error: Exception, max_depth: int) -> RequestError:
    """Why a text frame is no client message, as helpfully as it can be said."""
    try:
        value = msgspec.json.decode(text)
    except RecursionError:
        return RequestError("INVALID_MESSAGE", _too_deep(max_depth))
    except msgspec.DecodeError as malformed:
        return RequestError("INVALID_MESSAGE", f"not valid JSON: {why_malformed(text.encode(), malformed)}")
    if not isinstance(value, dict):
        return RequestError("INVALID_MESSAGE", "a message is a JSON object with a type")
    return _refusal_of_object(cast("dict[str, Any]", value), error)


def _refusal_of_object(value: dict[str, Any], error: Exception) -> RequestError:
    names: dict[str, Any] = {"request_id": _name(value, "request_id"), "subscription_id": _name(value, "subscription_id")}
    kind = value.get("type")
    if not isinstance(kind, str):
        return RequestError("INVALID_MESSAGE", "type is missing; it says what the message is", path="type", **names)
    if kind in NOT_BUILT_YET:
        return RequestError("UNSUPPORTED", f"{kind} is not supported by this server", kind=kind, path="type", **names)
    if kind not in CLIENT_TYPES:
        return RequestError("UNSUPPORTED", f"unknown type; the types are {', '.join(sorted(CLIENT_TYPES))}", path="type", **names)
    problem, path = _located(str(error))
    return RequestError("INVALID_MESSAGE", problem, kind=kind, path=path, **names)


def _too_deep(max_depth: int) -> str:
    return f"the message is nested deeper than {max_depth}"


def _name(value: dict[str, Any], key: str) -> str | None:
    name = value.get(key)
    return name if isinstance(name, str) and 0 < len(name) <= 128 else None


def _located(problem: str) -> tuple[str, str]:
    """What is wrong, and the path of the field that it is about, out of msgspec's sentence."""
    problem, _, place = problem.partition(" - at `")
    place = place.removeprefix("key` in `").removeprefix("$").removeprefix(".").removesuffix("`")
    problem = problem.replace("Object contains unknown field", "unknown field").replace("Object missing required field", "missing field")
    if not problem.startswith(("unknown field `", "missing field `")):
        return in_words(problem), place
    name = problem.split("`")[1]
    return problem, f"{place}.{name}" if place else name


CLIENT_TYPES: Final = frozenset(cast("str", struct.__struct_config__.tag) for struct in ClientMessage.__args__)
