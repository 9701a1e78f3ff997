"""An event as it is published.

Holds: it is accepted or refused with `INVALID_MESSAGE` or `TOO_LARGE`, briefly; what is accepted is within every limit, reads the same
after it was stored, and goes out as a frame that everybody can read.
"""

from __future__ import annotations

import json

import msgspec

from fuzz.target import Target
from fuzz.targets.messages import depth_of
from surewire.domain.event import PRIORITIES, Event
from surewire.domain.stream import StreamEvent
from surewire.errors import ClientError
from surewire.http.body import decode_body
from surewire.http.problem import problem_of, status_of
from surewire.http.reply import encode_json
from surewire.protocol.codec import event_parts
from surewire.streams.publication import EventLimits, checked_events

LIMITS = EventLimits(max_event_bytes=2_000, max_json_depth=8)
MAX_PROBLEM_BYTES = 2_048
FRAME_BYTES = 256


def check(data: bytes) -> None:
    try:
        (event,) = checked_events([decode_body(data, Event)], LIMITS)
    except ClientError as error:
        assert error.code in {"INVALID_MESSAGE", "TOO_LARGE"}
        assert len(encode_json(problem_of(error, status_of(error), "req_1"))) <= MAX_PROBLEM_BYTES
    else:
        check_accepted(event)


def check_accepted(event: Event) -> None:
    stored = msgspec.json.encode(event)
    assert len(stored) <= LIMITS.max_event_bytes
    assert event.priority in PRIORITIES
    assert msgspec.json.encode(msgspec.json.decode(stored, type=Event)) == stored
    head, tail = event_parts(StreamEvent(1, "msg_1", "2026-11-21T10:00:00.000000Z", 0, event), "epoch")
    frame = head + b'["s"]' + tail
    assert len(frame) <= LIMITS.max_event_bytes + FRAME_BYTES
    assert depth_of(json.loads(frame)["event"]["data"]) <= LIMITS.max_json_depth


TARGET = Target(
    check,
    seeds=(
        (
            b'{"event_type":"incident_created","severity":"P1","state":"Detected","source":"s","affected_resources":["a"],"labels":{"b":"c"},'
            b'"incident_id":"inc_1","channel":"ops","priority":"high","data":{"title":"\\u00e9","n":[1e5,-0.0,{}]}}'
        ),
        b'{"event_type":"x"}',
        b'{"event_type":"x","data":' + b"[" * 8 + b"]" * 8 + b"}",
        b'{"event_type":"x","data":"\\ud83d\\ude00\xf0\x9f\x98\x80"}',
        b'{"event_type":"x","data":"' + b"d" * 1_960 + b'"}',
        b'{"event_type":"x","data":1e999}',
    ),
)
