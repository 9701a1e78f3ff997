"""What went wrong in SQLite, in the words of surewire."""

from __future__ import annotations

from pathlib import Path

import apsw

from surewire.errors import BackendCorruptError, BackendError, BackendUnavailableError, SurewireError

__all__ = ["BACKEND", "breaks_connection", "translated"]

BACKEND = "sqlite"

# These are about one statement or one value: the transaction can go on without it. Every other error of the driver may mean that
# the file or the disk is not what the connection thinks, so it is not written on again.
_OF_ONE_STATEMENT = (
    apsw.ConstraintError,
    apsw.SQLError,
    apsw.MismatchError,
    apsw.TooBigError,
    apsw.RangeError,
    apsw.BindingsError,
)
_CORRUPT = (apsw.CorruptError, apsw.NotADBError)
_SENTENCES: dict[type[apsw.Error], str] = {
    apsw.FullError: "the disk is full",
    apsw.IOError: "the disk does not read or write",
    apsw.BusyError: "the file is locked",
    apsw.ReadOnlyError: "the file cannot be written",
    apsw.CantOpenError: "the file cannot be opened",
    apsw.CorruptError: "the file is damaged",
    apsw.NotADBError: "the file is no SQLite database",
}


def breaks_connection(error: BaseException) -> bool:
    """Whether nothing more may be written on the connection that raised it."""
    return isinstance(error, apsw.Error) and not isinstance(error, _OF_ONE_STATEMENT)


def translated(error: BaseException, file: Path | None = None) -> SurewireError:
    """The error as the ports know it, the original as its cause. Errors of ours stay as they are.

    With `file`, one that is no database is named, with what to do about it.
    """
    if isinstance(error, SurewireError):
        return error
    ours = _kind(error)(BACKEND, _sentence(error) + _mend(error, file))
    ours.__cause__ = error
    return ours


def _kind(error: BaseException) -> type[BackendError]:
    if isinstance(error, _CORRUPT):
        return BackendCorruptError
    return BackendUnavailableError if breaks_connection(error) else BackendError


def _mend(error: BaseException, file: Path | None) -> str:
    if file is None or not isinstance(error, apsw.NotADBError):
        return ""
    return f": {file}. Restore a copy of it, or move it away to start with an empty one."


def _sentence(error: BaseException) -> str:
    known = next((text for kind, text in _SENTENCES.items() if isinstance(error, kind)), "an operation failed")
    return f"{known} ({type(error).__name__}: {error})"
