"""Lines to a stream from a thread of its own, so that a slow terminal or a full pipe never stops who logs."""

from __future__ import annotations

import atexit
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from threading import Lock, Thread
from typing import Final, TextIO

__all__ = ["LogOutput"]

_CLOSE_TIMEOUT_S: Final = 5.0


class LogOutput:
    """A bounded queue of lines and the thread that writes them. A context manager, which the interpreter's exit closes at the latest.

    When `max_lines` wait, further ones are dropped; as soon as there is room again, the line that `report(count)` gives says how many.
    After `close`, lines are written at once by who logs them. Lines come in the order in which a thread put them.
    """

    def __init__(self, stream: TextIO, report: Callable[[int], str], max_lines: int = 10_000) -> None:
        self._stream, self._report, self._max_lines = stream, report, max_lines
        self._lines: SimpleQueue[str | None] = SimpleQueue()
        self._dropped, self._lock = 0, Lock()
        self._is_closed = False
        self._on_close: list[Callable[[], None]] = []
        self._thread = Thread(target=self._run, name="log writer", daemon=True)
        self._thread.start()
        atexit.register(self.close)

    def __enter__(self) -> LogOutput:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def put(self, line: str) -> None:
        """Hands over a line without its line end. Never blocks, never raises."""
        if self._is_closed:
            self._write([line])
        elif self._lines.qsize() < self._max_lines:
            self._lines.put(line)
        else:
            with self._lock:
                self._dropped += 1

    # structlog calls its output by the level's name.
    debug = info = warning = error = critical = put

    def call_on_close(self, action: Callable[[], None]) -> None:
        """`action` runs when the last waiting line is written."""
        self._on_close.append(action)

    def close(self) -> None:
        """Writes what waits and ends the thread; gives up on a stream that stays blocked for 5 s."""
        if self._is_closed:
            return
        self._is_closed = True
        self._lines.put(None)
        self._thread.join(_CLOSE_TIMEOUT_S)
        atexit.unregister(self.close)
        for action in self._on_close:
            action()

    def _run(self) -> None:
        is_open = True
        while is_open:
            taken = [self._lines.get(), *(self._lines.get() for _ in range(self._lines.qsize()))]
            is_open = None not in taken
            self._write([line for line in taken if line is not None] + self._drop_report())

    def _drop_report(self) -> list[str]:
        with self._lock:
            count, self._dropped = self._dropped, 0
        return [self._report(count)] if count else []

    def _write(self, lines: list[str]) -> None:
        # A stream that is closed or broken leaves nobody to tell.
        with suppress(OSError, ValueError):
            self._stream.write("".join(f"{line}\n" for line in lines))
            self._stream.flush()
