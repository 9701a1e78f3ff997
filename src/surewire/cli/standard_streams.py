"""Standard input, output and error as a process may be given them: closed, full, or in an encoding that lacks what others write."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, Final, TextIO, cast

__all__ = ["Output", "drop_output", "mend_streams", "use_stand_ins", "watched_output"]

_NAMES: Final = ("stdin", "stdout", "stderr")


def mend_streams() -> None:
    """Puts the null device where a stream is closed, and a stand-in where output cannot say a character.

    A file that is opened while one of the first three numbers is free gets that number, and then whatever is printed.
    """
    for number, name in enumerate(_NAMES):
        if not _is_open(number):
            # The lowest free number is the one that is missing, as those below it are open.
            os.open(os.devnull, os.O_RDWR)
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w" if number else "r", encoding="utf-8", closefd=False))  # noqa: SIM115 - it is the process's
    if sys.stdout.errors == "strict":
        use_stand_ins(sys.stdout)


def use_stand_ins(stream: TextIO) -> None:
    """Makes a stream read or write a stand-in for what its encoding does not know, whatever the locale does about it."""
    if reconfigure := getattr(stream, "reconfigure", None):
        reconfigure(errors="replace")


class Output:
    """Standard output that remembers whether it could be written: an error that reaches the top does not say whose it is."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.has_failed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As the stream does."""
        with self._watching():
            return self._stream.write(text)

    def flush(self) -> None:
        """As the stream does."""
        with self._watching():
            self._stream.flush()

    @contextmanager
    def _watching(self) -> Generator[None]:
        try:
            yield
        except OSError:
            self.has_failed = True
            raise


@contextmanager
def watched_output() -> Generator[Output]:
    """Watches standard output while the block lasts."""
    stream = sys.stdout
    output = Output(stream)
    sys.stdout = cast("TextIO", output)
    try:
        yield output
    finally:
        sys.stdout = stream


def drop_output() -> None:
    """Sends standard output nowhere from now on; the interpreter's own flush at exit must not complain about it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True
