"""A process that stores messages as fast as it can and says so, until it is killed: `python -m tests.crash.store_victim FOLDER LIFE`.

Each line on standard output is one acknowledged message as JSON, written after the acknowledgement.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from surewire.adapters.sqlite.store import open_sqlite_store
from surewire.adapters.system.clock import SystemClock
from surewire.config.model import SqliteStore
from surewire.domain.chat import LOBBY
from surewire.domain.message import Message
from tests.contracts.open_store import Sender


async def main(folder: Path, life: str) -> None:
    async with open_sqlite_store(folder, SqliteStore(), SystemClock()) as store:
        await store.messages.add_member(LOBBY, "alice", "alice")
        sender = Sender(store.message_writer)
        await asyncio.gather(*(talk(sender, f"{life}-{number}") for number in range(8)))


async def talk(sender: Sender, name: str) -> None:
    number = 0
    while True:
        message = await sender.send(LOBBY, "alice", f"{name}-{number}", f"{name}-{number}")
        assert isinstance(message, Message)
        os.write(1, msgspec.json.encode(message) + b"\n")
        number += 1


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2]))
