from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import given

from surewire.domain.event import Event
from surewire.domain.filters import Filters, matches, normalise
from surewire.streams.matching import matcher

WORDS = ["a", "b", "c"]
some_words = st.lists(st.sampled_from(WORDS), max_size=2).map(tuple)
some_labels = st.dictionaries(st.sampled_from(WORDS), st.sampled_from(WORDS), max_size=2)

all_filters = st.builds(
    Filters,
    event_types=some_words,
    severities=st.lists(st.sampled_from(["P0", "P1"]), max_size=1).map(tuple),
    states=st.lists(st.sampled_from(["Acknowledged", "Triaged", "Closed"]), max_size=2).map(tuple),
    sources=some_words,
    affected_resources=some_words,
    incident_ids=some_words,
    channels=some_words,
    labels=some_labels,
)
a_word = st.none() | st.sampled_from(WORDS)
all_events = st.builds(
    Event,
    event_type=st.sampled_from(WORDS),
    severity=st.sampled_from([None, "P0", "P1"]),
    state=st.sampled_from([None, "Acknowledged", "Closed"]),
    source=a_word,
    affected_resources=some_words,
    labels=some_labels,
    incident_id=a_word,
    channel=a_word,
)


@given(all_filters.map(normalise), st.lists(all_events, min_size=1, max_size=20))
def test_a_prepared_filter_matches_what_plain_evaluation_matches(filters: Filters, events: list[Event]) -> None:
    prepared = matcher(filters)
    assert [prepared(event) for event in events] == [matches(filters, event) for event in events]


def test_a_filter_without_conditions_matches_everything() -> None:
    assert matcher(Filters())(Event("anything"))
