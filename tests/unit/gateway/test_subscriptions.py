"""The subscription index: what its answers promise, and that it never differs from plain evaluation."""

from __future__ import annotations

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from surewire.domain.event import Event
from surewire.domain.filters import Filters, matches, normalise
from surewire.gateway import audience, filter_bitmap, filter_index
from surewire.gateway.subscriptions import Subscription, SubscriptionIndex


class Connection:
    """Something to subscribe."""


def deliveries(index: SubscriptionIndex[Connection], event: Event) -> dict[Connection, tuple[str, ...]]:
    """Who gets the event under which ids; fails when somebody gets it twice."""
    got: dict[Connection, tuple[str, ...]] = {}
    for ids, connections in index.match(event).items():
        for connection in connections:
            assert connection not in got, "a connection got one event twice"
            got[connection] = ids
    return got


EVENT = Event("deployment", severity="P1", source="api", labels={"env": "prod"})


def test_nobody_gets_an_event_without_a_subscription() -> None:
    assert SubscriptionIndex[Connection]().match(EVENT) == {}


def test_connections_with_the_same_filter_and_id_come_as_one_group() -> None:
    index, connections = SubscriptionIndex[Connection](), [Connection() for _ in range(2_000)]
    for connection in connections:
        index.add(connection, "s", Filters())
    answer = index.match(EVENT)
    assert {ids: list(members) for ids, members in answer.items()} == {("s",): connections}
    assert index.match(EVENT)[("s",)] is answer[("s",)], "the group is ready-made"
    assert index.distinct_filters == 1


def test_connections_found_through_different_filters_share_a_group_when_their_ids_are_the_same() -> None:
    index, one, two, three = SubscriptionIndex[Connection](), Connection(), Connection(), Connection()
    index.add(one, "s", Filters(severities=("P1",)))
    index.add(two, "s", Filters(sources=("api",)))
    index.add(three, "t", Filters(sources=("api",)))
    assert {ids: set(members) for ids, members in index.match(EVENT).items()} == {("s",): {one, two}, ("t",): {three}}


def test_a_connection_gets_an_event_once_with_all_ids_in_the_order_of_subscribing() -> None:
    index, one, two = SubscriptionIndex[Connection](), Connection(), Connection()
    for subscription_id in ("c", "a", "b", "never"):
        index.add(one, subscription_id, Filters(sources=("other" if subscription_id == "never" else "api",)))
    for subscription_id in ("a", "b"):
        index.add(two, subscription_id, Filters(severities=("P1",)))
    index.add(two, "all", Filters())
    assert deliveries(index, EVENT) == {one: ("c", "a", "b"), two: ("a", "b", "all")}


def test_a_replaced_subscription_has_only_its_new_filters_and_keeps_its_place() -> None:
    index, one = SubscriptionIndex[Connection](), Connection()
    index.add(one, "a", Filters(sources=("other",)))
    index.add(one, "b", Filters())
    assert deliveries(index, EVENT) == {one: ("b",)}
    index.add(one, "a", Filters(sources=("api",)))
    assert deliveries(index, EVENT) == {one: ("a", "b")}
    assert (index.subscriptions, index.connections) == (2, 1)


def test_subscribing_again_with_the_same_filters_changes_nothing() -> None:
    index, one, two = SubscriptionIndex[Connection](), Connection(), Connection()
    for connection in (one, two, one):
        index.add(connection, "a", Filters())
    assert {ids: list(members) for ids, members in index.match(EVENT).items()} == {("a",): [one, two]}
    assert (index.subscriptions, index.ids_of(one)) == (2, ("a",))


def test_a_subscription_that_catches_up_gets_nothing_until_it_is_live() -> None:
    index, one = SubscriptionIndex[Connection](), Connection()
    index.add(one, "a", Filters(), live=False)
    assert not index.match(EVENT)
    assert not index.caught_up(one)
    assert index.subscriptions == 1
    assert index.set_live(one, "a", True)
    assert deliveries(index, EVENT) == {one: ("a",)}
    assert index.caught_up(one)
    assert index.set_live(one, "a", False)
    assert not index.match(EVENT)
    assert not index.set_live(one, "b", True)


