"""How far a stream had got, noted beside its file, so that an older copy of the file is found out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

__all__ = ["HeadNote", "Mark"]

_SIZE: Final = 256
_PRIVATE: Final = 0o600


class Mark(Struct, frozen=True):
    """How far a stream had got: its epoch, its head, and how often its file had been opened."""

    epoch: str
    head: int
    openings: int

    def is_before(self, other: Mark) -> bool:
        """Whether this is certainly from an earlier time of the same stream, or of a copy of its file."""
        return self.openings < other.openings or (self.epoch == other.epoch and self.head < other.head)


class _Noted(Struct, frozen=True):
    mark: Mark
    inode: int


class HeadNote:
    """A small file beside a database file: its name with `.head` added. Blocking.

    It is written a little later than the commits it tells of, never earlier. So a database file that is behind its note, of another
    epoch or an earlier opening, or not the very file that the note was written for (a backup put in its place) is not the newest
    there was.
    """

    __slots__ = ("_database", "_path")

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_name(f"{database.name}.head")

    def vouches_for(self, found: Mark) -> bool:
        """Whether nothing speaks against a file with this mark being the newest. Without a readable note nothing speaks for it."""
        noted = self._noted()
        if noted is None:
            return False
        mark = noted.mark
        # The file is marked as opened before its note is, so a process that ended in between leaves it one ahead.
        was_opened = found.openings in {mark.openings, mark.openings + 1}
        return was_opened and mark.epoch == found.epoch and mark.head <= found.head and noted.inode == self._inode()

    def read(self) -> Mark | None:
        """What was noted last; None when there is no readable note."""
        noted = self._noted()
        return None if noted is None else noted.mark

    def write(self, mark: Mark) -> None:
        """Notes what is on disk. Raises: OSError."""
        # One sector, overwritten in place: after a power cut it holds the old note or the new one.
        text = msgspec.json.encode(_Noted(mark, self._inode())).ljust(_SIZE - 1) + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        try:
            os.pwrite(descriptor, text, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _noted(self) -> _Noted | None:
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=_Noted)
        except (OSError, msgspec.DecodeError):
            return None

    def _inode(self) -> int:
        return self._database.stat().st_ino
