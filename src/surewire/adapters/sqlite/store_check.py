"""Sizes, and a look at everything."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from surewire.adapters.sqlite.connection import Connection, rows
from surewire.adapters.sqlite.queries import load_queries
from surewire.domain.instant import format_instant
from surewire.ports.message_store import StoreCheck, StoreStats

__all__ = ["check", "content_problems", "count_chats", "count_messages", "damaged_pages", "stats"]

_SQL = load_queries("upkeep")


def stats(connection: Connection, size_bytes: int) -> StoreStats:
    """Sizes by the counters."""
    ((chats, messages, members, oldest, newest),) = rows(connection, _SQL.stats)
    return StoreStats(chats, messages, members, size_bytes, _instant(oldest), _instant(newest))


def check(connection: Connection) -> StoreCheck:
    """Looks at every page, row and sequence. Raises: apsw.Error when the file is too broken even to be looked at."""
    damage = (f"the file is damaged: {text}" for text in damaged_pages(connection))
    problems = (*damage, *content_problems(connection))
    return StoreCheck(count_chats(connection), count_messages(connection), problems)


def damaged_pages(connection: Connection) -> Sequence[str]:
    """What SQLite's own check says of pages, indexes and constraints, whatever the schema; at most 100 sentences. Raises: apsw.Error."""
    return [text for (text,) in rows(connection, _SQL.check_integrity) if text != "ok"]


def content_problems(connection: Connection) -> Iterator[str]:
    """What is wrong with chats, counters and sequences, a sentence each. Raises: apsw.Error."""
    yield from (f"row {row} of {table} belongs to no chat" for table, row, *_ in rows(connection, _SQL.check_references))
    for chat_id, latest, highest in rows(connection, _SQL.check_counters):
        state = "has no counter" if latest is None else f"has its counter at {latest}"
        yield f"{chat_id} {state}, its highest sequence is {highest or 0}"
    for chat_id, previous, sequence in rows(connection, _SQL.check_sequences):
        what = "exists more than once" if sequence == previous else f"follows {previous}"
        yield f"sequence {sequence} of {chat_id} {what}"


def count_chats(connection: Connection) -> int:
    """Those that are not deleted."""
    return stats(connection, 0).chats


def count_messages(connection: Connection) -> int:
    """All of them, one by one."""
    ((messages,),) = rows(connection, _SQL.count_messages)
    return int(messages)


def _instant(micros: int | None) -> str | None:
    return None if micros is None else format_instant(micros)
