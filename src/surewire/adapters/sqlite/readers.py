"""Reading beside the writer: a few threads, each with a connection of its own that sees every commit made before the read."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Final, Self, TypeVar

import apsw

from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.faults import BACKEND, breaks_connection, translated
from surewire.adapters.sqlite.file import DatabaseFile
from surewire.errors import BackendUnavailableError

__all__ = ["Readers"]

Result = TypeVar("Result")
_MAX_WAITING: Final = 2_000


class Readers:
    """Connections for reading, an async context manager. Keep each read short: while it lasts the write-ahead log cannot start anew."""

    def __init__(self, file: DatabaseFile, threads: int = 2, name: str = "reader") -> None:
        self._file = file
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"{name} of {file.path.name}")
        self._mine = threading.local()
        self._open: set[Connection] = set()
        self._waiting = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self._threads.shutdown, cancel_futures=True)
        for connection in self._open:
            connection.close(force=True)

    async def read(self, function: Callable[[Connection], Result]) -> Result:
        """What `function` returned; it runs on another thread, outside of any transaction.

        Raises: what the function raises; BackendUnavailableError, BackendCorruptError when the file fails or too many reads wait.
        """
        if self._waiting >= _MAX_WAITING:
            raise BackendUnavailableError(BACKEND, "too many reads wait")
        reading = self._begin(function)
        self._waiting += 1
        try:
            return await reading
        finally:
            self._waiting -= 1

    def _begin(self, function: Callable[[Connection], Result]) -> asyncio.Future[Result]:
        # What the function raises comes with the future, so this is the executor's own: it was shut down, or there is no thread to be had.
        try:
            return asyncio.get_running_loop().run_in_executor(self._threads, self._run, function)
        except RuntimeError as error:
            raise BackendUnavailableError(BACKEND, f"the readers have ended or cannot begin: {error}") from error

    def _run(self, function: Callable[[Connection], Result]) -> Result:
        try:
            return function(self._connection())
        except apsw.Error as error:
            if breaks_connection(error):
                self._drop()
            raise translated(error) from error

    def _connection(self) -> Connection:
        connection: Connection | None = getattr(self._mine, "connection", None)
        if connection is None:
            connection = self._mine.connection = self._file.open_reader()
            self._open.add(connection)
        return connection

    def _drop(self) -> None:
        connection: Connection = self._mine.connection
        self._mine.connection = None
        self._open.discard(connection)
        connection.close(force=True)
