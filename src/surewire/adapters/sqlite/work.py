"""What the writer thread can be asked to do: items of a lane by the thousand, or one job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Generic, Protocol, TypeVar, cast

from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.faults import breaks_connection, translated
from surewire.errors import SurewireError

__all__ = ["Commit", "Job", "Lane", "LaneWork", "Work"]

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Result = TypeVar("Result")
ItemIn = TypeVar("ItemIn", contravariant=True)


class Commit:
    """One commit that reached the disk: monotonic seconds of its steps, and how many items and jobs it held."""

    __slots__ = ("applied_at", "committed_at", "size", "started_at")

    def __init__(self, started_at: float, applied_at: float, committed_at: float, size: int) -> None:
        self.started_at, self.applied_at, self.committed_at, self.size = started_at, applied_at, committed_at, size


class Lane(Protocol[ItemIn, Outcome]):
    """Many small writes of one kind. All consecutive items of a lane are applied together.

    `apply`, `rolled_back` and `reopened` run on the writer thread, `settle`, `fail` and `resumed` on the event loop, in the order
    of the commits.
    """

    def apply(self, connection: Connection, items: Sequence[ItemIn]) -> Sequence[Outcome]:
        """Does the writes within the open transaction, in few statements: one outcome an item, in order. An item that is refused has
        an outcome that says so; what is raised hits the item that it is about, found by applying every item alone."""
        ...

    def rolled_back(self) -> None:
        """Nothing since the last commit happened: forget what was remembered of it. May be called when nothing was applied."""
        ...

    def reopened(self, connection: Connection) -> None:
        """The file was opened, at the start or again. A commit that was failed before may turn out to have reached the disk."""
        ...

    def settle(self, items: Sequence[ItemIn], outcomes: Sequence[Outcome], commit: Commit) -> None:
        """The items are on disk."""
        ...

    def fail(self, items: Sequence[ItemIn], error: SurewireError) -> None:
        """The items are not on disk; after a temporary error nobody knows."""
        ...

    def resumed(self) -> None:
        """The file works, at the start or again after an error. Comes before every later `settle`."""
        ...


class Work(Protocol):
    """A part of a transaction."""

    @property
    def size(self) -> int: ...
    def joined_by(self, work: Work) -> bool:
        """Whether the next work was taken in as a part of this one."""
        ...

    def apply(self, connection: Connection) -> None:
        """Within the transaction, on the writer thread."""
        ...

    def apply_alone(self, connection: Connection) -> None:
        """The same, such that an error of one item spoils no other."""
        ...

    def settle(self, commit: Commit) -> None:
        """On the loop, after the commit."""
        ...

    def fail(self, error: SurewireError) -> None:
        """On the loop, when there was no commit."""
        ...


class LaneWork(Generic[Item, Outcome]):
    """Consecutive items of one lane."""

    __slots__ = ("_errors", "_joined", "_outcomes", "items", "lane")

    def __init__(self, lane: Lane[Item, Outcome], items: list[Item]) -> None:
        self.lane, self.items = lane, items
        self._outcomes: Sequence[Outcome] = ()
        self._errors: list[SurewireError | None] | None = None
        self._joined = False

    @property
    def size(self) -> int:
        return len(self.items)

    def joined_by(self, work: Work) -> bool:
        if isinstance(work, LaneWork) and cast("LaneWork[Item, Outcome]", work).lane is self.lane:
            # The first list belongs to whoever gave it.
            self.items = self.items if self._joined else list(self.items)
            self._joined = True
            self.items.extend(cast("LaneWork[Item, Outcome]", work).items)
            return True
        return False

    def apply(self, connection: Connection) -> None:
        self._errors = None
        self._outcomes = self.lane.apply(connection, self.items)

    def apply_alone(self, connection: Connection) -> None:
        outcomes: list[Any] = []
        self._errors = []
        for item in self.items:
            outcome, error = self._apply_one(connection, item)
            outcomes.append(outcome)
            self._errors.append(error)
        self._outcomes = outcomes

    def _apply_one(self, connection: Connection, item: Item) -> tuple[Outcome | None, SurewireError | None]:
        try:
            with connection:
                return self.lane.apply(connection, [item])[0], None
        except Exception as error:
            if breaks_connection(error):
                raise
            self.lane.rolled_back()
            return None, translated(error)

    def settle(self, commit: Commit) -> None:
        if self._errors is None:
            self.lane.settle(self.items, self._outcomes, commit)
            return
        for item, outcome, error in zip(self.items, self._outcomes, self._errors, strict=True):
            if error is None:
                self.lane.settle([item], [outcome], commit)
            else:
                self.lane.fail([item], error)

    def fail(self, error: SurewireError) -> None:
        self.lane.fail(self.items, error)


class Job(Generic[Result]):
    """One function within a savepoint: when it raises, only its own writes are undone and only its caller hears of it."""

    __slots__ = ("_error", "_function", "_future", "_on_commit", "_result")
    size = 1

    def __init__(
        self, function: Callable[[Connection], Result], on_commit: Callable[[Result], None] | None, future: asyncio.Future[Result]
    ) -> None:
        self._function, self._on_commit, self._future = function, on_commit, future
        self._result: Any = None
        self._error: SurewireError | None = None

    def joined_by(self, work: Work) -> bool:
        return False

    def apply(self, connection: Connection) -> None:
        self._error = None
        try:
            with connection:
                self._result = self._function(connection)
        except Exception as error:
            if breaks_connection(error):
                raise
            self._error = translated(error)

    apply_alone = apply

    def settle(self, commit: Commit) -> None:
        if self._error is not None:
            self.fail(self._error)
            return
        if self._on_commit is not None:
            self._on_commit(self._result)
        if not self._future.done():
            self._future.set_result(self._result)

    def fail(self, error: SurewireError) -> None:
        if not self._future.done():
            self._future.set_exception(error)
