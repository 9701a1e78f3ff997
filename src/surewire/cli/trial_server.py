"""A server of its own for a check: on loopback, in a temporary folder, with a little of every kind of traffic."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from surewire.client import connect
from surewire.client.http_api import HttpApi
from surewire.errors import BackendUnavailableError

__all__ = ["trial_server", "use_everything"]

_START_TIMEOUT_S: Final = 30.0
_STOP_TIMEOUT_S: Final = 40.0
_MESSAGES: Final = 10
_READY: Final = "surewire ready on "


@asynccontextmanager
async def trial_server(definitions: str) -> AsyncGenerator[str]:
    """The address of a server with these definitions of service levels, else the default configuration, which ends with the block.

    Raises: BackendUnavailableError when it does not start.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SUREWIRE_")}
    with tempfile.TemporaryDirectory(prefix="surewire-") as folder:
        log, slos = Path(folder) / "log", Path(folder) / "slos.yaml"
        slos.write_text(definitions, "utf-8")
        environment["SUREWIRE_SLO__FILE"] = str(slos)
        with log.open("wb") as errors:
            command = (sys.executable, "-m", "surewire", "serve", "--listen", "127.0.0.1:0", "--data", str(Path(folder) / "data"))
            process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, stderr=errors, env=environment)
        try:
            yield await _address(process, log)
        finally:
            await _stop(process)


async def use_everything(url: str) -> None:
    """Ten messages with as many reads of the history, a sync, an event that somebody listens to, a few requests."""
    async with connect(url, user_id="alice") as alice, connect(url, user_id="bob") as bob:
        chat = await alice.create_chat(["bob"])
        inbox = bob.messages(after={chat.chat_id: 0})
        for number in range(_MESSAGES):
            await alice.send(chat.chat_id, f"message {number}")
            await anext(inbox)
            await bob.history(chat.chat_id)
        events = bob.subscribe()
        async with HttpApi(url, user_id="alice") as api:
            await api.publish("incident_created", {"title": "a trial"}, severity="P4")
            await anext(events)
            await api.chats()


async def _address(process: asyncio.subprocess.Process, log: Path) -> str:
    line = await asyncio.wait_for(process.stdout.readline(), _START_TIMEOUT_S) if process.stdout else b""
    words = line.decode().removeprefix(_READY).split()
    if not line.decode().startswith(_READY) or not words:
        raise BackendUnavailableError("surewire serve", f"it did not start: {_last_words(log)}")
    return words[0]


def _last_words(log: Path) -> str:
    return next(iter(reversed(log.read_text("utf-8", "replace").splitlines())), "it said nothing")


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
