"""Sets of different filters, and events for them, of several kinds of users. The same seed gives the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

from surewire.domain.event import BUILT_IN_TYPES, SEVERITIES, STATES, Event
from surewire.domain.filters import Filters, normalise

__all__ = ["MIXES", "events", "filters"]

REGIONS, TEAMS, ENVIRONMENTS = 20, 50, ("prod", "stage", "dev")


def _some(chance: random.Random, values: tuple[Any, ...], least: int, most: int) -> tuple[Any, ...]:
    return tuple(chance.sample(values, chance.randint(least, most)))


def _one(chance: random.Random, kind: str, many: int) -> str:
    return f"{kind}-{chance.randrange(max(1, many)):08d}"


def _labels(chance: random.Random, services: int) -> dict[str, str]:
    environment, service = chance.choice(ENVIRONMENTS), _one(chance, "service", services)
    return {"env": environment, "service": service, "region": _one(chance, "r", REGIONS), "team": _one(chance, "t", TEAMS)}


def incident(chance: random.Random, count: int) -> Filters:
    """A page about one incident: every event has exactly one reader."""
    return Filters(incident_ids=(_one(chance, "inc", count * 4),))


def broad(chance: random.Random, count: int) -> Filters:
    """Dashboards by type, severity and state: no rare value at all."""
    return Filters(
        event_types=_some(chance, BUILT_IN_TYPES, 1, 4), severities=_some(chance, SEVERITIES, 1, 2), states=_some(chance, STATES, 1, 3)
    )


def labels(chance: random.Random, count: int) -> Filters:
    """Teams that follow services by labels, twenty filters a service."""
    wanted = _labels(chance, count // 20)
    return Filters(labels={name: value for name, value in wanted.items() if name in {"env", "service"} or chance.random() < 0.7})


def hot(chance: random.Random, count: int) -> Filters:
    """The same with a hundred filters a service: more than are kept under one value."""
    return Filters(labels=_labels(chance, count // 100))


def mixed(chance: random.Random, count: int) -> Filters:
    """All kinds of users at once, one in twenty of them broad."""
    kind = chance.random()
    if kind < 0.30:
        return Filters(incident_ids=tuple(_one(chance, "inc", count * 2) for _ in range(chance.randint(1, 3))))
    if kind < 0.50:
        return Filters(sources=(_one(chance, "source", count // 10),), severities=_some(chance, SEVERITIES, 1, 3))
    if kind < 0.65:
        hosts = tuple(_one(chance, "host", count // 10) for _ in range(chance.randint(1, 3)))
        return Filters(affected_resources=hosts, event_types=_some(chance, BUILT_IN_TYPES, 0, 3))
    if kind < 0.80:
        wanted = {"env": chance.choice(ENVIRONMENTS), "service": _one(chance, "service", count // 10)}
        return Filters(labels=wanted, severities=_some(chance, SEVERITIES, 0, 2))
    if kind < 0.95:
        return Filters(channels=(_one(chance, "channel", count // 20),), states=_some(chance, STATES, 0, 3))
    return broad(chance, count)


def any_fields(chance: random.Random, count: int) -> Filters:
    """Every field named by a third of the filters, whichever it is."""

    def maybe(values: tuple[Any, ...]) -> tuple[Any, ...]:
        return values if chance.random() < 0.35 else ()

    return Filters(
        event_types=maybe(_some(chance, BUILT_IN_TYPES, 1, 4)),
        severities=maybe(_some(chance, SEVERITIES, 1, 3)),
        states=maybe(_some(chance, STATES, 1, 3)),
        sources=maybe((_one(chance, "source", count // 10),)),
        affected_resources=maybe((_one(chance, "host", count // 10), _one(chance, "host", count // 10))),
        incident_ids=maybe((_one(chance, "inc", count * 2),)),
        channels=maybe((_one(chance, "channel", 20),)),
        labels=dict(item for item in _labels(chance, count // 10).items() if chance.random() < 0.35),
    )


def wide(chance: random.Random, count: int) -> Filters:
    """Few channels and many readers of each who differ otherwise: an event goes to five hundred different filters."""
    return Filters(channels=(_one(chance, "channel", count // 500),), sources=("source-00000000", _one(chance, "own", count * 4)))


def hostile(chance: random.Random, count: int) -> Filters:
    """Made to hurt: one crowded source, label names of their own, and lists too long for a column."""
    name = _one(chance, "name", count * 4)
    return Filters(
        sources=("source-00000000",), labels={name: "x"}, event_types=(*(f"t{chance.randrange(10**6)}" for _ in range(40)), "deployment")
    )


MIXES: dict[str, Callable[[random.Random, int], Filters]] = {
    mix.__name__: mix for mix in (incident, broad, labels, hot, mixed, any_fields, wide, hostile)
}


def filters(mix: str, count: int) -> list[Filters]:
    """So many different filters of the mix, normalised."""
    chance, different = random.Random(count), dict[Filters, None]()
    while len(different) < count:
        different[normalise(MIXES[mix](chance, count))] = None
    return list(different)


def events(mix: str, count: int, many: int) -> list[Event]:
    """So many events with every attribute, as a service would publish them to those filters."""
    return list(_events(random.Random(-count), mix, count, many))


def _events(chance: random.Random, mix: str, count: int, many: int) -> Iterator[Event]:
    services = {"labels": count // 20, "hot": count // 100}.get(mix, count // 10)
    channels = {"any_fields": 20, "wide": count // 500}.get(mix, count // 20)
    for _ in range(many):
        yield Event(
            "deployment" if mix == "hostile" else chance.choice(BUILT_IN_TYPES),
            severity=chance.choice(SEVERITIES),
            state=chance.choice(STATES),
            source="source-00000000" if mix in {"wide", "hostile"} else _one(chance, "source", count // 10),
            affected_resources=tuple(_one(chance, "host", count // 10) for _ in range(2)),
            labels=_labels(chance, services),
            incident_id=_one(chance, "inc", count * (4 if mix == "incident" else 2)),
            channel=_one(chance, "channel", channels),
        )
