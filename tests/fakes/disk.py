"""A disk under SQLite that fails when told to, and that can say what a power cut would leave.

What was written and not synchronised may be there after a power cut, or not, or in part: sector by sector, at random. That is the
model of SQLite's own crash tests (https://sqlite.org/testing.html#crash_testing).
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, Final, Literal

import apsw

__all__ = ["Operation", "SimulatedDisk"]

Operation = Literal["write", "sync", "truncate"]

_SECTOR: Final = 512


class _StoredFile:
    """What a file holds, what of it is certain, and what came since."""

    def __init__(self, content: bytes) -> None:
        self.durable = bytearray(content)
        self.pending: list[tuple[int, bytes] | int] = []

    def write(self, data: bytes, offset: int) -> None:
        self.pending.append((offset, data))

    def truncate(self, size: int) -> None:
        self.pending.append(size)

    def synchronise(self) -> None:
        for change in self.pending:
            _apply(self.durable, change)
        self.pending.clear()

    def after_power_cut(self, random: Random) -> bytes:
        content = bytearray(self.durable)
        for change in self.pending:
            for piece in _sectors(change):
                if random.random() < 0.5:
                    _apply(content, piece)
        return bytes(content)


class SimulatedDisk(apsw.VFS):
    """A virtual file system over the real one. Use its `name`, and `close` it at the end.

    `before` is called before every operation with its kind and the file's path, on the thread that does it, and may raise an
    `apsw.Error`, which SQLite then takes for the disk's answer.
    """

    def __init__(self) -> None:
        self.name = f"simulated-disk-{id(self)}"
        self.files: dict[Path, _StoredFile] = {}
        self.before: Callable[[Operation, Path], None] | None = None
        self.lock = threading.Lock()
        super().__init__(self.name, base="")

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802 - the driver's name
        return _OpenFile(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802 - the driver's name
        super().xDelete(filename, syncdir)
        self.files.pop(Path(filename), None)

    def after_power_cut(self, random: Random) -> dict[Path, bytes]:
        """What the files would hold."""
        with self.lock:
            return {path: file.after_power_cut(random) for path, file in self.files.items()}

    def close(self) -> None:
        self.unregister()

    def announce(self, operation: Operation, path: Path) -> None:
        if self.before is not None:
            self.before(operation, path)


class _OpenFile(apsw.VFSFile):
    def __init__(self, disk: SimulatedDisk, name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name)
        with disk.lock:
            if self._path not in disk.files:
                disk.files[self._path] = _StoredFile(self._path.read_bytes())
            self._file = disk.files[self._path]

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802 - the driver's name
        self._disk.announce("write", self._path)
        super().xWrite(data, offset)
        with self._disk.lock:
            self._file.write(bytes(data), offset)

    def xTruncate(self, newsize: int) -> None:  # noqa: N802 - the driver's name
        self._disk.announce("truncate", self._path)
        super().xTruncate(newsize)
        with self._disk.lock:
            self._file.truncate(newsize)

    def xSync(self, flags: int) -> None:  # noqa: N802 - the driver's name
        self._disk.announce("sync", self._path)
        with self._disk.lock:
            self._file.synchronise()


def _apply(content: bytearray, change: tuple[int, bytes] | int) -> None:
    if isinstance(change, int):
        del content[change:]
        return
    offset, data = change
    content.extend(bytes(max(0, offset - len(content))))
    content[offset : offset + len(data)] = data


def _sectors(change: tuple[int, bytes] | int) -> list[tuple[int, bytes] | int]:
    if isinstance(change, int):
        return [change]
    offset, data = change
    return [(offset + start, data[start : start + _SECTOR]) for start in range(0, len(data), _SECTOR)]
