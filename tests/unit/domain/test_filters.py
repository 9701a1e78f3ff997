"""Filters: their one normal form, their limits, and what a match is."""

from __future__ import annotations

import hypothesis.strategies as st
import msgspec
import pytest
from hypothesis import given

from surewire.domain.event import STATES, Event
from surewire.domain.filters import MAX_VALUES, Filters, matches, normalise
from surewire.errors import ClientError

EVENT = Event(
    "escalated",
    severity="P1",
    state="Acknowledged",
    source="api",
    affected_resources=("db-1", "db-2"),
    labels={"env": "prod", "team": "core"},
    incident_id="inc_1",
    channel="pulse",
)
MEETS = [
    Filters(),
    Filters(event_types=("deployment", "escalated")),
    Filters(severities=("P0", "P1")),
    Filters(states=("Acknowledged",)),
    Filters(sources=("api",)),
    Filters(affected_resources=("db-2", "db-3")),
    Filters(labels={"env": "prod"}),
    Filters(labels={"team": "core", "env": "prod"}),
    Filters(incident_ids=("inc_1", "inc_2")),
    Filters(channels=("pulse",)),
]
FAILS = [
    Filters(event_types=("deployment",)),
    Filters(severities=("P0",)),
    Filters(states=("Closed",)),
    Filters(sources=("API",)),
    Filters(affected_resources=("db-3",)),
    Filters(labels={"env": "prod", "team": "other"}),
    Filters(labels={"env": "prod", "region": ""}),
    Filters(incident_ids=("inc_2",)),
    Filters(channels=("seams",)),
]


def both(one: Filters, other: Filters) -> Filters:
    fields = {name: getattr(one, name) or getattr(other, name) for name in Filters.__struct_fields__}
    return Filters(**{**fields, "labels": other.labels | one.labels})


@pytest.mark.parametrize("filters", MEETS)
def test_one_of_a_lists_values_is_enough_and_all_labels_are_needed(filters: Filters) -> None:
    assert matches(filters, EVENT)


@pytest.mark.parametrize("filters", FAILS)
def test_a_condition_that_is_not_met_is_no_match(filters: Filters) -> None:
    assert not matches(filters, EVENT)


@pytest.mark.parametrize("filters", MEETS[2:])
def test_an_event_that_lacks_an_attribute_does_not_match_a_condition_on_it(filters: Filters) -> None:
    assert not matches(filters, Event("deployment"))


@given(st.sampled_from(MEETS), st.sampled_from(MEETS), st.sampled_from(FAILS))
def test_all_fields_must_hold(one: Filters, other: Filters, failing: Filters) -> None:
    assert matches(both(one, other), EVENT)
    assert not matches(both(failing, one), EVENT)


def test_values_are_sorted_and_named_once_and_other_names_of_states_are_mapped() -> None:
    filters = Filters(severities=("P2", "P0", "P2"), states=("Triaged", "Remediating", "Acknowledged"), labels={"b": "1", "a": "2"})
    normal = normalise(filters)
    assert normal == Filters(severities=("P0", "P2"), states=("Acknowledged", "Mitigating"), labels={"a": "2", "b": "1"})
    assert list(normal.labels) == ["a", "b"]
    assert msgspec.json.encode(normal) == b'{"severities":["P0","P2"],"states":["Acknowledged","Mitigating"],"labels":{"a":"2","b":"1"}}'
    assert msgspec.json.encode(normalise(Filters(sources=()))) == b"{}"


_values = st.lists(st.sampled_from(["a", "b", "c"])).map(tuple)
_states = st.lists(st.sampled_from([*STATES, "Triaged", "Remediating"])).map(tuple)


@given(_values, _states, st.dictionaries(st.sampled_from("ab"), st.sampled_from("xy")), st.randoms())
def test_filters_that_differ_only_in_order_and_repetition_become_equal(
    values: tuple[str, ...], states: tuple, labels: dict, chance
) -> None:
    shuffled, pairs, other_states = [*values, *values[:1]], list(labels.items()), [*states, *states[:1]]
    for items in (shuffled, pairs, other_states):
        chance.shuffle(items)
    one = normalise(Filters(sources=values, states=states, labels=labels))
    other = normalise(Filters(sources=tuple(shuffled), states=tuple(other_states), labels=dict(pairs)))
    assert one == other
    assert hash(one) == hash(other)
    assert msgspec.json.encode(one) == msgspec.json.encode(other)
    assert normalise(one) == one


def test_a_filter_of_too_many_values_is_refused() -> None:
    labels = {f"name{number}": "" for number in range(10)}
    most = Filters(sources=tuple(map(str, range(MAX_VALUES - 10))), labels=labels)
    assert normalise(most).size == MAX_VALUES
    with pytest.raises(ClientError) as error:
        normalise(Filters(sources=most.sources, labels=labels, channels=("one too many",)))
    assert (error.value.code, error.value.path) == ("LIMIT_EXCEEDED", "filters")
    assert str(error.value) == "a filter may name at most 1,000 values, this one names 1,001"
    assert normalise(Filters(sources=("a", "b")), max_values=2).size == 2


@pytest.mark.parametrize(
    ("text", "path"),
    [
        (b'{"severities":["P0","P7"]}', "$.severities[1]"),
        (b'{"severities":"P0"}', "$.severities"),
        (b'{"severities":null}', "$.severities"),
        (b'{"states":["Unknown"]}', "$.states[0]"),
        (b'{"event_types":["Not a type"]}', "$.event_types[0]"),
        (b'{"sources":[1]}', "$.sources[0]"),
        (b'{"sources":[""]}', "$.sources[0]"),
        (b'{"incident_ids":["' + b"i" * 129 + b'"]}', "$.incident_ids[0]"),
        (b'{"labels":{"a":null}}', "$.labels[...]"),
        (b'{"labels":[]}', "$.labels"),
        (b'{"severity":["P0"]}', "severity"),
    ],
)
def test_what_breaks_a_rule_is_refused_and_named(text: bytes, path: str) -> None:
    with pytest.raises(msgspec.ValidationError) as error:
        msgspec.json.decode(text, type=Filters)
    assert path in str(error.value)
