"""Judges a stored file against what was acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import apsw

from surewire.domain.message import Message

__all__ = ["problems_of"]


def problems_of(path: Path, acknowledged: Sequence[Message]) -> list[str]:
    """What is wrong with a file of which these messages were acknowledged: losses, gaps, damage. Opens it with the plain file system."""
    connection = apsw.Connection(str(path))
    try:
        return [*_damage(connection), *_judge(_messages(connection), acknowledged)]
    finally:
        connection.close()


def _damage(connection: apsw.Connection) -> list[str]:
    return [text for (text,) in connection.execute("PRAGMA integrity_check").fetchall() if text != "ok"]


def _messages(connection: apsw.Connection) -> dict[tuple[str, int], tuple[str, str, str]]:
    if not connection.execute("SELECT 1 FROM sqlite_schema WHERE name = 'idempotency_answers_age'").fetchall():
        return {}  # the power was cut before the schema was there
    rows = connection.execute(
        "SELECT chat_id, sequence, message_id, sender, content, latest_sequence"
        " FROM messages JOIN chats USING (chat) JOIN counters USING (chat) ORDER BY chat_id, sequence"
    ).fetchall()
    return {(chat, sequence): (message_id, sender, f"{content}") for chat, sequence, message_id, sender, content, _ in rows}


def _judge(stored: dict[tuple[str, int], tuple[str, str, str]], acknowledged: Sequence[Message]) -> list[str]:
    problems = [
        f"acknowledged {m.chat_id} {m.sequence} is not there"
        for m in acknowledged
        if stored.get((m.chat_id, m.sequence)) != (m.message_id, m.sender_id, m.content)
    ]
    by_chat: dict[str, list[int]] = {}
    for chat, sequence in stored:
        by_chat.setdefault(chat, []).append(sequence)
    problems += [f"{chat} has {found}" for chat, found in by_chat.items() if found != list(range(1, len(found) + 1))]
    if len({message_id for message_id, *_ in stored.values()}) != len(stored):
        problems.append("a message id exists twice")
    return problems
