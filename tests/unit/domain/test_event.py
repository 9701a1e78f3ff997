"""Events: what is accepted, what is sent, and how urgent each is."""

from __future__ import annotations

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from surewire.domain.event import BUILT_IN_TYPES, Event, check_event, metric_label, priority_of, with_priority
from surewire.errors import ClientError


def decode(text: bytes) -> Event:
    return msgspec.json.decode(text, type=Event)


def test_an_event_is_sent_in_the_order_of_the_protocol_without_absent_attributes() -> None:
    event = Event("escalated", severity="P0", labels={"env": "prod"}, channel="pulse", priority="critical", data=msgspec.Raw(b'{"a": 1}'))
    sent = b'{"event_type":"escalated","severity":"P0","labels":{"env":"prod"},"channel":"pulse","priority":"critical","data":{"a": 1}}'
    assert msgspec.json.encode(event) == sent


def test_an_event_without_data_is_sent_with_an_empty_object() -> None:
    assert msgspec.json.encode(decode(b'{"event_type":"deployment"}')) == b'{"event_type":"deployment","data":{}}'


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8))
def test_data_of_any_json_goes_through_byte_by_byte(value: object) -> None:
    data = msgspec.json.encode(value)
    event = decode(b'{"event_type":"deployment","data":  ' + data + b" }")
    check_event(event)
    assert msgspec.json.encode(event) == b'{"event_type":"deployment","data":' + data + b"}"


@pytest.mark.parametrize("name", ["a", "incident_created", "a" * 64, "x9_"])
def test_a_type_is_any_name_of_the_pattern(name: str) -> None:
    assert decode(msgspec.json.encode({"event_type": name})).event_type == name


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b'{"event_type":""}', "$.event_type"),
        (b'{"event_type":"Upper"}', "$.event_type"),
        (b'{"event_type":"9a"}', "$.event_type"),
        (b'{"event_type":"a\\n"}', "$.event_type"),
        (b'{"event_type":"' + b"a" * 65 + b'"}', "$.event_type"),
        (b'{"event_type":"a","severity":"P5"}', "$.severity"),
        (b'{"event_type":"a","severity":"p0"}', "$.severity"),
        (b'{"event_type":"a","state":"Triaged"}', "$.state"),
        (b'{"event_type":"a","source":""}', "$.source"),
        (b'{"event_type":"a","source":"' + b"s" * 257 + b'"}', "$.source"),
        (b'{"event_type":"a","affected_resources":["a",""]}', "$.affected_resources[1]"),
        (b'{"event_type":"a","affected_resources":"a"}', "$.affected_resources"),
        (b'{"event_type":"a","affected_resources":[' + b",".join([b'"a"'] * 101) + b"]}", "$.affected_resources"),
        (b'{"event_type":"a","labels":{"":"x"}}', "$.labels"),
        (b'{"event_type":"a","labels":{"x":1}}', "$.labels[...]"),
        (b'{"event_type":"a","priority":"urgent"}', "$.priority"),
        (b'{"event_type":"a","severty":"P0"}', "severty"),
        (b'{"severity":"P0"}', "event_type"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_named(text: bytes, path: str) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        decode(text)
    assert path in str(error.value)


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b"[" * 5_000 + b"]" * 5_000,
        b"1e999",
    ],
)
def test_data_that_a_reader_could_not_read_is_refused_with_its_path(data: bytes) -> None:
    with pytest.raises(ClientError) as error:
        check_event(Event("a", data=msgspec.Raw(data)), "events[3]")
    assert (error.value.code, error.value.path) == ("INVALID_MESSAGE", "events[3].data")


@pytest.mark.parametrize("data", [b'"\xff"', b'{"a":"\xc3("}'])
def test_data_that_is_not_utf_8_makes_the_whole_request_no_json(data: bytes) -> None:
    with pytest.raises(ClientError) as error:
        check_event(Event("a", data=msgspec.Raw(data)), "events[3]")
    assert (error.value.code, error.value.path) == ("INVALID_MESSAGE", "")
    assert error.value.problem == "events[3].data is not UTF-8, as JSON must be (RFC 8259 §8.1)"


@pytest.mark.parametrize(
    "data",
    [b"[" * 32 + b"]" * 32, b'"' + b"[{" * 100 + b'"', b'["' + b'\\"{' * 50 + b'"]'],
)
def test_data_is_only_as_deep_as_its_brackets_outside_strings(data: bytes) -> None:
    check_event(Event("a", data=msgspec.Raw(data)))


RULES = {
    ("incident_created", "P0"): "critical",
    ("incident_created", "P1"): "high",
    ("incident_created", "P2"): "normal",
    ("incident_created", None): "normal",
    ("escalated", "P0"): "critical",
    ("escalated", "P1"): "high",
    ("escalated", "P4"): "high",
    ("escalated", None): "high",
    ("alert_received", "P0"): "high",
    ("alert_received", "P1"): "high",
    ("alert_received", "P2"): "normal",
    ("comment_added", "P0"): "low",
    ("playbook_action_executed", None): "low",
    ("system_event", None): "low",
    ("deployment", "P0"): "normal",
    ("some_name", None): "normal",
}


@pytest.mark.parametrize(("of", "priority"), RULES.items())
def test_a_missing_priority_follows_from_type_and_severity(of: tuple[str, None], priority: str) -> None:
    event = Event(of[0], severity=of[1], source="api")
    assert priority_of(event) == priority
    assert with_priority(event) == Event(of[0], severity=of[1], source="api", priority=priority)


def test_a_publishers_own_priority_holds() -> None:
    event = Event("incident_created", severity="P0", priority="low")
    assert priority_of(event) == "low"
    assert with_priority(event) is event


def test_a_type_is_a_metric_label_only_when_built_in_or_configured() -> None:
    assert [metric_label(name, {"mine"}) for name in ("mine", "yours", *BUILT_IN_TYPES)] == ["mine", "other", *BUILT_IN_TYPES]
    assert len(set(BUILT_IN_TYPES)) == 25
