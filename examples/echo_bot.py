"""Answers whoever writes "echo …" in the lobby. Run: python examples/echo_bot.py [URL] [FILE]

The file remembers how far the lobby was read, so that a restart of the bot neither misses a call nor answers one twice: an answer has
a name made of the question's, and the server stores a name once.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from surewire.client import LOBBY, connect


def kept(file: Path) -> int | None:
    return int(file.read_text()) if file.exists() else None


def keep(file: Path, sequence: int) -> None:
    # A half-written file would be worse than an old one.
    new = file.with_suffix(".new")
    new.write_text(str(sequence))
    new.replace(file)


async def main(url: str, file: Path) -> None:
    async with connect(url, user_id="echo_bot", on_notice=print) as client:
        lobby = await client.join(LOBBY)
        read = kept(file)
        if read is None:
            read = lobby.latest_sequence
            keep(file, read)
        async for message in client.messages(after={LOBBY: read}):
            if message.content.startswith("echo "):
                answer = f"{message.sender_id}: {message.content.removeprefix('echo ')}"
                await client.send(LOBBY, answer, client_message_id=f"answer-to-{message.message_id}")
            keep(file, message.sequence)
            client.ack(LOBBY, message.sequence, "read")


if __name__ == "__main__":
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8080"
    asyncio.run(main(url, Path(sys.argv[2] if len(sys.argv) > 2 else "echo_bot.position")))
