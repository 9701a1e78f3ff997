"""What comes is understood or refused with its field; what goes out in spliced parts is what the structs say."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from surewire.domain.event import SEVERITIES, Event
from surewire.domain.filters import Filters
from surewire.domain.json_depth import MAX_JSON_DEPTH
from surewire.domain.message import Message
from surewire.domain.stream import Position, StreamEvent
from surewire.protocol.client_messages import (
    Ack,
    ChatPosition,
    ClientMessage,
    History,
    Ping,
    SendMessage,
    Subscribe,
    SyncRequest,
    Unsubscribe,
)
from surewire.protocol.codec import RequestError, client_decoder, encode, encode_ack, encode_message, event_parts
from surewire.protocol.server_messages import (
    ChatMessage,
    ChatPage,
    Closing,
    ErrorMessage,
    EventMessage,
    HistoryResult,
    MessageAck,
    Recovery,
    ServerMessage,
    Subscribed,
    SyncResponse,
)

decode_client_message = client_decoder()


def refused(text: str) -> RequestError:
    with pytest.raises(RequestError) as error:
        decode_client_message(text)
    return error.value


def outcome_of(text: str) -> ClientMessage | RequestError:
    try:
        return decode_client_message(text)
    except RequestError as error:
        return error


# What comes

UNDERSTOOD: dict[str, ClientMessage] = {
    '{"type":"subscribe","subscription_id":"s","filters":{}}': Subscribe("s", Filters()),
    '{"filters":{"severities":["P0"]},"subscription_id":"s","since":{"epoch":"e","offset":7},"type":"subscribe"}': Subscribe(
        "s", Filters(severities=("P0",)), Position("e", 7)
    ),
    '{"type":"subscribe","subscription_id":"s","filters":{},"since":null}': Subscribe("s", Filters()),
    '{"type":"unsubscribe","subscription_id":"s"}': Unsubscribe("s"),
    '{"type":"ack","message_id":"m"}': Ack("m"),
    '{"type":"ack","chat_id":"c","sequence":0,"state":"read"}': Ack(None, "c", 0, "read"),
    '{"type":"send_message","chat_id":"c","client_message_id":"m","content":"\\ud83d\\ude00"}': SendMessage("c", "m", "😀"),
    '{"type":"sync_request","chats":[{"chat_id":"c","after_sequence":3}]}': SyncRequest((ChatPosition("c", 3),)),
    '{"type":"history","chat_id":"c","before_sequence":9,"limit":200,"request_id":"r"}': History("c", "r", 9, None, 200),
    '{"type":"history","chat_id":"c","after_sequence":0}': History("c", after_sequence=0),
}


@pytest.mark.parametrize("text", UNDERSTOOD)
def test_what_is_right_is_understood(text: str) -> None:
    assert decode_client_message(text) == UNDERSTOOD[text]


A_CHAT = '{"chat_id":"c","after_sequence":0}'
REFUSED: dict[str, tuple[str, str, str]] = {
    "": ("INVALID_MESSAGE", "unknown", ""),
    "{": ("INVALID_MESSAGE", "unknown", ""),
    "null": ("INVALID_MESSAGE", "unknown", ""),
    '"ping"': ("INVALID_MESSAGE", "unknown", ""),
    '[{"type":"ping"}]': ("INVALID_MESSAGE", "unknown", ""),
    '{"type":"ping"}{"type":"ping"}': ("INVALID_MESSAGE", "unknown", ""),
    '{"type":"ping",}': ("INVALID_MESSAGE", "unknown", ""),
    "{'type':'ping'}": ("INVALID_MESSAGE", "unknown", ""),
    '\ufeff{"type":"ping"}': ("INVALID_MESSAGE", "unknown", ""),
    '{"type":"ping","timestamp":NaN}': ("INVALID_MESSAGE", "unknown", ""),
    '{"type":"ping","timestamp":"\\ud800"}': ("INVALID_MESSAGE", "unknown", ""),
    '{"type":"ping","timestamp":"\\q"}': ("INVALID_MESSAGE", "unknown", ""),
    "{}": ("INVALID_MESSAGE", "unknown", "type"),
    '{"type":null}': ("INVALID_MESSAGE", "unknown", "type"),
    '{"type":7}': ("INVALID_MESSAGE", "unknown", "type"),
    '{"type":"dance"}': ("UNSUPPORTED", "unknown", "type"),
    '{"type":"PING"}': ("UNSUPPORTED", "unknown", "type"),
    '{"type":"welcome"}': ("UNSUPPORTED", "unknown", "type"),
    '{"type":"resume","resume_token":"t"}': ("UNSUPPORTED", "resume", "type"),
    '{"type":"refresh","token":"t"}': ("UNSUPPORTED", "refresh", "type"),
    '{"type":"typing","chat_id":"c","active":true}': ("UNSUPPORTED", "typing", "type"),
    '{"type":"ping","Timestamp":1}': ("INVALID_MESSAGE", "ping", "Timestamp"),
    '{"type":"unsubscribe"}': ("INVALID_MESSAGE", "unsubscribe", "subscription_id"),
    '{"type":"unsubscribe","subscription_id":""}': ("INVALID_MESSAGE", "unsubscribe", "subscription_id"),
    '{"type":"unsubscribe","subscription_id":"%s"}' % ("x" * 129): ("INVALID_MESSAGE", "unsubscribe", "subscription_id"),
    '{"type":"subscribe","subscription_id":"s"}': ("INVALID_MESSAGE", "subscribe", "filters"),
    '{"type":"subscribe","subscription_id":"s","filters":{"severity":["P0"]}}': ("INVALID_MESSAGE", "subscribe", "filters.severity"),
    '{"type":"subscribe","subscription_id":"s","filters":{"severities":["P5"]}}': ("INVALID_MESSAGE", "subscribe", "filters.severities[0]"),
    '{"type":"subscribe","subscription_id":"s","filters":{"labels":{"":"x"}}}': ("INVALID_MESSAGE", "subscribe", "filters.labels"),
    '{"type":"subscribe","subscription_id":"s","filters":{"labels":{"a":1}}}': ("INVALID_MESSAGE", "subscribe", "filters.labels[...]"),
    '{"type":"subscribe","subscription_id":"s","filters":{},"since":{"epoch":"e"}}': ("INVALID_MESSAGE", "subscribe", "since.offset"),
    '{"type":"subscribe","subscription_id":"s","filters":{},"since":{"epoch":"e","offset":-1}}': (
        "INVALID_MESSAGE",
        "subscribe",
        "since.offset",
    ),
    '{"type":"ack"}': ("INVALID_MESSAGE", "ack", ""),
    '{"type":"ack","chat_id":"c"}': ("INVALID_MESSAGE", "ack", ""),
    '{"type":"ack","chat_id":"c","sequence":true}': ("INVALID_MESSAGE", "ack", "sequence"),
    '{"type":"ack","chat_id":"c","sequence":1.0}': ("INVALID_MESSAGE", "ack", "sequence"),
    '{"type":"ack","chat_id":"c","sequence":-1}': ("INVALID_MESSAGE", "ack", "sequence"),
    '{"type":"ack","message_id":"m","state":"seen"}': ("INVALID_MESSAGE", "ack", "state"),
    '{"type":"send_message","chat_id":"c","client_message_id":"m","content":""}': ("INVALID_MESSAGE", "send_message", "content"),
    '{"type":"send_message","chat_id":"c","client_message_id":"m","content":"x","content_type":"text/plain\\n"}': (
        "INVALID_MESSAGE",
        "send_message",
        "content_type",
    ),
    '{"type":"sync_request","chats":[]}': ("INVALID_MESSAGE", "sync_request", "chats"),
    f'{{"type":"sync_request","chats":[{",".join([A_CHAT] * 51)}]}}': (
        "INVALID_MESSAGE",
        "sync_request",
        "chats",
    ),
    '{"type":"sync_request","chats":[{"chat_id":"c"}]}': ("INVALID_MESSAGE", "sync_request", "chats[0].after_sequence"),
    '{"type":"sync_request","chats":[{"chat_id":"c","after_sequence":1}],"limit":501}': ("INVALID_MESSAGE", "sync_request", "limit"),
    '{"type":"history","chat_id":"c","limit":0}': ("INVALID_MESSAGE", "history", "limit"),
    '{"type":"history","chat_id":"c","before_sequence":9,"after_sequence":1}': ("INVALID_MESSAGE", "history", ""),
}


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_wrong_is_refused_with_its_type_and_its_field(text: str) -> None:
    error = refused(text)
    assert (error.code, error.kind, error.path) == REFUSED[text]
    assert str(error)


@pytest.mark.parametrize("wrong", ['{"type":"dance",%s}', '{"type":"unsubscribe","more":1,%s}', "{%s}", '{"type":"resume",%s}'])
def test_a_refusal_names_the_request_and_the_subscription(wrong: str) -> None:
    error = refused(wrong % '"request_id":"r1","subscription_id":"s1"')
    assert (error.request_id, error.subscription_id) == ("r1", "s1")


def test_what_a_text_must_look_like_is_said_in_words() -> None:
    with pytest.raises(RequestError) as refused:
        client_decoder()('{"type":"subscribe","subscription_id":"s","filters":{"event_types":["A b"]}}')
    assert refused.value.problem == "Expected a name of 1 to 64 of a-z, 0-9 and _, a letter first"
    with pytest.raises(RequestError) as refused:
        client_decoder()('{"type":"send_message","chat_id":"c","client_message_id":"m","content":"x","content_type":"\\n"}')
    assert refused.value.problem == "Expected printable ASCII such as text/plain, no space first"


@pytest.mark.parametrize("name", ["5", "null", '""', '"%s"' % ("x" * 129), "[]"])
def test_a_refusal_names_no_request_whose_name_is_none(name: str) -> None:
    assert refused(f'{{"type":"dance","request_id":{name}}}').request_id is None


def test_a_long_name_of_a_field_is_not_sent_back_whole() -> None:
    error = refused('{"type":"ping","%s":1}' % ("x" * 60_000))
    assert len(str(error)) + len(error.path) < 1_000


@pytest.mark.parametrize("depth", [MAX_JSON_DEPTH - 1, MAX_JSON_DEPTH, 100, 1_000, 30_000])
@pytest.mark.parametrize(("begin", "end"), [("[", "]"), ('{"a":', "}")])
def test_a_message_may_be_nested_so_deep_and_no_deeper(depth: int, begin: str, end: str) -> None:
    text = f'{{"type":"ping","timestamp":{begin * depth}1{end * depth}}}'
    if depth < MAX_JSON_DEPTH:
        assert isinstance(decode_client_message(text), Ping)
    else:
        assert "nested deeper than 32" in str(refused(text))


def test_the_depth_can_be_chosen() -> None:
    decode = client_decoder(3)
    assert isinstance(decode('{"type":"ping","timestamp":[[1]]}'), Ping)
    with pytest.raises(RequestError, match="nested deeper than 3"):
        decode('{"type":"ping","timestamp":[[[1]]]}')


@pytest.mark.parametrize("text", ["[" * 60_000, '{"a":' * 10_000, '{"type":"ping","x":' + "[" * 60_000])
def test_endless_nesting_is_refused_and_nothing_else_happens(text: str) -> None:
    assert refused(text).code == "INVALID_MESSAGE"


@pytest.mark.parametrize("timestamp", ["[" * 40, '"' + '\\"[{' * 40, "\\" * 6 + "{" * 40])
def test_brackets_in_a_string_are_not_nesting(timestamp: str) -> None:
    message = decode_client_message(json.dumps({"type": "ping", "timestamp": timestamp}))
    assert isinstance(message, Ping)
    assert json.loads(bytes(message.timestamp)) == timestamp


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.text())
def test_any_text_is_understood_or_refused(text: str) -> None:
    outcome = outcome_of(text)
    assert not isinstance(outcome, RequestError) or outcome.code in ("INVALID_MESSAGE", "UNSUPPORTED")


@given(st.dictionaries(st.sampled_from([*"ab", "type", "chat_id", "request_id", "chats", "filters", "subscription_id"]), json_values))
def test_any_object_is_understood_or_refused(value: dict[str, Any]) -> None:
    outcome = outcome_of(json.dumps(value))
    assert not isinstance(outcome, RequestError) or outcome.code in ("INVALID_MESSAGE", "UNSUPPORTED")


@given(st.sampled_from(sorted(tag for tag in ("subscribe", "send_message", "history", "sync_request", "ack"))), st.data())
def test_one_wrong_value_never_gets_through_as_another_error(kind: str, data: st.DataObject) -> None:
    right: dict[str, dict[str, Any]] = {
        "subscribe": {"subscription_id": "s", "filters": {}},
        "send_message": {"chat_id": "c", "client_message_id": "m", "content": "x"},
        "history": {"chat_id": "c"},
        "sync_request": {"chats": [{"chat_id": "c", "after_sequence": 0}]},
        "ack": {"chat_id": "c", "sequence": 1},
    }
    message = {"type": kind, **right[kind]}
    field = data.draw(st.sampled_from(sorted(right[kind])))
    message[field] = data.draw(json_values)
    outcome = outcome_of(json.dumps(message))
    if isinstance(outcome, RequestError):
        assert outcome.kind == kind
        assert outcome.path.startswith(field) or (kind == "ack" and not outcome.path)


@given(json_values)
def test_the_timestamp_of_a_ping_comes_through_as_it_is(value: Any) -> None:
    message = decode_client_message(json.dumps({"type": "ping", "timestamp": value}))
    assert isinstance(message, Ping)
    assert json.loads(bytes(message.timestamp)) == value


def test_a_ping_without_a_timestamp_has_none() -> None:
    message = decode_client_message('{"type":"ping"}')
    assert isinstance(message, Ping)
    assert bytes(message.timestamp) == b"null"


names = st.text(min_size=1, max_size=20)
client_messages: st.SearchStrategy[ClientMessage] = st.one_of(
    st.builds(Subscribe, names, st.builds(Filters, sources=st.lists(names, max_size=3).map(tuple)), st.none()),
    st.builds(Unsubscribe, names),
    st.builds(Ack, names, st.none(), st.none(), st.sampled_from(["delivered", "read"])),
    st.builds(SendMessage, names, names, st.text(min_size=1), st.none() | names),
    st.builds(SyncRequest, st.lists(st.builds(ChatPosition, names, st.integers(0, 2**53 - 1)), min_size=1, max_size=50).map(tuple)),
    st.builds(History, names, st.none() | names, st.none(), st.none() | st.integers(0, 9), st.integers(1, 200)),
)


@given(client_messages)
def test_a_client_message_comes_back_the_same(message: ClientMessage) -> None:
    assert decode_client_message(msgspec.json.encode(message).decode()) == message


# What goes out

decode_server_message = msgspec.json.Decoder(ServerMessage).decode  # type: ignore[var-annotated]
texts = st.text(max_size=30)
ids = st.from_regex(r"msg_[0-9A-Z]{26}", fullmatch=True)
instants = st.just("2026-11-21T10:00:00.123456Z")
messages = st.builds(Message, ids, texts, st.integers(1, 2**53), texts, texts, texts, instants)
events = st.builds(
    Event,
    st.sampled_from(["deployment", "incident_created"]),
    st.none() | st.sampled_from(SEVERITIES),
    source=st.none() | st.text(min_size=1, max_size=20),
    labels=st.dictionaries(st.text(min_size=1, max_size=9), texts, max_size=3),
    priority=st.sampled_from(["low", "critical"]),
    data=json_values.map(lambda value: Raw(json.dumps(value).encode())),
)
stream_events = st.builds(StreamEvent, st.integers(0, 2**62), ids, instants, st.integers(0, 2**60), events)


def without_data(event: Event) -> Event:
    return msgspec.structs.replace(event, data=Raw(b"{}"))


@given(messages)
def test_a_message_is_what_its_struct_says(message: Message) -> None:
    expected = ChatMessage(*msgspec.structs.astuple(message))
    assert decode_server_message(encode_message(message)) == expected
    assert encode_message(message) == encode(expected)


@given(stream_events, st.none() | st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True), st.lists(texts, min_size=1, max_size=3))
def test_an_event_of_parts_is_what_its_struct_says(event: StreamEvent, epoch: str | None, subscription_ids: list[str]) -> None:
    head, tail = event_parts(event, epoch)
    sent = decode_server_message(head + msgspec.json.encode(subscription_ids) + tail)
    assert isinstance(sent, EventMessage)
    assert (sent.message_id, sent.timestamp, sent.subscription_ids) == (event.message_id, event.timestamp, tuple(subscription_ids))
    assert sent.position == (None if epoch is None else Position(epoch, event.offset))
    assert without_data(sent.event) == without_data(event.event)
    assert json.loads(bytes(sent.event.data)) == json.loads(bytes(event.event.data))


@given(texts, texts, ids, st.integers(1, 9), st.booleans(), st.none() | names)
def test_an_ack_always_says_whether_it_is_a_duplicate(
    chat: str, client_id: str, message_id: str, sequence: int, duplicate: bool, request_id: str | None
) -> None:
    ack = MessageAck(chat, client_id, message_id, sequence, "2026-11-21T10:00:00.000000Z", duplicate, request_id)
    sent = json.loads(encode_ack(ack))
    assert sent["duplicate"] is duplicate
    assert sent.get("request_id") == request_id
    assert decode_server_message(encode_ack(ack)) == ack


EXACT: dict[str, tuple[ServerMessage, dict[str, Any]]] = {
    "an empty history": (
        HistoryResult("c", (), False, 0),
        {"type": "history_result", "chat_id": "c", "messages": [], "has_more": False, "latest_sequence": 0},
    ),
    "an empty sync": (
        SyncResponse((ChatPage("c", (), False, 0),), "r"),
        {
            "type": "sync_response",
            "chats": [{"chat_id": "c", "messages": [], "has_more": False, "latest_sequence": 0}],
            "request_id": "r",
        },
    ),
    "an error": (
        ErrorMessage("NOT_FOUND", "no", False),
        {"type": "error", "code": "NOT_FOUND", "message": "no", "temporary": False},
    ),
    "a subscription": (
        Subscribed("s", Filters(), Position("e", 0)),
        {"type": "subscribed", "subscription_id": "s", "filters": {}, "position": {"epoch": "e", "offset": 0}},
    ),
    "a recovery": (
        Subscribed("s", Filters(), Position("e", 9), Recovery(False, 3, 9, 0, False, "history_exceeded")),
        {
            "type": "subscribed",
            "subscription_id": "s",
            "filters": {},
            "position": {"epoch": "e", "offset": 9},
            "recovery": {"complete": False, "from": 3, "to": 9, "count": 0, "has_more": False, "reason": "history_exceeded"},
        },
    ),
    "an end": (
        Closing("bye", 1012, True, 0),
        {"type": "closing", "reason": "bye", "code": 1012, "reconnect": True, "retry_after_ms": 0},
    ),
}


@pytest.mark.parametrize("name", EXACT)
def test_what_is_required_is_there_also_when_it_is_empty(name: str) -> None:
    message, sent = EXACT[name]
    assert json.loads(encode(message)) == sent
    assert next(iter(json.loads(encode(message)))) == "type"
