"""The lane of events between writer thread and loop, in an order of calls that only two failures in a row bring about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.event_lane import Append, EventLane, Placed
from surewire.adapters.sqlite.event_table import EventTable, Kept
from surewire.adapters.sqlite.file import locked_file
from surewire.adapters.sqlite.head_note import HeadNote
from surewire.adapters.sqlite.work import Commit
from surewire.domain.stream import PlacedEvents, StreamEvent
from surewire.errors import SurewireError
from tests.contracts.event_history import events, titles
from tests.fakes.clock import SettableClock

COMMIT = Commit(0.0, 0.0, 0.0, 1)


def committed(lane: EventLane, connection: Connection, append: Append) -> Sequence[Placed]:
    connection.execute("BEGIN IMMEDIATE")
    placed = lane.apply(connection, [append])
    connection.execute("COMMIT")
    return placed


def test_a_commit_that_is_found_in_the_file_before_its_result_arrives_is_heard_once(tmp_path: Path) -> None:
    heard: list[StreamEvent] = []
    answers: list[PlacedEvents | SurewireError] = []
    with locked_file(tmp_path / "events.db", "events") as file:
        lane = EventLane(EventTable(Kept(100, 60_000_000)), HeadNote(file.path), SettableClock())
        lane.committed = heard.extend
        connection = file.open_writer()
        lane.reopened(connection)
        lane.resumed()
        append = Append(events("a", "b"), answers.append, None)
        placed = committed(lane, connection, append)
        lane.rolled_back()
        lane.reopened(connection)
        lane.resumed()
        assert titles(heard) == ["a", "b"]
        lane.settle([append], placed, COMMIT)
        assert titles(heard) == ["a", "b"]
        assert answers == [PlacedEvents(lane.epoch, heard)]
        connection.close()


def test_an_append_that_waited_while_events_were_lost_is_answered_with_the_epoch_of_its_offsets(tmp_path: Path) -> None:
    answers: list[PlacedEvents | SurewireError] = []
    with locked_file(tmp_path / "events.db", "events") as file:
        lane = EventLane(EventTable(Kept(100, 60_000_000)), HeadNote(file.path), SettableClock())
        connection = file.open_writer()
        lane.reopened(connection)
        lane.resumed()
        first = Append(events("a", "b"), answers.append, None)
        lane.settle([first], committed(lane, connection, first), COMMIT)
        waiting = Append(events("c"), answers.append, None)
        connection.execute("DELETE FROM events; UPDATE sqlite_sequence SET seq = 0")
        lane.reopened(connection)
        placed = committed(lane, connection, waiting)
        epoch_before = lane.epoch
        lane.resumed()
        lane.settle([waiting], placed, COMMIT)
        connection.close()
    before, after = answers
    assert isinstance(before, PlacedEvents)
    assert isinstance(after, PlacedEvents)
    assert (before.epoch, [event.offset for event in before.events]) == (epoch_before, [1, 2])
    assert (after.epoch, [event.offset for event in after.events]) == (lane.epoch, [3])
    assert lane.epoch != epoch_before
