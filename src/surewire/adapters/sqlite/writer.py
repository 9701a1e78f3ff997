"""The only thread that writes to a file: it commits whatever waits, all at once, and tells the loop once a commit.

Theory of operation. The loop puts work into one ordered queue. The thread takes everything that is there (it sleeps on the queue,
it never polls), runs it in one transaction, and hands all results back in one `call_soon_threadsafe`; meanwhile the next batch
gathers. So the number of commits adapts to the disk, and its price is shared by all who wait.

    taken ── BEGIN, apply all, COMMIT ──► settled on the loop ──► checkpoint when due
      │  one item is refused by the database: roll back, apply every item in a savepoint of its own, COMMIT
      └─ the file fails: close the connection, fail the batch and all that comes, open again with back-off

After a failed fsync the operating system may have dropped the pages it could not write, and a second fsync may succeed without
them (https://wiki.postgresql.org/wiki/Fsync_Errors). So after any error of the file the connection is never used again, and nothing is
acknowledged before the file was opened anew and a commit on it succeeded.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Final, Self, TypeVar

import apsw

from surewire.adapters.sqlite.checkpoint import Checkpoints, checkpoint_all, empty_log
from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.faults import BACKEND, breaks_connection, translated
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

_BATCH: Final = 2_048
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 5.0


class GroupCommitWriter:
    """One file's writer thread and its queue, an async context manager. Everything public belongs to the loop's thread.

    Work is done in the order given. At most `limit` items and jobs wait. Leaving the block commits what waits, checkpoints and closes.
    """

    def __init__(self, file: DatabaseFile, clock: Clock, *, limit: int = 20_000, on_health: OnHealth | None = None) -> None:
        self._file, self._clock, self._limit, self._on_health = file, clock, limit, on_health
        self._queue: SimpleQueue[Work | None] = SimpleQueue()
        self._lanes: list[Lane[Any, Any]] = []
        self._waiting = 0
        self._closed = False
        self.problem: str | None = None
        """Why the file takes no writes now; None when it does."""
        self.reopenings = 0
        """How often the file was opened again after an error."""

    async def __aenter__(self) -> Self:
        """Opens the file and brings its schema up to date. Raises: BackendError."""
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._ended: asyncio.Future[None] = self._loop.create_future()
        self._thread = threading.Thread(target=self._run, name=f"writer of {self._file.path.name}", daemon=True)
        self._thread.start()
        try:
            await asyncio.shield(self._ready)
        except BaseException:
            self._queue.put(None)
            raise
        for lane in self._lanes:
            lane.resumed()
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closed = True
        self._queue.put(None)
        await asyncio.shield(self._ended)
        self._thread.join()

    @property
    def waiting(self) -> int:
        """Items and jobs that were given and are neither settled nor failed."""
        return self._waiting

    def add_lane(self, lane: Lane[Any, Any]) -> None:
        """Makes a lane known. Before the block is entered."""
        self._lanes.append(lane)

    def put(self, lane: Lane[Item, Outcome], items: list[Item]) -> bool:
        """Gives items to the thread; False, and nothing is taken, when too much waits or the writer has ended. The list may not change."""
        if self._closed or self._waiting + len(items) > self._limit:
            return False
        self._waiting += len(items)
        self._queue.put(LaneWork(lane, items))
        return True

    async def run(self, function: Callable[[Connection], Result], on_commit: Callable[[Result], None] | None = None) -> Result:
        """What `function` returned, after the commit that holds its writes. `on_commit` is called on the loop in the order of the commit.

        The function runs on the writer thread, possibly twice, with only the last run counting. Cancelling the caller does not stop it.
        Raises: what the function raises (then its writes are undone); BackendUnavailableError when the file fails or too much waits.
        """
        if self._closed or self._waiting >= self._limit:
            raise BackendUnavailableError(BACKEND, "the writer has ended" if self._closed else "too many writes wait")
        future: asyncio.Future[Result] = self._loop.create_future()
        self._waiting += 1
        self._queue.put(Job(function, on_commit, future))
        return await future

    # ---- the writer thread

    def _run(self) -> None:
        try:
            self._open()
        except Exception as error:  # noqa: BLE001 - whatever it is, the opener hears of it
            self._tell(_set_exception, self._ready, translated(error))
        else:
            self._tell(_set_result, self._ready)
            self._serve()
        finally:
            self._close()
            self._tell(self._finish)

    def _serve(self) -> None:
        while (works := self._take()) is not None:
            try:
                self._commit(works)
                self._checkpoints.when_due(self._connection)
            except Exception as error:  # noqa: BLE001 - the border of this background task
                if not self._recover(error):
                    return
        self._copy_all()

    def _take(self, timeout_s: float | None = None) -> list[Work] | None:
        """Everything that waits, up to a batch; None when the writer shall end. Raises: Empty after the time-out."""
        first = self._queue.get(timeout=timeout_s)
        if first is None:
            return None
        works, size = [first], first.size
        while size < _BATCH and not self._queue.empty():
            work = self._queue.get()
            if work is None:
                self._queue.put(None)
                break
            size += work.size
            if not works[-1].joined_by(work):
                works.append(work)
        return works

    def _commit(self, works: list[Work]) -> None:
        """Settles the works on the loop, or fails them and raises what broke the connection."""
        try:
            commit = self._transact(works, alone=False) or self._transact(works, alone=True)
        except Exception as error:
            self._tell(self._fail, works, _unavailable(error))
            raise
        self._tell(self._settle, works, commit)

    def _transact(self, works: list[Work], *, alone: bool) -> Commit | None:
        """The commit; None when it was rolled back because something in it was refused."""
        connection, monotonic = self._connection, self._clock.monotonic
        started_at = monotonic()
        try:
            connection.execute("BEGIN IMMEDIATE")
            for work in works:
                (work.apply_alone if alone else work.apply)(connection)
            applied_at = monotonic()
            connection.execute("COMMIT")
        except Exception as error:
            self._roll_back()
            if alone or breaks_connection(error):
                raise
            return None
        return Commit(started_at, applied_at, monotonic(), sum(work.size for work in works))

    def _roll_back(self) -> None:
        for lane in self._lanes:
            lane.rolled_back()
        # After some errors SQLite has rolled back by itself.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _recover(self, error: BaseException) -> bool:
        """Closes the file and opens it until that works; what arrives meanwhile fails. False when the writer shall end instead."""
        self._close()
        pause_s = _FIRST_PAUSE_S
        while True:
            problem = _unavailable(error)
            self._tell(self._report, str(problem))
            if not self._fail_arrivals(pause_s, problem):
                return False
            try:
                self._open()
            except Exception as again:  # noqa: BLE001 - the border of this background task
                error, pause_s = again, min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                self._tell(self._report, None)
                return True

    def _fail_arrivals(self, pause_s: float, problem: SurewireError) -> bool:
        """Waits, and fails what comes. False when the writer shall end."""
        until = time.monotonic() + pause_s
        while (rest_s := until - time.monotonic()) > 0:
            try:
                works = self._take(rest_s)
            except Empty:
                break
            if works is None:
                return False
            self._tell(self._fail, works, problem)
        return True

    def _open(self) -> None:
        connection = self._file.open_writer()
        try:
            empty_log(connection)
            _prove_writable(connection)
            for lane in self._lanes:
                lane.reopened(connection)
        except BaseException:
            connection.close(force=True)
            raise
        self._connection, self._checkpoints = connection, Checkpoints(connection)

    def _close(self) -> None:
        try:
            self._connection.close(force=True)
        except (AttributeError, apsw.Error):
            pass  # never opened, or broken: either way nothing more is done with it

    def _copy_all(self) -> None:
        try:
            checkpoint_all(self._connection)
        except apsw.Error:
            pass  # the log is on disk, and the next start reads it

    def _tell(self, function: Callable[..., None], *arguments: object) -> None:
        try:
            self._loop.call_soon_threadsafe(function, *arguments)
        except RuntimeError:
            pass  # the loop was closed without leaving the block: nobody listens

    # ---- on the loop, called from the thread

    def _settle(self, works: Sequence[Work], commit: Commit) -> None:
        self._waiting -= commit.size
        for work in works:
            self._guarded(work.settle, commit)

    def _fail(self, works: Sequence[Work], error: SurewireError) -> None:
        self._waiting -= sum(work.size for work in works)
        for work in works:
            self._guarded(work.fail, error)

    def _guarded(self, function: Callable[[Any], None], argument: object) -> None:
        try:
            function(argument)
        except Exception as error:  # noqa: BLE001 - one receiver's mistake must not keep results from the others
            self._loop.call_exception_handler({"message": "a result of a write could not be handed over", "exception": error})

    def _report(self, problem: str | None) -> None:
        changed, self.problem = problem != self.problem, problem
        if problem is None:
            self.reopenings += 1
            for lane in self._lanes:
                lane.resumed()
        if changed and self._on_health is not None:
            self._on_health(problem)

    def _finish(self) -> None:
        self._closed = True
        while not self._queue.empty():
            work = self._queue.get()
            if work is not None:
                self._fail([work], BackendUnavailableError(BACKEND, "the writer has ended"))
        _set_result(self._ended)


def _prove_writable(connection: Connection) -> None:
    """Commits a change that changes nothing. Raises: apsw.Error when the file or the disk takes no writes."""
    with connection:
        connection.pragma("user_version", connection.pragma("user_version"))


def _unavailable(error: BaseException) -> SurewireError:
    ours = translated(error)
    if isinstance(ours, BackendUnavailableError):
        return ours
    unavailable = BackendUnavailableError(BACKEND, str(ours))
    unavailable.__cause__ = error
    return unavailable


def _set_result(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


def _set_exception(future: asyncio.Future[None], error: BaseException) -> None:
    if not future.done():
        future.set_exception(error)
