"""A command on a real (pseudo) terminal."""

from __future__ import annotations

import asyncio
import fcntl
import os
import pty
import signal
import struct
import sys
import termios
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

__all__ = ["Terminal", "terminal"]

_ROWS_AND_COLUMNS = 40, 200
# The size is the terminal's to say.
_OTHERS = {name: value for name, value in os.environ.items() if name not in {"LINES", "COLUMNS"}}


class Terminal:
    """A terminal with `surewire` in it: what is typed goes in, what is shown comes out."""

    def __init__(self, terminal: int, process: asyncio.subprocess.Process) -> None:
        self._terminal, self._process = terminal, process
        self.shown = ""
        self._grew = asyncio.Event()
        asyncio.get_running_loop().add_reader(terminal, self._read)

    def type(self, text: str) -> None:
        os.write(self._terminal, text.encode())

    async def until(self, text: str) -> None:
        """Returns once this was shown, and forgets everything up to it."""
        async with asyncio.timeout(30):
            while text not in self.shown:
                self._grew.clear()
                await self._grew.wait()
        self.shown = self.shown.partition(text)[2]

    async def end(self) -> int:
        """Leaves with Ctrl-D, typed again where it fell between two prompts, when the terminal itself takes it."""
        async with asyncio.timeout(30):
            while True:
                self.type("\x04")
                with suppress(TimeoutError):
                    return await asyncio.wait_for(self._process.wait(), 2)

    async def interrupt(self) -> int:
        """Leaves as with Ctrl-C, which is no more than this signal where the terminal is not the command's own."""
        self._process.send_signal(signal.SIGINT)
        return await asyncio.wait_for(self._process.wait(), 30)

    def _read(self) -> None:
        try:
            self.shown += os.read(self._terminal, 65_536).decode(errors="replace")
        except OSError:
            asyncio.get_running_loop().remove_reader(self._terminal)
        self._grew.set()


@asynccontextmanager
async def terminal(url: str, *arguments: str, **settings: str) -> AsyncGenerator[Terminal]:
    """Runs `surewire` with these arguments against the server at that address."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", *_ROWS_AND_COLUMNS, 0, 0))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "surewire", *arguments),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env={**_OTHERS, "SUREWIRE_URL": url, "TERM": "xterm", **settings},
    )
    os.close(theirs)
    try:
        yield Terminal(ours, process)
    finally:
        asyncio.get_running_loop().remove_reader(ours)
        os.close(ours)
        if process.returncode is None:
            process.kill()
            await process.wait()
