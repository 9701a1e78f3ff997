"""One filter against many events: what recovery does, a page at a time."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Final

from surewire.domain.event import Event
from surewire.domain.filters import Filters

__all__ = ["Matcher", "matcher"]

Matcher = Callable[[Event], bool]

_CONDITIONS: Final[tuple[tuple[Callable[[Filters], tuple[str, ...]], Callable[[Event], str | None]], ...]] = (
    (attrgetter("event_types"), attrgetter("event_type")),
    (attrgetter("severities"), attrgetter("severity")),
    (attrgetter("states"), attrgetter("state")),
    (attrgetter("sources"), attrgetter("source")),
    (attrgetter("incident_ids"), attrgetter("incident_id")),
    (attrgetter("channels"), attrgetter("channel")),
)
"""What a filter lists, and the attribute that must be in the list."""


def matcher(filters: Filters) -> Matcher:
    """Tells what `domain.filters.matches` tells of normalised filters, prepared once so that an event costs only the conditions there
    are, each one look-up, however many values a filter names."""
    checks = [_one_of(frozenset(wanted(filters)), value) for wanted, value in _CONDITIONS if wanted(filters)]
    if filters.affected_resources:
        checks.append(_overlaps(frozenset(filters.affected_resources)))
    if filters.labels:
        checks.append(_has_labels(filters.labels))
    return _all_of(checks)


def _one_of(wanted: frozenset[str], value: Callable[[Event], str | None]) -> Matcher:
    return lambda event: value(event) in wanted


def _overlaps(wanted: frozenset[str]) -> Matcher:
    return lambda event: not wanted.isdisjoint(event.affected_resources)


def _has_labels(wanted: dict[str, str]) -> Matcher:
    items = wanted.items()
    return lambda event: items <= event.labels.items()


def _all_of(checks: list[Matcher]) -> Matcher:
    if not checks:
        return lambda event: True
    if len(checks) == 1:
        return checks[0]
    return lambda event: all(check(event) for check in checks)
