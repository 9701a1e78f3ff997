"""Whether one file of a data folder is a database of surewire that can be read."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal, NamedTuple, cast

import apsw

from surewire.adapters.sqlite.at_rest import beside, opened_at_rest, size_bytes
from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.migrations import build, newest_version
from surewire.adapters.sqlite.queries import load_queries

__all__ = ["FileLook", "StoredFile", "describe", "look_at"]

_SQL: Final = load_queries("upkeep")
_CLAUSES: Final[dict[type[apsw.Error], str]] = {
    apsw.NotADBError: "is no SQLite database",
    apsw.CorruptError: "is damaged",
}


class StoredFile(NamedTuple):
    """A file of a data folder. `without` is what a server does that does not find it."""

    path: Path
    schema: str
    without: str

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def log(self) -> Path:
        """SQLite's write-ahead log, which is a part of the database."""
        return beside(self.path, "-wal")

    def fault(self, clause: str) -> str:
        """The sentence about a file that a server cannot use."""
        return f"{self.name} {clause}. Restore a copy of it, or move it away: {self.without}."

    def absence(self, clause: str) -> str:
        """The sentence about a file that a server would silently begin anew."""
        return f"{self.name} {clause}. Restore a copy of it. If there is none, start the server: {self.without}."


class FileLook(NamedTuple):
    """What was found. Only a `sound` file can be read further; `empty`: not even a table, as one that was just made."""

    state: Literal["sound", "empty", "missing", "faulty"]
    problem: str = ""
    connection: Connection | None = None


def look_at(file: StoredFile, stack: ExitStack) -> FileLook:
    """The file, open until the stack is left if it is sound. Its pages and rows were not looked at."""
    try:
        size = file.path.stat().st_size
    except FileNotFoundError:
        return FileLook("missing")
    except OSError as error:
        return FileLook("faulty", _closed(file, error.strerror))
    if not file.path.is_file():
        return FileLook("faulty", file.fault("is no file"))
    journal = beside(file.path, "-journal")
    if size_bytes(journal):
        return FileLook("faulty", f"{file.name} was left in the middle of a change ({journal.name}). Start the server: that undoes it.")
    # SQLite deletes the log of a file without content, and nothing is to be changed here.
    return _opened(file, stack) if size else FileLook("empty")


def describe(file: StoredFile, error: apsw.Error) -> str:
    """The sentence about a file that cannot be read, or not to its end."""
    if isinstance(error, apsw.CantOpenError | apsw.IOError | apsw.PermissionsError | apsw.AuthError):
        return _closed(file, str(error))
    clause = next((text for kind, text in _CLAUSES.items() if isinstance(error, kind)), "cannot be read")
    return file.fault(f"{clause} ({type(error).__name__}: {error})")


def _opened(file: StoredFile, stack: ExitStack) -> FileLook:
    try:
        connection = stack.enter_context(opened_at_rest(file.path))
        return _judged(file, connection)
    except apsw.Error as error:
        return FileLook("faulty", describe(file, error))


def _judged(file: StoredFile, connection: Connection) -> FileLook:
    version, known = int(connection.pragma("user_version")), newest_version(file.schema)
    if not 0 <= version <= known:
        clause = f"has version {version} of the {file.schema} schema, and this surewire knows {known}"
        return FileLook("faulty", f"{file.name} {clause}. Look and serve with the surewire that wrote it, or a newer one.")
    objects = _objects(connection)
    if version == 0:
        return FileLook("faulty", file.fault("is a database that surewire did not make")) if objects else FileLook("empty")
    lacking = [f"the {kind} {name}" for kind, name in _expected(file.schema, version) if (kind, name) not in objects]
    if lacking:
        return FileLook("faulty", file.fault(f"lacks {', '.join(lacking)}"))
    return FileLook("sound", connection=connection)


def _objects(connection: Connection) -> list[tuple[str, str]]:
    return [(kind, name) for kind, name in rows(connection, _SQL.objects)]


def _expected(schema: str, version: int) -> list[tuple[str, str]]:
    model = cast(Connection, apsw.Connection(":memory:"))
    try:
        build(model, schema, version)
        return _objects(model)
    finally:
        model.close()


def _closed(file: StoredFile, reason: str | None) -> str:
    return f"{file.name} cannot be opened ({reason}). Look at it as the user that runs the server, and at the disk."
