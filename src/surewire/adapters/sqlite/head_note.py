"""How far a stream had got, noted beside its file, so that an older copy of the file is found out."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

__all__ = ["HeadNote", "Noted"]

_SIZE: Final = 256
_PRIVATE: Final = 0o600


class Noted(Struct, frozen=True):
    """The epoch and head of a stream, and the file (its inode) that held them."""

    epoch: str
    head: int
    inode: int


class HeadNote:
    """A small file beside a database file: its name with `.head` added. Blocking.

    It is written a little later than the commits it tells of, never earlier. So a database file that is behind its note, of another
    epoch, or not the very file that the note was written for (a backup put in its place) is not the newest there was.
    """

    __slots__ = ("_database", "_path")

    def __init__(self, database: Path) -> None:
        self._database = database
        self._path = database.with_name(f"{database.name}.head")

    def vouches_for(self, epoch: str, head: int) -> bool:
        """Whether nothing speaks against this epoch and head being the newest. Without a readable note nothing speaks for it."""
        try:
            noted = msgspec.json.decode(self._path.read_bytes(), type=Noted)
        except (OSError, msgspec.DecodeError):
            return False
        return noted.epoch == epoch and noted.head <= head and noted.inode == self._inode()

    def write(self, epoch: str, head: int) -> None:
        """Notes an epoch and a head that are on disk. Raises: OSError."""
        # One sector, overwritten in place: after a power cut it holds the old note or the new one.
        text = msgspec.json.encode(Noted(epoch, head, self._inode())).ljust(_SIZE - 1) + b"\n"
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, _PRIVATE)
        try:
            os.pwrite(descriptor, text, 0)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _inode(self) -> int:
        return self._database.stat().st_ino
