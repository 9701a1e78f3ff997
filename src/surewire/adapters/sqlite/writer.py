"""Group commit as the event loop sees it: work goes in in order, results come back in order, once a commit."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from types import TracebackType
from typing import Any, Self, TypeVar

from surewire.adapters.sqlite.commit_thread import CommitThread
from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.faults import BACKEND
from surewire.adapters.sqlite.file import DatabaseFile
from surewire.adapters.sqlite.work import Commit, Job, Lane, LaneWork, Work
from surewire.errors import BackendUnavailableError, SurewireError
from surewire.ports.clock import Clock

__all__ = ["GroupCommitWriter", "OnHealth"]

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")
Result = TypeVar("Result")

OnHealth = Callable[[str | None], None]
"""Called on the loop whenever a file stops or resumes to take writes: the reason, or None when all is well."""


class GroupCommitWriter:
    """One file's writer thread and its queue, an async context manager. Everything public belongs to the loop's thread.

    Work is done in the order given. At most `limit` items and jobs wait. Leaving the block commits what waits, checkpoints and closes.
    """

    def __init__(self, file: DatabaseFile, clock: Clock, *, limit: int = 20_000, on_health: OnHealth | None = None) -> None:
        self._file, self._clock, self._limit = file, clock, limit
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._lanes: list[Lane[Any, Any]] = []
        self._results = _Results(self._lanes, self._queue, on_health)

    async def __aenter__(self) -> Self:
        """Opens the file and brings its schema up to date. Raises: BackendError."""
        results = self._results
        results.listen(asyncio.get_running_loop())
        body = CommitThread(self._file, self._clock, self._lanes, self._queue, _FromThread(results, asyncio.get_running_loop()))
        self._thread = threading.Thread(target=body.run, name=f"writer of {self._file.path.name}", daemon=True)
        self._thread.start()
        try:
            await asyncio.shield(results.ready)
        except BaseException:
            self._queue.put(None)
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._results.closed = True
        self._queue.put(None)
        await asyncio.shield(self._results.end)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """Items and jobs that were given and are neither settled nor failed."""
        return self._results.waiting

    @property
    def problem(self) -> str | None:
        """Why the file takes no writes now; None when it does."""
        return self._results.problem

    @property
    def reopenings(self) -> int:
        """How often the file was opened again after an error."""
        return self._results.reopenings

    def add_lane(self, lane: Lane[Any, Any]) -> None:
        """Makes a lane known. Before the block is entered."""
        self._lanes.append(lane)

    def put(self, lane: Lane[Item, Outcome], items: list[Item]) -> bool:
        """Gives items to the thread; False, and nothing is taken, when too much waits or the writer has ended. The list may not change."""
        results = self._results
        if results.closed or results.waiting + len(items) > self._limit:
            return False
        results.waiting += len(items)
        self._queue.put(LaneWork(lane, items))
        return True

    async def run(self, function: Callable[[Connection], Result], on_commit: Callable[[Result], None] | None = None) -> Result:
        """What `function` returned, after the commit that holds its writes. `on_commit` is called on the loop in the order of the commit.

        The function runs on the writer thread, possibly twice, with only the last run counting. Cancelling the caller does not stop it.
        Raises: what the function raises (then its writes are undone); BackendUnavailableError when the file fails or too much waits.
        """
        results = self._results
        if results.closed or results.waiting >= self._limit:
            raise BackendUnavailableError(BACKEND, "the writer has ended" if results.closed else "too many writes wait")
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        results.waiting += 1
        self._queue.put(Job(function, on_commit, future))
        return await future


class _Results:
    """The loop's side of the thread's results, and the state that they change."""

    def __init__(self, lanes: Sequence[Lane[Any, Any]], queue: SimpleQueue[Work | None], on_health: OnHealth | None) -> None:
        self._lanes, self._queue, self._on_health = lanes, queue, on_health
        self.waiting = self.reopenings = 0
        self.closed = False
        self.problem: str | None = None

    def listen(self, loop: asyncio.AbstractEventLoop) -> None:
        """Makes the futures of the opening and of the end."""
        self._loop = loop
        self.ready: asyncio.Future[None] = loop.create_future()
        self.end: asyncio.Future[None] = loop.create_future()

    def opened(self, error: SurewireError | None) -> None:
        if error is not None:
            self.ready.set_exception(error)
            return
        self._resume()
        self.ready.set_result(None)

    def settled(self, works: Sequence[Work], commit: Commit) -> None:
        self.waiting -= commit.size
        for work in works:
            self._guarded(work.settle, commit)

    def failed(self, works: Sequence[Work], error: SurewireError) -> None:
        self.waiting -= sum(work.size for work in works)
        for work in works:
            self._guarded(work.fail, error)

    def changed(self, problem: str | None) -> None:
        is_news, self.problem = problem != self.problem, problem
        if problem is None:
            self.reopenings += 1
            self._resume()
        if is_news and self._on_health is not None:
            self._on_health(problem)

    def ended(self) -> None:
        self.closed = True
        while not self._queue.empty():
            work = self._queue.get()
            if work is not None:
                self.failed([work], BackendUnavailableError(BACKEND, "the writer has ended"))
        self.end.set_result(None)

    def _resume(self) -> None:
        for lane in self._lanes:
            lane.resumed()

    def _guarded(self, function: Callable[[Any], None], argument: object) -> None:
        try:
            function(argument)
        except Exception as error:  # noqa: BLE001 - one receiver's mistake must not keep results from the others
            self._loop.call_exception_handler({"message": "a result of a write could not be handed over", "exception": error})


class _FromThread:
    """The thread's listener: everything it hears happens again on the loop, in the same order."""

    def __init__(self, results: _Results, loop: asyncio.AbstractEventLoop) -> None:
        self._results, self._loop = results, loop

    def opened(self, error: SurewireError | None) -> None:
        self._tell(self._results.opened, error)

    def settled(self, works: Sequence[Work], commit: Commit) -> None:
        self._tell(self._results.settled, works, commit)

    def failed(self, works: Sequence[Work], error: SurewireError) -> None:
        self._tell(self._results.failed, works, error)

    def changed(self, problem: str | None) -> None:
        self._tell(self._results.changed, problem)

    def ended(self) -> None:
        self._tell(self._results.ended)

    def _tell(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            pass  # the loop was closed without leaving the block: nobody listens
