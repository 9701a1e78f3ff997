"""The filter index alone: many filters that come and go, under bounds so narrow that all its ways are taken."""

from __future__ import annotations

import random

import pytest

from surewire.domain.event import SEVERITIES, STATES, Event
from surewire.domain.filters import Filters, matches, normalise
from surewire.gateway import filter_bitmap, filter_index
from surewire.gateway.filter_bitmap import FilterBitmap
from surewire.gateway.filter_conditions import conditions_of
from surewire.gateway.filter_index import FilterIndex, Indexed

TYPES = ("deployment", "escalated", "comment_added")


class Held(Indexed):
    def __init__(self, filters: Filters) -> None:
        self.filters = filters


def a_name(chance: random.Random, kind: str, many: int = 8) -> str:
    return f"{kind}-{chance.randrange(many)}"


def some(chance: random.Random, values: tuple[str, ...], likely: float = 0.4) -> tuple:
    return tuple(chance.sample(values, chance.randint(1, 3))) if chance.random() < likely else ()


def names(chance: random.Random, kind: str, most: int = 3, likely: float = 0.3) -> tuple[str, ...]:
    return tuple(a_name(chance, kind) for _ in range(chance.randint(1, most))) if chance.random() < likely else ()


def labels(chance: random.Random) -> dict[str, str]:
    return {a_name(chance, "name", 4): a_name(chance, "value", 3) for _ in range(chance.choice((0, 0, 1, 3)))}


def a_filter(chance: random.Random) -> Filters:
    return normalise(
        Filters(
            event_types=some(chance, TYPES),
            severities=some(chance, SEVERITIES),
            states=some(chance, STATES),
            sources=names(chance, "source"),
            affected_resources=names(chance, "host"),
            incident_ids=names(chance, "inc", 6, 0.1),
            channels=names(chance, "channel"),
            labels=labels(chance),
        )
    )


def an_event(chance: random.Random) -> Event:
    return Event(
        chance.choice(TYPES),
        severity=chance.choice((None, *SEVERITIES)),
        state=chance.choice((None, *STATES)),
        source=chance.choice((None, a_name(chance, "source"))),
        affected_resources=names(chance, "host", 3, 0.7),
        labels=labels(chance) | labels(chance),
        incident_id=chance.choice((None, a_name(chance, "inc"))),
        channel=chance.choice((None, a_name(chance, "channel"))),
    )


@pytest.fixture
def _narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_index, "SELECTIVE", 4)
    monkeypatch.setattr(filter_index, "ROOM", 2)
    monkeypatch.setattr(filter_bitmap, "CAPACITY", 8)
    monkeypatch.setattr(filter_bitmap, "MAX_CONDITION_VALUES", 2)
    monkeypatch.setattr(filter_bitmap, "FEW", 1)
    monkeypatch.setattr(filter_bitmap, "MAX_LABEL_COLUMNS", 2)


def live_and_compare(seed: int) -> None:
    chance = random.Random(seed)
    index, held = FilterIndex[Held](), list[Held]()
    for step in range(300):
        if held and chance.random() < (0.3 if step < 150 else 0.6):
            gone = held.pop(chance.randrange(len(held)))
            index.remove(gone, conditions_of(gone.filters))
        else:
            held.append(Held(a_filter(chance)))
            index.add(held[-1], conditions_of(held[-1].filters))
        event = an_event(chance)
        found = index.find(event)
        assert len(found) == len(set(found)), "a filter was found twice"
        assert set(found) == {one for one in held if matches(one.filters, event)}


@pytest.mark.parametrize("seed", range(10))
def test_exactly_the_filters_that_match_are_found(seed: int) -> None:
    live_and_compare(seed)


@pytest.mark.usefixtures("_narrow")
@pytest.mark.parametrize("seed", range(30))
def test_exactly_the_filters_that_match_are_found_when_every_bound_is_reached(seed: int) -> None:
    live_and_compare(seed)


def test_a_filter_with_a_rare_value_is_not_looked_at_by_other_events() -> None:
    index = FilterIndex[Held]()
    for number in range(1_000):
        filters = Filters(incident_ids=(f"inc_{number}",), severities=("P0",))
        index.add(Held(filters), conditions_of(filters))
    assert not index._bitmaps
    assert len(index._shelved(Event("escalated", severity="P0", incident_id="inc_7"))) == 1


def test_no_value_gathers_more_filters_than_its_room() -> None:
    index = FilterIndex[Held]()
    for number in range(1_000):
        filters = Filters(sources=(f"source-{number}",))
        index.add(Held(filters), conditions_of(filters))
    for number in range(1_000):
        filters = Filters(sources=("source-1",), event_types=(f"type_{number % 50}",), severities=(SEVERITIES[number % 5],))
        index.add(Held(filters), conditions_of(filters))
    assert len(index._single["sources"].at("source-1")) == filter_index.ROOM
    assert len(index.find(Event("type_7", severity="P2", source="source-1"))) == 1 + 20


def test_a_bitmap_says_when_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_bitmap, "CAPACITY", 2)
    bitmap, entries = FilterBitmap[Held](), [Held(Filters()), Held(Filters())]
    for entry in entries:
        assert not bitmap.full
        bitmap.add(entry, {})
    assert bitmap.full
    bitmap.remove(entries[0], {})
    assert not bitmap.full
    assert len(bitmap) == 1


def test_label_names_that_come_and_go_leave_room_for_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filter_bitmap, "MAX_LABEL_COLUMNS", 2)
    bitmap = FilterBitmap[Held]()
    for number in range(10):
        entry, conditions = Held(Filters()), {f"labels.name{number}": ("x",)}
        bitmap.add(entry, conditions)
        assert not entry.checks, "its label has a column"
        bitmap.remove(entry, conditions)
