"""A server under measurement: started as its users start it, read from outside."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

__all__ = ["RAISED", "ServerProcess", "surewire"]

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_MANY = "1000000000"
RAISED = {
    "SUREWIRE_LIMITS__MAX_CONNECTIONS": "100000",
    "SUREWIRE_LIMITS__CONNECTIONS_PER_USER": "100000",
    "SUREWIRE_LIMITS__CONNECTIONS_PER_ADDRESS": "100000",
    "SUREWIRE_LIMITS__ACCEPT_RATE_PER_S": "1000000",
    "SUREWIRE_LIMITS__ACCEPT_BURST": "1000000",
    "SUREWIRE_LIMITS__MESSAGES_PER_S": "1000000",
    "SUREWIRE_LIMITS__BURST": "1000000",
    "SUREWIRE_LIMITS__CHAT_MESSAGES_PER_S": "1000000",
    "SUREWIRE_LIMITS__CHAT_BURST": "1000000",
    "SUREWIRE_TELEMETRY__LOG_LEVEL": "warning",
}
"""The limits that a benchmark would hit before the server's own, raised; everything else is as shipped."""


@dataclass(frozen=True)
class Usage:
    """CPU seconds since the start, and resident memory."""

    user_s: float
    system_s: float
    resident_bytes: int


@dataclass(frozen=True)
class ServerProcess:
    """A running server."""

    pid: int
    host: str
    port: int

    def usage(self) -> Usage:
        """What the process has used so far, all its threads."""
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(") ", 1)[1].split()
        resident = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        return Usage(int(fields[11]) / _TICKS_PER_S, int(fields[12]) / _TICKS_PER_S, resident)


@asynccontextmanager
async def surewire(data: Path | None = None, **settings: str) -> AsyncGenerator[ServerProcess]:
    """A surewire server with raised limits on a free port; its data goes when the block ends, unless a folder is given."""
    folder = data or Path(tempfile.mkdtemp(prefix="surewire-benchmark-"))
    command = (sys.executable, "-m", "surewire", "serve", "--listen", "127.0.0.1:0", "--data", str(folder))
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, env=os.environ | RAISED | settings)
    try:
        assert process.stdout is not None
        line = (await asyncio.wait_for(process.stdout.readline(), 30)).decode()
        match = re.search(r"http://([^:]+):(\d+)", line)
        if match is None:
            raise RuntimeError(f"the server did not start: {line!r}")
        yield ServerProcess(process.pid, match[1], int(match[2]))
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        if data is None:
            shutil.rmtree(folder, ignore_errors=True)
