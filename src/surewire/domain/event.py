"""An event as it is published, stored and sent: what happened, the attributes that filters look at, and its data."""

from __future__ import annotations

from collections.abc import Container
from typing import Annotated, Final, Literal, get_args

import msgspec
from msgspec import Meta, Raw, Struct, field

from surewire.domain.json_depth import MAX_JSON_DEPTH, is_deeper
from surewire.domain.json_words import why_malformed
from surewire.errors import ClientError

__all__ = [
    "BUILT_IN_TYPES",
    "MAX_EVENT_BYTES",
    "OTHER_TYPES",
    "PRIORITIES",
    "SEVERITIES",
    "STATES",
    "Attribute",
    "Channel",
    "Event",
    "EventType",
    "IncidentId",
    "LabelName",
    "LabelValue",
    "Priority",
    "Severity",
    "State",
    "check_event",
    "metric_label",
    "priority_of",
    "with_priority",
]

Severity = Literal["P0", "P1", "P2", "P3", "P4"]
State = Literal["Detected", "Acknowledged", "Investigating", "Escalated", "Mitigating", "Monitoring", "Resolved", "Postmortem", "Closed"]
Priority = Literal["critical", "high", "normal", "low"]
"""How urgent delivery is: under pressure lower ones wait or go first."""

# `$` alone would let a trailing newline pass in Python; the look-ahead means the same in ECMA 262, so it may stand in a JSON schema.
EventType = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]{0,63}$(?!\n)",
        description="A name of 1 to 64 of a-z, 0-9 and _, a letter first.",
        extra={"takes": "a name of 1 to 64 of a-z, 0-9 and _, a letter first"},
    ),
]
Attribute = Annotated[str, Meta(min_length=1, max_length=256)]
IncidentId = Annotated[str, Meta(min_length=1, max_length=128)]
# "channel:" and the name together are a subscription id, which has at most 128 characters.
Channel = Annotated[str, Meta(min_length=1, max_length=120)]
LabelName = Annotated[str, Meta(min_length=1, max_length=128)]
LabelValue = Annotated[str, Meta(max_length=256)]

SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)
STATES: Final[tuple[State, ...]] = get_args(State)
PRIORITIES: Final[tuple[Priority, ...]] = get_args(Priority)
MAX_EVENT_BYTES: Final = 65_536
"""What an event's JSON may have unless it is configured otherwise."""

BUILT_IN_TYPES: Final = (
    *("incident_created", "incident_updated", "incident_resolved", "incident_closed", "alert_received", "alert_converted", "escalated"),
    *("playbook_started", "playbook_action_executed", "playbook_completed", "notification_sent", "assignment_changed", "comment_added"),
    *("system_event", "now_playing", "mood_event", "utterance", "metric_update", "slo_alert", "voice_activated", "voice_deactivated"),
    *("harmony_update", "state_transition", "slo_state_changed", "deployment"),
)
OTHER_TYPES: Final = "other"
"""The metric label of every type that is neither built in nor configured, so that publishers cannot make label values."""

_NO_DATA: Final = Raw(b"{}")
_PRIORITY_BY_TYPE_AND_SEVERITY: Final[dict[tuple[str, str | None], Priority]] = {
    ("incident_created", "P0"): "critical",
    ("incident_created", "P1"): "high",
    ("escalated", "P0"): "critical",
    ("alert_received", "P0"): "high",
    ("alert_received", "P1"): "high",
}
_PRIORITY_BY_TYPE: Final[dict[str, Priority]] = {
    "escalated": "high",
    "comment_added": "low",
    "playbook_action_executed": "low",
    "system_event": "low",
}
_BUILT_IN: Final = frozenset(BUILT_IN_TYPES)


def _no_data() -> Raw:
    return _NO_DATA


class Event(Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """One event in the order of the wire. Absent attributes are not sent; `data` always is.

    `priority` may be left out when publishing; `with_priority` fills it in. `data` is any JSON value as its bytes, never decoded and
    encoded again. A decoded event's `data` is a view into the bytes it came from: decode from bytes that nobody changes.
    """

    event_type: EventType
    severity: Severity | None = None
    state: State | None = None
    source: Attribute | None = None
    affected_resources: Annotated[tuple[Attribute, ...], Meta(max_length=100)] = ()
    labels: Annotated[dict[LabelName, LabelValue], Meta(max_length=64)] = {}
    incident_id: IncidentId | None = None
    channel: Channel | None = None
    priority: Priority | None = None
    # A factory, because `omit_defaults` would leave out a plain default and the frame always has `data`.
    data: Raw = field(default_factory=_no_data)


def priority_of(event: Event) -> Priority:
    """The event's own priority, else the one that its type and severity give it."""
    event_type = event.event_type
    return event.priority or _PRIORITY_BY_TYPE_AND_SEVERITY.get((event_type, event.severity)) or _PRIORITY_BY_TYPE.get(event_type, "normal")


def with_priority(event: Event) -> Event:
    """The same event with its priority filled in."""
    return event if event.priority else msgspec.structs.replace(event, priority=priority_of(event))


def metric_label(event_type: str, configured: Container[str]) -> str:
    """The type as a metric label: itself when built in or configured, else `other`."""
    return event_type if event_type in _BUILT_IN or event_type in configured else OTHER_TYPES


def check_event(event: Event, path: str = "", *, max_depth: int = MAX_JSON_DEPTH) -> None:
    """Checks of a published event what its types cannot: that `data` is JSON that every reader can read.

    A decoder skips over the bytes of `data`, so broken UTF-8, half surrogates or deep nesting in them would get into the log and
    hurt everyone who reads it. `path` is where the event stands in the request (`events[3]`).

    Raises: ClientError `INVALID_MESSAGE` with the path of the wrong field, but without one for broken UTF-8: then the request as a whole
    is no JSON.
    """
    where = f"{path}.data" if path else "data"
    data = bytes(event.data)
    try:
        msgspec.json.decode(data)
    except UnicodeDecodeError:
        raise ClientError("INVALID_MESSAGE", f"{where} is not UTF-8, as JSON must be (RFC 8259 §8.1)") from None
    except RecursionError:
        raise _too_deep(where, max_depth) from None
    except ValueError as error:
        raise ClientError("INVALID_MESSAGE", f"cannot be read as JSON: {why_malformed(data, error)}", path=where) from None
    if is_deeper(data, max_depth):
        raise _too_deep(where, max_depth)


def _too_deep(where: str, max_depth: int) -> ClientError:
    return ClientError("INVALID_MESSAGE", f"data is nested deeper than {max_depth}", path=where)
