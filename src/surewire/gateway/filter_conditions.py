"""Filters taken apart: one condition a field (one a label), each of which an event meets or not."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from operator import attrgetter
from typing import Any, Final

from surewire.domain.event import Event
from surewire.domain.filters import Filters

__all__ = ["LABEL", "RESOURCES", "Check", "Conditions", "checks_of", "conditions_of", "reader_of"]

Check = tuple[Callable[[Event, Any], bool], Any]
"""A test and the values it looks for."""

Conditions = dict[str, tuple[str, ...]]
"""The values that each field named by a filter may have; a label's field is `labels.NAME`."""

RESOURCES: Final = "affected_resources"
LABEL: Final = "labels."

_FEW: Final = 4
"""Conditions with so few values are often the same in many filters, so their checks are shared."""

_READERS: Final[dict[str, Callable[[Event], str | None]]] = {
    "incident_ids": attrgetter("incident_id"),
    "sources": attrgetter("source"),
    "channels": attrgetter("channel"),
    "event_types": attrgetter("event_type"),
    "states": attrgetter("state"),
    "severities": attrgetter("severity"),
    # An event has many; who looks for them reads them itself.
    RESOURCES: lambda event: None,
}


def _has_resource(event: Event, values: Any) -> bool:
    for resource in event.affected_resources:  # noqa: SIM110 (making a generator costs three times as much)
        if resource in values:
            return True
    return False


_TESTS: Final[dict[str, Callable[[Event, Any], bool]]] = {
    "incident_ids": lambda event, values: event.incident_id in values,
    "sources": lambda event, values: event.source in values,
    "channels": lambda event, values: event.channel in values,
    "event_types": lambda event, values: event.event_type in values,
    "states": lambda event, values: event.state in values,
    "severities": lambda event, values: event.severity in values,
    RESOURCES: _has_resource,
}


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
    """What reads the value that an event has for the field, None when it has none."""
    if field.startswith(LABEL):
        name = field[len(LABEL) :]
        return lambda event: event.labels.get(name)
    return _READERS[field]


def checks_of(conditions: Conditions) -> tuple[Check, ...]:
    """Checks that an event must all pass to meet the conditions."""
    return tuple(_shared_check(field, values) if len(values) <= _FEW else _check(field, values) for field, values in conditions.items())


def _check(field: str, values: tuple[str, ...]) -> Check:
    if field.startswith(LABEL):
        return _has_label, (field[len(LABEL) :], values[0])
    return _TESTS[field], values if len(values) <= _FEW else frozenset(values)


_shared_check = lru_cache(maxsize=4_096)(_check)


def _has_label(event: Event, pair: tuple[str, str]) -> bool:
    return event.labels.get(pair[0]) == pair[1]
