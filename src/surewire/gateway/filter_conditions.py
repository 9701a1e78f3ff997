"""Filters taken apart: one condition a field (one a label), each of which an event meets or not."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, Final

from surewire.domain.event import Event
from surewire.domain.filters import Filters

__all__ = ["LABEL", "RESOURCES", "Check", "Conditions", "conditions_of", "passes", "reader_of", "tests_of"]

Check = tuple[Callable[[Event, Any], bool], Any]
"""A test and the values it looks for."""

Conditions = dict[str, tuple[str, ...]]
"""The values that each field named by a filter may have; a label's field is `labels.NAME`."""

RESOURCES: Final = "affected_resources"
LABEL: Final = "labels."

_MANY = 8
"""From so many values on, a set is faster to look into than a tuple; below, it only takes more memory."""

_READERS: Final[dict[str, Callable[[Event], str | None]]] = {
    "incident_ids": attrgetter("incident_id"),
    "sources": attrgetter("source"),
    "channels": attrgetter("channel"),
    "event_types": attrgetter("event_type"),
    "states": attrgetter("state"),
    "severities": attrgetter("severity"),
}
_TESTS: Final[dict[str, Callable[[Event, Any], bool]]] = {
    "incident_ids": lambda event, values: event.incident_id in values,
    "sources": lambda event, values: event.source in values,
    "channels": lambda event, values: event.channel in values,
    "event_types": lambda event, values: event.event_type in values,
    "states": lambda event, values: event.state in values,
    "severities": lambda event, values: event.severity in values,
}


def _has_resource(event: Event, values: Any) -> bool:
    return any(resource in values for resource in event.affected_resources)


def _has_labels(event: Event, pairs: Any) -> bool:
    labels = event.labels
    return all(labels.get(name) == value for name, value in pairs)


def conditions_of(filters: Filters) -> Conditions:
    """Every condition of the filters, the fields that tend to say most first."""
    named = {
        "incident_ids": filters.incident_ids,
        RESOURCES: filters.affected_resources,
        "sources": filters.sources,
        "channels": filters.channels,
        "event_types": filters.event_types,
        "states": filters.states,
        "severities": filters.severities,
    }
    conditions: Conditions = {field: values for field, values in named.items() if values}
    for name, value in filters.labels.items():
        conditions[LABEL + name] = (value,)
    return conditions


def reader_of(field: str) -> Callable[[Event], str | None]:
    """What reads the one value that an event has for the field. Not for `affected_resources`, of which it has many."""
    if field.startswith(LABEL):
        name = field[len(LABEL) :]
        return lambda event: event.labels.get(name)
    return _READERS[field]


def tests_of(conditions: Conditions) -> tuple[Check, ...]:
    """Checks that together say whether an event meets all the conditions."""
    checks: list[Check] = []
    pairs: list[tuple[str, str]] = []
    for field, values in conditions.items():
        if field.startswith(LABEL):
            pairs.append((field[len(LABEL) :], values[0]))
        else:
            checks.append((_TESTS.get(field, _has_resource), values if len(values) < _MANY else frozenset(values)))
    if pairs:
        checks.append((_has_labels, tuple(pairs)))
    return tuple(checks)


def passes(checks: tuple[Check, ...], event: Event) -> bool:
    """Whether the event passes every check."""
    for test, values in checks:  # noqa: SIM110 (a generator costs more than the checks)
        if not test(event, values):
            return False
    return True
