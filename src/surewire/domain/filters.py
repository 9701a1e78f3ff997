"""What a subscription wants to see: conditions on an event's attributes, all of which must hold."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct

from surewire.domain.event import Attribute, Channel, Event, EventType, IncidentId, LabelName, LabelValue, Severity, State
from surewire.errors import ClientError

__all__ = ["MAX_VALUES", "Filters", "StateName", "matches", "normalise"]

MAX_VALUES: Final = 1_000

_Value = TypeVar("_Value", bound=str)

StateName = Literal[State, "Triaged", "Remediating"]
"""A state, or another name for one: `Triaged` is `Acknowledged`, `Remediating` is `Mitigating`."""

_SAME_STATE: Final[dict[StateName, StateName]] = {"Triaged": "Acknowledged", "Remediating": "Mitigating"}


class Filters(Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """Conditions, one a field, AND-ed. The values of a list are OR-ed; of `labels` every one must be there. Empty or absent: no condition.

    An event that lacks an attribute does not match a condition on it.
    """

    event_types: tuple[EventType, ...] = ()
    severities: tuple[Severity, ...] = ()
    states: tuple[StateName, ...] = ()
    sources: tuple[Attribute, ...] = ()
    affected_resources: Annotated[tuple[Attribute, ...], Meta(description="Matches when one of them is among the event's.")] = ()
    incident_ids: tuple[IncidentId, ...] = ()
    channels: tuple[Channel, ...] = ()
    labels: dict[LabelName, LabelValue] = {}

    def __hash__(self) -> int:
        return hash((*self._lists(), frozenset(self.labels.items())))

    @property
    def size(self) -> int:
        """How many values it names in all."""
        return len(self.labels) + sum(map(len, self._lists()))

    def _lists(self) -> tuple[tuple[str, ...], ...]:
        return self.event_types, self.severities, self.states, self.sources, self.affected_resources, self.incident_ids, self.channels


def normalise(filters: Filters, *, max_values: int = MAX_VALUES, path: str = "filters") -> Filters:
    """The one form of all filters that mean the same: states by their own names, values sorted and without repetition.

    Equal normalised filters match the same events, so they can be interned.

    Raises: ClientError `LIMIT_EXCEEDED` when it names more than `max_values` values in all.
    """
    size = filters.size
    if size > max_values:
        raise ClientError("LIMIT_EXCEEDED", f"a filter may name at most {max_values:,} values, this one names {size:,}", path=path)
    states: set[StateName] = {_SAME_STATE.get(state, state) for state in filters.states}
    return Filters(
        event_types=_unique(filters.event_types),
        severities=_unique(filters.severities),
        states=_unique(states),
        sources=_unique(filters.sources),
        affected_resources=_unique(filters.affected_resources),
        incident_ids=_unique(filters.incident_ids),
        channels=_unique(filters.channels),
        labels=dict(sorted(filters.labels.items())),
    )


def matches(filters: Filters, event: Event) -> bool:
    """Whether the event meets every condition of normalised filters. Says what a match is; the subscription index only finds it faster."""
    return (
        _allows(filters.event_types, event.event_type)
        and _allows(filters.severities, event.severity)
        and _allows(filters.states, event.state)
        and _allows(filters.sources, event.source)
        and (not filters.affected_resources or any(resource in filters.affected_resources for resource in event.affected_resources))
        and _allows(filters.incident_ids, event.incident_id)
        and _allows(filters.channels, event.channel)
        and filters.labels.items() <= event.labels.items()
    )


def _allows(wanted: tuple[str, ...], value: str | None) -> bool:
    return not wanted or value in wanted


def _unique(values: Iterable[_Value]) -> tuple[_Value, ...]:
    return tuple(sorted(set(values)))