def test_what_was_handed_out_stays_as_it_was_when_connections_come_and_go() -> None:
    for size in (1, 3, 100):
        index, connections = SubscriptionIndex[Connection](), [Connection() for _ in range(size)]
        for connection in connections:
            index.add(connection, "s", Filters())
        handed_out = []
        for connection in index.match(EVENT)[("s",)]:
            index.remove_connection(connection)
            index.add(Connection(), "s", Filters())
            handed_out.append(connection)
        assert handed_out == connections


def test_nothing_is_kept_when_everyone_has_left() -> None:
    index = SubscriptionIndex[Connection]()
    connections = [Connection() for _ in range(100)]
    for number, connection in enumerate(connections):
        index.add(connection, f"s{number}", Filters(severities=("P1", "P2")))
        index.add(connection, "own", Filters(incident_ids=(f"inc_{number}",), labels={f"name{number}": "x"}))
        index.add(connection, "late", Filters(), live=False)
    for connection in connections[:50]:
        index.remove_connection(connection)
    for connection in connections[50:]:
        assert index.remove(connection, "own")
        assert index.remove(connection, "late")
        assert not index.remove(connection, "late")
        index.remove_connection(connection)
    assert (index.subscriptions, index.connections, index.distinct_filters) == (0, 0, 0)
    assert not index.subscriptions_of(connections[0])
    held = index._filters
    assert not any((held._single, held._labels, held._resources, held._bitmaps))


def test_filters_that_no_client_could_send_can_be_removed_too() -> None:
    index, one = SubscriptionIndex[Connection](), Connection()
    index.add(one, "a", Filters(channels=("c" * 1_000,), event_types=("Not a type",)))
    index.remove_connection(one)
    assert index.distinct_filters == 0


def test_subscriptions_are_told_as_they_were_made() -> None:
    index, one = SubscriptionIndex[Connection](), Connection()
    filters = normalise(Filters(states=("Triaged", "Closed"), labels={"b": "2", "a": "1"}))
    index.add(one, "a", filters, live=False)
    index.add(one, "b", Filters())
    assert index.subscriptions_of(one) == (Subscription("a", filters, live=False), Subscription("b", Filters(), live=True))


# ---- against plain evaluation

_SOURCES = [f"source{number}" for number in range(6)]
_RESOURCES = [f"host{number}" for number in range(6)]
_INCIDENTS = [f"inc_{number}" for number in range(40)]
_LABELS = st.dictionaries(st.sampled_from(["env", "team", "x", "y"]), st.sampled_from(["a", "b", ""]), max_size=3)


def _some(values: list[str], most: int = 3) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), max_size=most).map(tuple)


_EVERY_FIELD = st.builds(
    Filters,
    event_types=_some(["deployment", "escalated", "own_type"]),
    severities=_some(["P0", "P1", "P2"]),
    states=_some(["Triaged", "Acknowledged", "Closed"]),
    sources=_some(_SOURCES),
    affected_resources=_some(_RESOURCES),
    incident_ids=st.just(()) | _some(_INCIDENTS, 30),
    channels=_some(["pulse", "seams"]),
    labels=_LABELS,
)
_ONE_FIELD = st.one_of(
    st.builds(Filters, affected_resources=_some(_RESOURCES)),
    st.builds(Filters, sources=_some(_SOURCES, 1), labels=_LABELS),
    st.builds(Filters, severities=_some(["P0", "P1", "P2"])),
)
_FILTERS = (_EVERY_FIELD | _ONE_FIELD).map(normalise)

_EVENTS = st.builds(
    Event,
    event_type=st.sampled_from(["deployment", "escalated", "own_type"]),
    severity=st.none() | st.sampled_from(["P0", "P1", "P2"]),
    state=st.none() | st.sampled_from(["Acknowledged", "Closed"]),
    source=st.none() | st.sampled_from(_SOURCES),
    affected_resources=_some(_RESOURCES),
    labels=_LABELS,
    incident_id=st.none() | st.sampled_from(_INCIDENTS),
    channel=st.none() | st.sampled_from(["pulse", "seams"]),
)


