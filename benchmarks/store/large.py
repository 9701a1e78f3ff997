"""Makes a large store in seconds: rows as the writer makes them, by one statement a million."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from surewire.adapters.sqlite.checkpoint import empty_log
from surewire.adapters.sqlite.connection import Connection
from surewire.adapters.sqlite.file import locked_file

__all__ = ["CHATS", "chat_id_of", "fill"]

CHATS: Final = 1_000
_AT_ONCE: Final = 1_000_000
_MESSAGES: Final = """
    WITH RECURSIVE numbers (n) AS (SELECT ?1 UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < ?2)
    INSERT INTO messages
    SELECT n + 1, 1 + n % ?3, 1 + n / ?3, printf('msg_01KAJ5%020d', n), 'alice', printf('client-%d', n), ?4, 'text/plain',
      1790000000000000 + n
    FROM numbers
"""


def chat_id_of(number: int) -> str:
    return f"chat_01KAJ5{number:020}"


def fill(path: Path, messages: int, content: str) -> None:
    """A store of `CHATS` chats whose messages lie scattered in the file, as they do when all chats are talked in at once."""
    with locked_file(path, "messages") as file:
        connection = file.open_writer()
        for number in range(CHATS):
            _add_chat(connection, number, messages // CHATS)
        for start in range(0, messages, _AT_ONCE):
            with connection:
                connection.execute(_MESSAGES, (start, min(start + _AT_ONCE, messages), CHATS, content))
            empty_log(connection)
        connection.close()


def _add_chat(connection: Connection, number: int, latest: int) -> None:
    with connection:
        connection.execute(
            "INSERT INTO chats (chat, chat_id, owner, created_micros) VALUES (?, ?, 'alice', 0)", (number + 1, chat_id_of(number))
        )
        connection.execute("INSERT INTO counters (chat, latest_sequence) VALUES (?, ?)", (number + 1, latest))
        connection.execute(
            "INSERT INTO members (chat, user_id, joined_micros) VALUES (?, 'alice', 0), (?, 'bob', 0)", (number + 1, number + 1)
        )
