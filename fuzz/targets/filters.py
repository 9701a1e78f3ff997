"""Filters and events made of few values, so that many match.

Holds: normalising twice changes nothing; it is refused exactly when it names too many values; a filter and its normal form match the
same events; and the index finds exactly the connections whose filters match, under exactly their ids, while filters come and go.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from fuzz.choices import Choices
from fuzz.target import Target
from surewire.domain.event import SEVERITIES, STATES, Event
from surewire.domain.filters import Filters, matches, normalise
from surewire.errors import ClientError
from surewire.gateway import filter_index
from surewire.gateway.subscriptions import SubscriptionIndex

MAX_VALUES = 14
NAMES = ("a", "b", "c", "", "é", "\x00", "a" * 200)
TYPES = ("deployment", "escalated", "x")
OTHER_STATES = ("Triaged", "Remediating")
CONNECTIONS, IDS = range(4), ("s", "t", "u")


def some_labels(choices: Choices) -> dict[str, str]:
    return {choices.one_of(NAMES[:3]): choices.one_of(NAMES[:3]) for _ in range(choices.number(3))}


def some_filters(choices: Choices) -> Filters:
    return Filters(
        event_types=choices.some_of(TYPES, 2),
        severities=choices.some_of(SEVERITIES, 2),
        states=choices.some_of((*STATES[:4], *OTHER_STATES), 2),
        sources=choices.some_of(NAMES, 3),
        affected_resources=choices.some_of(NAMES, 3),
        incident_ids=choices.some_of(NAMES, 2),
        channels=choices.some_of(NAMES, 2),
        labels=some_labels(choices),
    )


def some_event(choices: Choices) -> Event:
    return Event(
        choices.one_of(TYPES),
        severity=choices.maybe(SEVERITIES),
        state=choices.maybe(STATES[:5]),
        source=choices.maybe(NAMES),
        affected_resources=choices.some_of(NAMES, 3),
        labels=some_labels(choices),
        incident_id=choices.maybe(NAMES),
        channel=choices.maybe(NAMES),
    )


class Model:
    """The index, and beside it what it must know."""

    def __init__(self) -> None:
        self.index: SubscriptionIndex[int] = SubscriptionIndex()
        self.held: dict[int, dict[str, tuple[Filters, bool]]] = {}

    def subscribe(self, choices: Choices) -> None:
        try:
            filters = normalise(given := some_filters(choices), max_values=MAX_VALUES)
        except ClientError as error:
            assert error.code == "LIMIT_EXCEEDED"
            return
        assert given.size <= MAX_VALUES
        assert normalise(filters) == filters
        connection, name, live = choices.one_of(CONNECTIONS), choices.one_of(IDS), bool(choices.number(4))
        self.index.add(connection, name, filters, live=live)
        self.held.setdefault(connection, {})[name] = filters, live

    def unsubscribe(self, choices: Choices) -> None:
        connection, name = choices.one_of(CONNECTIONS), choices.one_of(IDS)
        held = self.held.get(connection, {})
        assert self.index.remove(connection, name) == (held.pop(name, None) is not None)

    def leave(self, choices: Choices) -> None:
        connection = choices.one_of(CONNECTIONS)
        self.index.remove_connection(connection)
        self.held.pop(connection, None)

    def turn(self, choices: Choices) -> None:
        connection, name, live = choices.one_of(CONNECTIONS), choices.one_of(IDS), bool(choices.number(2))
        held = self.held.get(connection, {})
        assert self.index.set_live(connection, name, live) == (name in held)
        if name in held:
            held[name] = held[name][0], live

    def look(self, choices: Choices) -> None:
        event = some_event(choices)
        found = {connection: ids for ids, connections in self.index.match(event).items() for connection in connections}
        wanted = {
            connection: tuple(name for name, (filters, live) in held.items() if live and matches(filters, event))
            for connection, held in self.held.items()
        }
        assert found == {connection: ids for connection, ids in wanted.items() if ids}
        assert self.index.subscriptions == sum(map(len, self.held.values()))


STEPS = (Model.subscribe, Model.subscribe, Model.look, Model.unsubscribe, Model.turn, Model.leave)


@contextmanager
def narrow_index() -> Generator[None]:
    """Bounds so low that few filters take every way through the index."""
    bounds = filter_index.SELECTIVE, filter_index.ROOM
    filter_index.SELECTIVE, filter_index.ROOM = 2, 2  # type: ignore[misc]
    try:
        yield
    finally:
        filter_index.SELECTIVE, filter_index.ROOM = bounds  # type: ignore[misc]


def check(data: bytes) -> None:
    with narrow_index():
        check_index(data)


def check_index(data: bytes) -> None:
    choices, model = Choices(data), Model()
    while not choices.is_over:
        choices.one_of(STEPS)(model, choices)
    model.look(choices)
    for connection in CONNECTIONS:
        model.index.remove_connection(connection)
    assert (model.index.subscriptions, model.index.distinct_filters, model.index.connections) == (0, 0, 0)


TARGET = Target(check, seeds=(bytes(range(256)), bytes(64), bytes(reversed(range(200))) * 3, b"\x00\x01\x02" * 100), max_bytes=1_024)
