"""The real server in a process of its own, for tests that treat it as its users do: started, asked, killed, started again."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

__all__ = ["ServerProcess", "free_port", "running_server"]

# What the server says of its own service levels must not come between the events of a test that has not asked for it.
QUIET = {"SUREWIRE_SLO__EVENTS": "false"}
_START_TIMEOUT_S = 30.0
_END_TIMEOUT_S = 40.0


def free_port() -> int:
    """A port that nobody listens on now; for servers that must come back at the same address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerProcess:
    """One server and its data folder; `start` may follow `kill` or `terminate`, at the same address."""

    def __init__(self, data: Path, settings: dict[str, str]) -> None:
        self.data, self.port = data, free_port()
        self._settings = settings
        self._process: asyncio.subprocess.Process | None = None
        self.log = data.parent / f"{data.name}.log"

    @property
    def http(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    async def start(self) -> str:
        """Returns the ready line."""
        listen = () if "SUREWIRE_LISTENERS" in self._settings else ("--listen", f"127.0.0.1:{self.port}")
        command = (sys.executable, "-m", "surewire", "serve", *listen, "--data", str(self.data))
        outside = {name: value for name, value in os.environ.items() if not name.startswith("SUREWIRE_")}
        environment = outside | QUIET | self._settings
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=log, env=environment)
        assert self._process.stdout is not None
        line = (await asyncio.wait_for(self._process.stdout.readline(), _START_TIMEOUT_S)).decode()
        assert line.startswith("surewire ready on "), f"{line!r}\n{self.log.read_text()}"
        return line

    def change(self, settings: dict[str, str]) -> None:
        """The next start has these environment variables too."""
        self._settings = self._settings | settings

    def send(self, number: signal.Signals) -> None:
        """Sends a signal and does not wait."""
        assert self._process is not None
        self._process.send_signal(number)

    async def exited(self) -> int:
        """The exit status, once there is one."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), _END_TIMEOUT_S)

    async def kill(self) -> None:
        """kill -9."""
        self.send(signal.SIGKILL)
        await self.exited()

    async def terminate(self) -> int:
        """SIGTERM; the exit status."""
        self.send(signal.SIGTERM)
        return await self.exited()

    async def end(self) -> None:
        """Leaves no process behind, whatever happened."""
        if self._process is not None and self._process.returncode is None:
            await self.kill()


@asynccontextmanager
async def running_server(data: Path, **settings: str) -> AsyncGenerator[ServerProcess]:
    """A started server; `settings` are environment variables (`SUREWIRE_LIMITS__BURST="5"`)."""
    server = ServerProcess(data, settings)
    try:
        await server.start()
        yield server
    finally:
        await server.end()
