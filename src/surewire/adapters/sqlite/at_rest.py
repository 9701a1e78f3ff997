"""Database files of a stopped server, read without any change to their folder: nothing made, written, checkpointed or left behind.

SQLite makes a log and its index beside a file that is merely read (https://sqlite.org/wal.html#read_only_databases). A file without a
log is therefore opened as one that cannot change, and one with a log by a virtual file system without locks, whose index is kept in
memory (https://sqlite.org/wal.html#use_of_wal_without_shared_memory). Servers are kept away by a lock on their own lock files.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, cast

import apsw

from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.faults import BACKEND
from surewire.adapters.sqlite.file import take_lock
from surewire.errors import BackendUnavailableError

__all__ = ["beside", "opened_at_rest", "servers_kept_out", "size_bytes"]

_SETTINGS: Final = {"query_only": 1, "mmap_size": 0, "trusted_schema": 0, "cache_size": -16_384}


def beside(path: Path, ending: str) -> Path:
    """The file that belongs to a database: its name with `-wal`, `.lock` or the like."""
    return path.with_name(f"{path.name}{ending}")


def size_bytes(path: Path) -> int:
    """0 also for what does not exist."""
    return path.stat().st_size if path.exists() else 0


@contextmanager
def servers_kept_out(paths: Iterable[Path]) -> Generator[None]:
    """No server has one of the files until the block ends; others may look at them. Raises: BackendUnavailableError when one has."""
    with ExitStack() as stack:
        for path in paths:
            lock = _lock_file(path)
            if lock is not None:
                stack.callback(os.close, lock)
                take_lock(lock, path, fcntl.LOCK_SH)
        yield


@contextmanager
def opened_at_rest(path: Path) -> Generator[Connection]:
    """A connection that reads, and sees what the log has. Raises: apsw.Error."""
    connection = _with_log(path) if size_bytes(beside(path, "-wal")) else _without_log(path)
    try:
        for name, value in _SETTINGS.items():
            connection.pragma(name, value)
        yield connection
    finally:
        connection.close(force=True)


def _lock_file(path: Path) -> int | None:
    """The descriptor; None when there is none, as in a copy that no server ever had."""
    try:
        return os.open(beside(path, ".lock"), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise BackendUnavailableError(BACKEND, f"{beside(path, '.lock')} cannot be opened: {error.strerror}") from error


def _without_log(path: Path) -> Connection:
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    return cast(Connection, apsw.Connection(f"{path.absolute().as_uri()}?immutable=1", flags=flags))


def _with_log(path: Path) -> Connection:
    connection = cast(Connection, apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY, vfs="unix-none"))
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    # Before anything is read: then the index is in memory.
    connection.pragma("locking_mode", "exclusive")
    return connection
