"""Appends to the events stream as the writer thread takes them, and what the loop knows of the file.

Theory of operation. The file alone says which offsets are taken. When it fails and is opened again, one of three things happened to
the commit that failed. It is not there: nothing happened. It is there after all: its events have *surfaced* at their offsets, and the
listener gets them before anything newer. Or even less is there than was known to be committed: events are lost, so the epoch changes,
and offsets go on after the highest that was known.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.event_page import read_events
from surewire.adapters.sqlite.event_table import EventTable, StreamState, count_opening, new_epoch, read_state, restart_after, start_epoch
from surewire.adapters.sqlite.head_note import HeadNote, Mark
from surewire.adapters.sqlite.idempotency import refuse_repeated, remember
from surewire.adapters.sqlite.work import Commit
from surewire.domain.event import Event
from surewire.domain.stream import PlacedEvents, StreamEvent
from surewire.errors import SurewireError
from surewire.ports.clock import Clock
from surewire.ports.event_history import AppendDone, OnCommitted
from surewire.ports.idempotency import Claim

__all__ = ["Append", "EventLane", "Placed"]


class Append(NamedTuple):
    """Events to be stored together, and who is told."""

    events: Sequence[Event]
    done: AppendDone
    claim: Claim | None


class Placed(NamedTuple):
    """What became of an append, and the oldest offset that is kept after it."""

    result: PlacedEvents | SurewireError
    oldest: int


class _Reopened(NamedTuple):
    """What was found in the file when it was opened."""

    state: StreamState
    surfaced: Sequence[StreamEvent]


class EventLane:
    """The writer's lane for appends. `epoch`, `head`, `oldest`, `waiting` (events) and `committed` belong to the loop."""

    __slots__ = (
        *("_clock", "_known_epoch", "_known_head", "_note", "_openings", "_reopened", "_table"),
        *("committed", "epoch", "head", "oldest", "waiting"),
    )

    def __init__(self, table: EventTable, note: HeadNote, clock: Clock) -> None:
        self._table, self._note, self._clock = table, note, clock
        self._known_epoch, self._known_head = "", 0
        self._reopened: _Reopened | None = None
        self._openings = 0
        self.epoch, self.head, self.oldest, self.waiting = "", 0, 1, 0
        self.committed: OnCommitted = _nobody_listens

    # ---- on the writer thread

    def apply(self, connection: Connection, items: Sequence[Append]) -> Sequence[Placed]:
        now_micros = self._clock.now_micros()
        results = [self._place(connection, append, now_micros) for append in items]
        self._table.trim(connection, now_micros, added=sum(len(append.events) for append in items))
        self._known_head = self._table.head
        return [Placed(result, self._table.oldest) for result in results]

    def rolled_back(self) -> None:
        self._table.forget()
        # Only what the loop was told is known to be committed. A commit that is still on its way there only makes this too low.
        self._known_head = self.head

    def reopened(self, connection: Connection) -> None:
        self._table.forget()
        with connection:
            state = self._made_sound(connection, read_state(connection))
        if not self._known_epoch:
            self._note.write(state.mark)
        self._known_epoch, self._known_head = state.mark.epoch, state.mark.head
        self._reopened = _Reopened(state, read_events(connection, self.head, state.mark.head) if self.epoch else ())

    def trim(self, connection: Connection) -> tuple[int, bool]:
        """Removes a few of the events that are too old or too many: the oldest that is left, and whether that was all."""
        complete = self._table.trim(connection, self._clock.now_micros())
        return self._table.oldest, complete

    def _place(self, connection: Connection, append: Append, now_micros: int) -> PlacedEvents | SurewireError:
        try:
            refuse_repeated(connection, append.claim, now_micros)
        except SurewireError as refusal:
            return refusal
        placed = PlacedEvents(self._known_epoch, self._table.place(connection, append.events, now_micros))
        remember(connection, append.claim, placed, now_micros)
        return placed

    def _made_sound(self, connection: Connection, found: StreamState) -> StreamState:
        """The state, with its epoch when this is the file that was written last and has all that was in it, else with a new one."""
        if not self._is_newest(found.mark):
            start_epoch(connection, new_epoch())
        if not self._known_epoch:
            count_opening(connection)
        if found.mark.head < self._known_head:
            restart_after(connection, self._known_head)
        return read_state(connection)

    def _is_newest(self, found: Mark) -> bool:
        if not self._known_epoch:
            return self._note.vouches_for(found)
        return found.epoch == self._known_epoch and found.head >= self._known_head

    # ---- on the loop

    @property
    def mark(self) -> Mark:
        """How far everybody knows the stream to have got."""
        return Mark(self.epoch, self.head, self._openings)

    def settle(self, items: Sequence[Append], outcomes: Sequence[Placed], commit: Commit) -> None:
        for append, (result, oldest) in zip(items, outcomes, strict=True):
            self.waiting -= len(append.events)
            self.oldest = oldest
            if not isinstance(result, SurewireError):
                self._hand_over(result.events)
            append.done(result)

    def fail(self, items: Sequence[Append], error: SurewireError) -> None:
        for append in items:
            self.waiting -= len(append.events)
            append.done(error)

    def resumed(self) -> None:
        """Takes over what the file holds: after the start, and whenever it works again."""
        if self._reopened is None:
            return
        state, surfaced = self._reopened
        self._openings = state.mark.openings
        self.epoch = state.mark.epoch
        self.oldest = state.oldest
        self._hand_over(surfaced)
        self.head = max(self.head, state.mark.head)

    def _hand_over(self, events: Sequence[StreamEvent]) -> None:
        """Each event once: one that surfaced may come again with the result of its append."""
        if events and events[0].offset <= self.head:
            events = [event for event in events if event.offset > self.head]
        if events:
            self.head = events[-1].offset
            self.committed(events)


def _nobody_listens(events: Sequence[StreamEvent]) -> None:
    """Before the stream exists, nothing is appended."""
