"""The only thread that writes to a file: it commits whatever waits, all at once, and tells the loop once a commit.

Theory of operation. The thread takes everything that is in the queue (it sleeps on the queue, it never polls), runs it in one
transaction, and hands all results back in one call; meanwhile the next batch gathers. So the number of commits adapts to the disk, and
its price is shared by all who wait.

    taken ── BEGIN, apply all, COMMIT ──► settled on the loop ──► checkpoint when due
      │  one item is refused by the database: roll back, apply every item in a savepoint of its own, COMMIT
      └─ the file fails: close the connection, fail the batch and all that comes, open again with back-off

After a failed fsync the operating system may have dropped the pages it could not write, and a second fsync may succeed without
them (https://wiki.postgresql.org/wiki/Fsync_Errors). So after any error of the file the connection is never used again, and nothing is
acknowledged before the file was opened anew and a commit on it succeeded. Opening anew may find the failed commit in the log, whole, as
the system's cache shows it and the disk does not have it; what is appended behind it would be lost with it. So every opening, the
first included, copies the log into the database file and empties it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol

import apsw

from surewire.adapters.sqlite.checkpoint import Checkpoints, checkpoint_all, empty_log
from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.faults import BACKEND, breaks_connection, translated
from surewire.adapters.sqlite.file import DatabaseFile
from surewire.adapters.sqlite.work import Commit, Lane, Work
from surewire.errors import BackendUnavailableError, SurewireError
from surewire.ports.clock import Clock

__all__ = ["CommitThread", "Listener"]

_BATCH: Final = 2_048
_FIRST_PAUSE_S: Final = 0.05
_LONGEST_PAUSE_S: Final = 5.0


class Listener(Protocol):
    """Who hears of everything that happens. Called on the writer thread, in order."""

    def opened(self, error: SurewireError | None) -> None:
        """The first opening succeeded, or did not and the thread ends."""
        ...

    def settled(self, works: Sequence[Work], commit: Commit) -> None: ...
    def failed(self, works: Sequence[Work], error: SurewireError) -> None: ...
    def changed(self, problem: str | None) -> None:
        """The file fails, with the reason, or (None) works again. A reason may be told again."""
        ...

    def ended(self) -> None:
        """The thread has closed the file and does nothing more."""
        ...


class CommitThread:
    """The body of the thread. What it is given through `queue` ends as settled or failed; None in the queue ends the thread."""

    def __init__(
        self, file: DatabaseFile, clock: Clock, lanes: Sequence[Lane[Any, Any]], queue: SimpleQueue[Work | None], listener: Listener
    ) -> None:
        self._file, self._clock, self._lanes, self._queue, self._listener = file, clock, lanes, queue, listener
        self._connection: Connection
        self._checkpoints: Checkpoints

    def run(self) -> None:
        """Opens the file, serves until told to end, copies the log and closes."""
        try:
            self._open()
        except Exception as error:  # noqa: BLE001 - whatever it is, the opener hears of it
            self._listener.opened(translated(error))
        else:
            self._listener.opened(None)
            self._serve()
        finally:
            self._close()
            self._listener.ended()

    def _serve(self) -> None:
        while (works := self._take()) is not None:
            try:
                self._commit(works)
                self._checkpoints.when_due(self._connection)
            except Exception as error:  # noqa: BLE001 - the border of this background task
                if not self._recover(error):
                    return
        self._copy_log()

    def _take(self, timeout_s: float | None = None) -> list[Work] | None:
        """Everything that waits, up to a batch; None when the thread shall end. Raises: Empty after the time-out."""
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
        """Settles the works, or fails them and raises what broke the connection."""
        try:
            commit = self._transact(works, alone=False) or self._transact(works, alone=True)
        except Exception as error:
            self._listener.failed(works, _unavailable(error))
            raise
        if commit is not None:
            self._listener.settled(works, commit)

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
        """Closes the file and opens it until that works; what arrives meanwhile fails. False when the thread shall end instead."""
        self._close()
        pause_s = _FIRST_PAUSE_S
        while True:
            problem = _unavailable(error)
            self._listener.changed(str(problem))
            if not self._fail_arrivals(pause_s, problem):
                return False
            try:
                self._open()
            except Exception as again:  # noqa: BLE001 - the border of this background task
                error, pause_s = again, min(2 * pause_s, _LONGEST_PAUSE_S)
            else:
                self._listener.changed(None)
                return True

    def _fail_arrivals(self, pause_s: float, problem: SurewireError) -> bool:
        """Waits, and fails what comes. False when the thread shall end."""
        until = time.monotonic() + pause_s
        while (rest_s := until - time.monotonic()) > 0:
            try:
                works = self._take(rest_s)
            except Empty:
                break
            if works is None:
                return False
            self._listener.failed(works, problem)
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

    def _copy_log(self) -> None:
        try:
            checkpoint_all(self._connection)
        except apsw.Error:
            pass  # the log is on disk, and the next start reads it


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
