"""Judges what clients saw against what a chat server promises: the black box is asked, never its code.

A run is a history: every send with the moments it began and was answered, everything each session was shown, and the log of every
chat as it is read at the end. `violations` says which promises the history breaks. The idea is Jepsen's: an answer that never came
is an unknown outcome, allowed to have happened or not, but at most once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

__all__ = ["History", "Logged", "Send", "Shown", "violations"]


@dataclass
class Send:
    """One logical message of one client, however often it was sent. `sequences` holds the answer of each acknowledgement."""

    chat: str
    sender: str
    client_id: str
    began: float
    acked: float | None = None
    sequences: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Logged:
    """A message as the server has it in the end."""

    sequence: int
    sender: str
    content: str


@dataclass(frozen=True)
class Shown:
    """A message as a session got it: live (`message`) or asked for (`sync`)."""

    member: str
    session: str
    chat: str
    sequence: int
    content: str
    live: bool


@dataclass
class History:
    """Everything that is known of a run. The content of a message is its client id."""

    sends: dict[tuple[str, str, str], Send] = field(default_factory=dict)
    shown: list[Shown] = field(default_factory=list)
    logs: dict[str, list[Logged]] = field(default_factory=dict)
    members: dict[str, set[str]] = field(default_factory=dict)


def violations(history: History) -> list[str]:
    """Every broken promise, in words; none when the history is sound."""
    return [
        *_gaps(history),
        *_lost_or_doubled(history),
        *_phantoms(history),
        *_out_of_order(history),
        *_wrongly_shown(history),
        *_shown_twice(history),
        *_never_shown(history),
    ]


def _gaps(history: History) -> Iterable[str]:
    for chat, log in history.logs.items():
        sequences = [logged.sequence for logged in log]
        if sequences != list(range(1, len(log) + 1)):
            yield f"{chat}: sequences are not 1 to {len(log)} in order"


def _lost_or_doubled(history: History) -> Iterable[str]:
    for send in history.sends.values():
        found = [logged.sequence for logged in history.logs[send.chat] if (logged.sender, logged.content) == (send.sender, send.client_id)]
        if len(set(send.sequences)) > 1:
            yield f"{send.client_id}: acknowledged as several sequences {sorted(set(send.sequences))}"
        if len(found) > 1:
            yield f"{send.client_id}: stored {len(found)} times"
        if send.sequences and not found:
            yield f"{send.client_id}: acknowledged as {send.sequences[0]} and lost"
        if send.sequences and found and send.sequences[0] != found[0]:
            yield f"{send.client_id}: acknowledged as {send.sequences[0]}, stored as {found[0]}"


def _phantoms(history: History) -> Iterable[str]:
    for chat, log in history.logs.items():
        for logged in log:
            if (chat, logged.sender, logged.content) not in history.sends:
                yield f"{chat}: {logged.sequence} was never sent"


def _out_of_order(history: History) -> Iterable[str]:
    """What was acknowledged before another send began must come before it."""
    by_chat: dict[str, list[Send]] = {}
    for send in history.sends.values():
        by_chat.setdefault(send.chat, []).append(send)
    for sends in by_chat.values():
        acked = sorted((send for send in sends if send.acked is not None and send.sequences), key=lambda send: send.acked or 0)
        highest, done = 0, 0
        for send in sorted(acked, key=lambda send: send.began):
            while done < len(acked) and (acked[done].acked or 0) < send.began:
                highest = max(highest, acked[done].sequences[0])
                done += 1
            if send.sequences[0] < highest:
                yield f"{send.client_id}: sequence {send.sequences[0]} although {highest} was acknowledged before it was sent"


def _wrongly_shown(history: History) -> Iterable[str]:
    for shown in history.shown:
        log = history.logs[shown.chat]
        if not 0 < shown.sequence <= len(log) or log[shown.sequence - 1].content != shown.content:
            yield f"{shown.member}: was shown {shown.content} as {shown.sequence} of {shown.chat}, which the log contradicts"


def _shown_twice(history: History) -> Iterable[str]:
    last: dict[tuple[str, str], int] = {}
    for shown in history.shown:
        if shown.live:
            key = shown.session, shown.chat
            if shown.sequence <= last.get(key, 0):
                yield f"{shown.session}: got {shown.sequence} of {shown.chat} after {last[key]}"
            last[key] = max(last.get(key, 0), shown.sequence)


def _never_shown(history: History) -> Iterable[str]:
    seen: Counter[tuple[str, str, int]] = Counter((shown.member, shown.chat, shown.sequence) for shown in history.shown)
    for chat, log in history.logs.items():
        for member in history.members[chat]:
            missing = [logged.sequence for logged in log if logged.sender != member and not seen[member, chat, logged.sequence]]
            if missing:
                yield f"{member}: never got {missing[:5]} of {chat} ({len(missing)} in all)"
