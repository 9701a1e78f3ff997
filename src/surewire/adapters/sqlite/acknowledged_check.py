"""What was acknowledged, held against what is stored, as the auditor of a running server does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

import msgspec

from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.queries import load_queries

__all__ = ["check_acknowledged", "check_marks"]

_SQL: Final = load_queries("audit")
_PAGE: Final = 1_000
_encode = msgspec.json.Encoder().encode


def check_marks(connection: Connection) -> Iterator[str]:
    """What is wrong with the marks themselves, a sentence each. Raises: apsw.Error when they cannot be read."""
    yield from (f"what was acknowledged of {chat_id} is no sequence" for (chat_id,) in rows(connection, _SQL.check_marks))


def check_acknowledged(marks: Connection, messages: Connection) -> Iterator[str]:
    """Acknowledged messages behind the end of their chat, a sentence for each chat.

    Gaps before its end are found without the marks. What retention or a deletion removed is not missed. Raises: apsw.Error.
    """
    for page in _pages(marks):
        for chat_id, last, acknowledged in rows(messages, _SQL.check_acknowledged, _encode(page).decode()):
            which = f"message {acknowledged}" if acknowledged == last + 1 else f"messages {last + 1} to {acknowledged}"
            yield f"{chat_id} ends at {last}, and {which} had been acknowledged"


def _pages(marks: Connection) -> Iterator[Sequence[tuple[Any, ...]]]:
    last = ""
    while page := rows(marks, _SQL.marks_after, last, _PAGE):
        yield page
        last = page[-1][0]
