"""Recovery's reads: one thread with a connection of its own, so that neither the loop nor a commit waits for them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Self

import apsw

from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.event_page import read_page
from surewire.adapters.sqlite.faults import breaks_connection, translated
from surewire.adapters.sqlite.file import DatabaseFile
from surewire.domain.stream import StreamEvent

__all__ = ["EventReader"]


class EventReader:
    """Reads pages of events; an async context manager. Reads are done one after the other, in the order asked for."""

    __slots__ = ("_connection", "_file", "_thread")

    def __init__(self, file: DatabaseFile) -> None:
        self._file = file
        self._connection: Connection | None = None

    async def __aenter__(self) -> Self:
        self._thread = ThreadPoolExecutor(1, f"reader of {self._file.path.name}")
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._thread.submit(self._close)
        await asyncio.to_thread(self._thread.shutdown)

    async def read(self, after: int, limit: int) -> Sequence[StreamEvent]:
        """At most `limit` events after an offset, ending behind a megabyte. Raises: BackendError."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._read, after, limit)

    def _read(self, after: int, limit: int) -> Sequence[StreamEvent]:
        try:
            if self._connection is None:
                self._connection = self._file.open_reader()
            return read_page(self._connection, after, limit)
        except apsw.Error as error:
            if breaks_connection(error):
                self._close()
            raise translated(error) from error

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close(force=True)
            self._connection = None
