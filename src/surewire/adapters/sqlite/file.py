"""A database file: created private, locked for one process, opened with the settings that durability rests on.

Every setting is read back, because SQLite ignores what it cannot do. `synchronous=FULL` makes a commit in the write-ahead log
durable (https://sqlite.org/pragma.html#pragma_synchronous); on macOS an fsync alone leaves data in the drive's cache, which `fullfsync`
empties too. `mmap_size=0` makes a read error an error and no signal.
SQLite 3.7.0 to 3.51.2 can corrupt a file when a write-ahead log is reset (https://sqlite.org/wal.html#walresetbug).
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, cast

import apsw

from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.faults import BACKEND, translated
from surewire.adapters.sqlite.migrations import migrate
from surewire.errors import BackendError, BackendUnavailableError

__all__ = ["DatabaseFile", "locked_file", "take_lock"]

MINIMUM_SQLITE: Final = (3, 51, 3)
_BUSY_TIMEOUT_MS: Final = 5_000
_WRITER: Final = {
    "synchronous": 2,
    "fullfsync": 1,
    "checkpoint_fullfsync": 1,
    "foreign_keys": 1,
    "mmap_size": 0,
    "wal_autocheckpoint": 0,
    "cache_size": -65_536,
    "journal_size_limit": 67_108_864,
}
_READER: Final = {"query_only": 1, "foreign_keys": 1, "mmap_size": 0, "wal_autocheckpoint": 0, "cache_size": -16_384}


class DatabaseFile:
    """One file and how to open it. `vfs` names another virtual file system of SQLite, for tests with faulty disks."""

    __slots__ = ("_vfs", "path", "schema")

    def __init__(self, path: Path, schema: str, vfs: str | None = None) -> None:
        self.path, self.schema, self._vfs = path, schema, vfs

    @property
    def size_bytes(self) -> int:
        """The file and its write-ahead log."""
        files = self.path, self.path.with_name(f"{self.path.name}-wal")
        return sum(file.stat().st_size for file in files if file.exists())

    def open_writer(self) -> Connection:
        """The one connection that writes and checkpoints, on a file that has the newest schema.

        Raises: BackendError when a setting does not hold; BackendUnavailableError when the file cannot be opened.
        """
        with self._opened(apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE) as connection:
            _demand(connection, "journal_mode", "wal")
            _demand_all(connection, _WRITER)
            migrate(connection, self.schema)
            return connection

    def open_reader(self) -> Connection:
        """A connection that reads, and neither writes nor checkpoints."""
        with self._opened(apsw.SQLITE_OPEN_READONLY) as connection:
            _demand_all(connection, _READER)
            return connection

    @contextmanager
    def _opened(self, flags: int) -> Generator[Connection, None, None]:
        connection: Connection | None = None
        try:
            connection = cast(Connection, apsw.Connection(str(self.path), flags=flags, vfs=self._vfs, statementcachesize=200))
            connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
            # A connection that is closed after an error must not touch the file any more.
            connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
            yield connection
        except BaseException as error:
            if connection is not None:
                connection.close(force=True)
            if isinstance(error, apsw.Error):
                raise translated(error, self.path) from error
            raise


@contextmanager
def locked_file(path: Path, schema: str, vfs: str | None = None) -> Generator[DatabaseFile, None, None]:
    """A database file that belongs to this process until the block ends; made, with its folder, when it does not exist.

    Raises: BackendUnavailableError when another process has it, or the folder cannot be written; BackendError for an unsafe SQLite.
    """
    _check_library()
    try:
        _make_private(path)
        lock = os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise BackendUnavailableError(BACKEND, f"{path} cannot be made or opened: {error.strerror}") from error
    try:
        _lock(lock, path)
        yield DatabaseFile(path, schema, vfs)
    finally:
        os.close(lock)


def _check_library() -> None:
    version = tuple(map(int, apsw.sqlite_lib_version().split(".")))
    if version < MINIMUM_SQLITE:
        needed = ".".join(map(str, MINIMUM_SQLITE))
        raise BackendError(
            BACKEND, f"SQLite {apsw.sqlite_lib_version()} can corrupt its files; {needed} or newer is needed: pip install --upgrade apsw"
        )


def _make_private(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:
        return
    # A new name is durable only after its folder was synchronised.
    for folder in (path.parent, path.parent.parent):
        _synchronise(folder)


def _synchronise(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def take_lock(lock: int, path: Path, operation: int = fcntl.LOCK_EX) -> None:
    """Returns when the descriptor of a lock file has the lock. Raises: BackendUnavailableError, naming the process that has it."""
    try:
        fcntl.flock(lock, operation | fcntl.LOCK_NB)
    except OSError as error:
        owner = os.pread(lock, 20, 0).decode("ascii", "replace").strip()
        who = f"process {owner}" if owner else "another process"
        raise BackendUnavailableError(BACKEND, f"{path} is in use by {who}; stop it, or use another data folder") from error


def _lock(lock: int, path: Path) -> None:
    take_lock(lock, path)
    os.ftruncate(lock, 0)
    os.pwrite(lock, b"%d\n" % os.getpid(), 0)


def _demand_all(connection: Connection, settings: dict[str, int]) -> None:
    for name, value in settings.items():
        _demand(connection, name, value)
    if connection.pragma("busy_timeout") != _BUSY_TIMEOUT_MS:
        raise BackendError(BACKEND, "busy_timeout could not be set")


def _demand(connection: Connection, name: str, value: int | str) -> None:
    connection.pragma(name, value)
    found = connection.pragma(name)
    if found != value:
        raise BackendError(
            BACKEND, f"{name} is {found} and could not be set to {value}; does the file system support locks and shared memory?"
        )
