"""A client passes over what it does not know."""

from __future__ import annotations

import pytest

from surewire.client.incoming import IncomingError, IncomingEvent, Unknown, decode


def test_unknown_fields_are_passed_over_at_every_depth() -> None:
    event = '{"event_type":"x","severity":"P9","new":{}}'
    message = decode(f'{{"type":"event","message_id":"m","new":1,"event":{event},"timestamp":"t","subscription_ids":["s"]}}')
    assert isinstance(message, IncomingEvent)
    assert message.event.severity == "P9"


def test_unknown_types_are_passed_over() -> None:
    assert decode('{"type":"presence","user_id":"bob"}') == Unknown("presence")


def test_an_unknown_error_code_is_still_an_error() -> None:
    message = decode('{"type":"error","code":"NEW_CODE","message":"m","details":{"a":1}}')
    assert isinstance(message, IncomingError)
    assert message.code == "NEW_CODE"


@pytest.mark.parametrize("frame", ["", "no json", "[]", '{"no":"type"}', '{"type":"welcome"}', b"\xff"])
def test_what_is_no_message_of_the_protocol_is_an_error(frame: str | bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(frame)
