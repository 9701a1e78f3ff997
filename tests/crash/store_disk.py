"""A disk that fails and loses power, as a virtual file system of SQLite.

Model of power loss: what was not synchronised is on the disk or not, each 512-byte sector for itself, and a file that grew may have its old
end. Model of a failed fsync: the kernel drops the pages that it could not write, keeps showing them to readers, and a later fsync succeeds
without them (https://wiki.postgresql.org/wiki/Fsync_Errors). Not modelled: directory entries, the shared-memory file.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

__all__ = ["FaultyDisk", "disk_full", "sync_failed", "write_failed"]

SECTOR = 512
_names = itertools.count()
Fault = Callable[[], Exception]


def disk_full() -> Exception:
    return apsw.FullError("no space left on device")


def write_failed() -> Exception:
    return _io_error(apsw.SQLITE_IOERR_WRITE)


def sync_failed() -> Exception:
    return _io_error(apsw.SQLITE_IOERR_FSYNC)


def _io_error(code: int) -> Exception:
    error = apsw.IOError("input/output error")
    error.extendedresult = code
    return error


class _Content:
    """What of one file would not survive: writes that were not synchronised, and what is really on disk in sectors that were dropped."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.pending: list[tuple[int, bytes, bytes, int]] = []
        self.lost: dict[int, bytes] = {}

    def write(self, offset: int, data: bytes, old: bytes, size: int) -> None:
        """A sector that is written on is dirty as a whole, so the next fsync saves all of it."""
        self.pending.append((offset, data, old, size))
        for sector in _sectors(offset, data):
            self.lost.pop(sector, None)

    def drop_pending(self) -> None:
        """An fsync failed."""
        before = bytearray(self._path.read_bytes())
        for offset, data, old, _ in reversed(self.pending):
            before[offset : offset + len(data)] = old.ljust(len(data), b"\0")
        for offset, data, _, _ in self.pending:
            for sector in _sectors(offset, data):
                self.lost[sector] = bytes(before[sector * SECTOR : (sector + 1) * SECTOR])
        self.pending.clear()


def _sectors(offset: int, data: bytes) -> range:
    return range(offset // SECTOR, (offset + len(data) - 1) // SECTOR + 1)


class _File(apsw.VFSFile):
    def __init__(self, disk: FaultyDisk, name: Any, flags: list[int]) -> None:
        self._path = name.filename() if hasattr(name, "filename") else (name or "")
        super().__init__("unix", name, flags)
        self._disk, self._content = disk, disk.contents.setdefault(self._path, _Content(Path(self._path)))
        self.database = self._path.removesuffix("-wal")
        self.written = self.tainted = False
        disk.open_files.append(self)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        self._check()
        self._disk.before(self._path)
        fault = self._disk.next_write()
        if fault is not None:
            if self._disk.torn:
                self._write(data[: len(data) // 2], offset)
            self._taint()
            raise fault()
        self._write(data, offset)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        self._check()
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        self._check()
        self._disk.before(self._path)
        fault = self._disk.next_sync()
        if fault is not None:
            self._content.drop_pending()
            self._taint()
            raise fault()
        super().xSync(flags)
        self._content.pending.clear()

    def _write(self, data: bytes, offset: int) -> None:
        size = super().xFileSize()
        old = super().xRead(min(len(data), size - offset), offset) if offset < size else b""
        self._content.write(offset, bytes(data), old, size)
        self.written = True
        super().xWrite(data, offset)

    def _taint(self) -> None:
        # The writer is the only one that writes: whatever was written on, of a database and its log, is its connection's.
        for file in self._disk.open_files:
            file.tainted = file.tainted or (file.written and file.database == self.database)
        self.tainted = True

    def _check(self) -> None:
        if self.tainted:
            self._disk.written_after_error += 1


class FaultyDisk(apsw.VFS):
    """Give `name` to what opens files. Writes and syncs are counted from 0; `fail_write`, `fail_sync` say which of them fail."""

    def __init__(self) -> None:
        self.name = f"faulty{next(_names)}"
        self.contents: dict[str, _Content] = {}
        self.open_files: list[_File] = []
        self.writes = self.syncs = self.written_after_error = 0
        self.fail_write: dict[int, Fault] = {}
        self.fail_sync: dict[int, Fault] = {}
        self.always: Fault | None = None
        self.torn = False
        self.before: Callable[[str], None] = lambda _: None
        super().__init__(self.name, "unix")

    def xOpen(self, name: Any, flags: list[int]) -> _File:  # noqa: N802
        return _File(self, name, flags)

    def next_write(self) -> Fault | None:
        self.writes += 1
        return self.always or self.fail_write.get(self.writes - 1)

    def next_sync(self) -> Fault | None:
        self.syncs += 1
        return self.always or self.fail_sync.get(self.syncs - 1)

    def image(self, path: Path, random_: random.Random) -> bytes:
        """What of a file is there after the power was cut now."""
        image = bytearray(path.read_bytes())
        content = self.contents.get(str(path)) or _Content(path)
        for offset, data, old, _ in reversed(content.pending):
            for start in range(0, len(data), SECTOR):
                if random_.random() < 0.5:
                    count = len(data[start : start + SECTOR])
                    image[offset + start : offset + start + count] = old[start : start + SECTOR].ljust(count, b"\0")
        for sector, old in content.lost.items():
            image[sector * SECTOR : sector * SECTOR + len(old)] = old
        if content.pending and random_.random() < 0.3:
            del image[min(size for *_, size in content.pending) :]
        return bytes(image)

    def cut_power(self, source: Path, target: Path, random_: random.Random) -> None:
        """Copies a database as it would be found after a power cut now."""
        for ending in ("", "-wal", "-journal"):
            file, copy = _beside(source, ending), _beside(target, ending)
            if file.exists():
                copy.write_bytes(self.image(file, random_))
            else:
                copy.unlink(missing_ok=True)
        _beside(target, "-shm").unlink(missing_ok=True)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)