NARROW = (
    (filter_index, "SELECTIVE", 3),
    (filter_index, "ROOM", 2),
    (filter_bitmap, "CAPACITY", 4),
    (filter_bitmap, "MAX_CONDITION_VALUES", 2),
    (filter_bitmap, "FEW", 1),
    (filter_bitmap, "MAX_LABEL_COLUMNS", 2),
    (audience, "CROWD", 3),
)


class IndexAgainstPlainEvaluation(RuleBasedStateMachine):
    """Random lives of connections; after every step random events must reach exactly whom plain evaluation says."""

    @initialize(narrow=st.booleans())
    def begin(self, narrow: bool) -> None:
        """Small bounds make small tests reach what otherwise takes thousands of filters."""
        self.bounds = pytest.MonkeyPatch()
        for module, name, bound in NARROW if narrow else ():
            self.bounds.setattr(module, name, bound)
        self.index = SubscriptionIndex[int]()
        self.model: dict[int, dict[str, tuple[Filters, bool]]] = {}

    connections = st.integers(0, 5)
    ids = st.sampled_from(["a", "b", "c", "d"])

    @rule(connection=connections, subscription_id=ids, filters=_FILTERS, live=st.booleans() | st.just(True))
    def subscribe(self, connection: int, subscription_id: str, filters: Filters, live: bool) -> None:
        self.index.add(connection, subscription_id, filters, live=live)
        self.model.setdefault(connection, {})[subscription_id] = filters, live

    @rule(connection=connections, filters=st.lists(_FILTERS, min_size=3, max_size=12, unique=True))
    def subscribe_often(self, connection: int, filters: list[Filters]) -> None:
        for number, one in enumerate(filters):
            self.subscribe(connection, f"many{number}", one, live=True)

    @rule(filters=_FILTERS, subscription_id=ids)
    def subscribe_many_alike(self, filters: Filters, subscription_id: str) -> None:
        for connection in range(100, 120):
            self.subscribe(connection, subscription_id, filters, live=True)

    @rule(connection=connections, subscription_id=ids)
    def unsubscribe(self, connection: int, subscription_id: str) -> None:
        held = self.model.get(connection, {})
        assert self.index.remove(connection, subscription_id) == (held.pop(subscription_id, None) is not None)
        if not held:
            self.model.pop(connection, None)

    @rule(connection=connections, subscription_id=ids, live=st.booleans())
    def become_live_or_not(self, connection: int, subscription_id: str, live: bool) -> None:
        held = self.model.get(connection, {})
        assert self.index.set_live(connection, subscription_id, live) == (subscription_id in held)
        if subscription_id in held:
            held[subscription_id] = held[subscription_id][0], live

    @rule(connection=connections | st.integers(100, 119))
    def disconnect(self, connection: int) -> None:
        self.index.remove_connection(connection)
        self.model.pop(connection, None)

    @rule(events=st.lists(_EVENTS, min_size=1, max_size=10))
    def publish(self, events: list[Event]) -> None:
        for event in events:
            expected = {
                connection: ids
                for connection, held in self.model.items()
                if (ids := tuple(name for name, (filters, live) in held.items() if live and matches(filters, event)))
            }
            got: dict[int, tuple[str, ...]] = {}
            for ids, connections in self.index.match(event).items():
                for connection in connections:
                    assert connection not in got
                    got[connection] = ids
            assert got == expected

    @invariant()
    def counts_are_right(self) -> None:
        assert self.index.subscriptions == sum(map(len, self.model.values()))
        assert self.index.connections == len(self.model)
        live = {filters for held in self.model.values() for filters, is_live in held.values() if is_live}
        assert self.index.distinct_filters == len(live)
        for connection, held in self.model.items():
            told = {one.subscription_id: (one.filters, one.live) for one in self.index.subscriptions_of(connection)}
            assert list(told.items()) == list(held.items())
            assert self.index.caught_up(connection) == all(is_live for _, is_live in held.values())

    def teardown(self) -> None:
        self.bounds.undo()


IndexAgainstPlainEvaluation.TestCase.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
TestTheIndexAnswersAsPlainEvaluation = IndexAgainstPlainEvaluation.TestCase
