"""Connections that are always sent to together, as a tuple that is ready to be handed out.

A small audience is just a tuple (one member: 48 bytes); a large one keeps a dictionary beside it.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final, Generic, TypeVar

__all__ = ["Audience", "Crowd", "joined", "left", "listed"]

CROWD: Final = 16
"""From here on an audience is worth a dictionary, which costs memory but makes coming and going independent of its size."""

_Member = TypeVar("_Member", bound=Hashable)


def joined(audience: Audience[_Member], member: _Member) -> Audience[_Member]:
    """The audience with one more member. Use only the result: a crowd is changed in place."""
    if isinstance(audience, Crowd):
        audience.add(member)
        return audience
    members = (*audience, member)
    return Crowd(members) if len(members) >= CROWD else members


def left(audience: Audience[_Member], member: _Member) -> Audience[_Member]:
    """The audience without that member, which it has. Use only the result: a crowd is changed in place."""
    if isinstance(audience, Crowd):
        audience.remove(member)
        return audience if len(audience) > CROWD // 2 else audience.listed()
    return tuple(other for other in audience if other is not member)


def listed(audience: Audience[_Member]) -> tuple[_Member, ...]:
    """The members in the order they came. The tuple stays as it is whoever comes or goes."""
    return audience.listed() if isinstance(audience, Crowd) else audience


class Crowd(Generic[_Member]):
    """A large audience."""

    __slots__ = ("_members", "_snapshot")

    def __init__(self, members: tuple[_Member, ...]) -> None:
        self._members = dict.fromkeys(members)
        self._snapshot: tuple[_Member, ...] | None = members

    def __len__(self) -> int:
        return len(self._members)

    def add(self, member: _Member) -> None:
        self._members[member] = None
        self._snapshot = None

    def remove(self, member: _Member) -> None:
        del self._members[member]
        self._snapshot = None

    def listed(self) -> tuple[_Member, ...]:
        """The members in the order they came; built anew only after a change."""
        if self._snapshot is None:
            self._snapshot = tuple(self._members)
        return self._snapshot


Audience = tuple[_Member, ...] | Crowd[_Member]
