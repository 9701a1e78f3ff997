"""When the write-ahead log is copied into the database file, so that neither it nor a commit's price grows without end."""

from __future__ import annotations

from typing import Final

import apsw

from surewire.adapters.sqlite.connection import Connection

__all__ = ["Checkpoints", "checkpoint_all", "empty_log"]

_DUE_PAGES: Final = 4_000
_TOO_LONG_PAGES: Final = 32_000
_WAIT_MS: Final = 200


class Checkpoints:
    """Copies the log after every 16 MiB, when the results of the commit are already on their way.

    The copy itself waits for nobody. A log that is always being read is never started anew, though; over 128 MiB the checkpoint
    waits a moment for its readers to leave (new ones read the database file then).
    """

    __slots__ = ("_copied_at",)

    def __init__(self, connection: Connection) -> None:
        self._copied_at = _pages_written(connection)

    def when_due(self, connection: Connection) -> None:
        """Costs next to nothing when it is not. Raises: apsw.Error when the file fails."""
        written = _pages_written(connection)
        if written - self._copied_at < _DUE_PAGES:
            return
        self._copied_at = written
        log_pages, _ = connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        if log_pages > _TOO_LONG_PAGES:
            checkpoint_all(connection, apsw.SQLITE_CHECKPOINT_RESTART)


def empty_log(connection: Connection) -> None:
    """Copies all of the log, synchronises the database file and truncates the log. Raises: apsw.Error, also when a reader stays."""
    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)


def checkpoint_all(connection: Connection, mode: int = apsw.SQLITE_CHECKPOINT_TRUNCATE) -> None:
    """Copies all of the log and lets it start anew, unless a reader stays for longer than a moment."""
    patience_ms = connection.pragma("busy_timeout")
    connection.set_busy_timeout(_WAIT_MS)
    try:
        connection.wal_checkpoint(mode=mode)
    except apsw.BusyError:
        pass  # a long reader: the next checkpoint tries again
    finally:
        connection.set_busy_timeout(patience_ms)


def _pages_written(connection: Connection) -> int:
    return connection.status(apsw.SQLITE_DBSTATUS_CACHE_WRITE)[0]
