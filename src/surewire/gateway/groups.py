"""What subscriptions with the same filters, the same id or the same companions have in common, held once."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Generic, TypeVar

from surewire.gateway.audience import Audience
from surewire.gateway.filter_index import Indexed

__all__ = ["Bundle", "Followed", "Group", "Held", "Parked", "ids_of"]

_Connection = TypeVar("_Connection", bound=Hashable)


@lru_cache(maxsize=1_024)
def ids_of(subscription_id: str) -> tuple[str]:
    """One tuple for an id that many connections choose, so that it is held once."""
    return (subscription_id,)


class Followed(Indexed, Generic[_Connection]):
    """A filter that somebody subscribed with. `key` is its JSON; `groups` is one group, or several by subscription id."""

    __slots__ = ("groups", "key")

    def __init__(self, key: bytes, subscription_id: str) -> None:
        self.key = key
        self.groups: Group[_Connection] | dict[str, Group[_Connection]] = Group(self, ids_of(subscription_id))

    def group(self, subscription_id: str) -> Group[_Connection]:
        """The group of that id, made if there was none."""
        groups = self.groups
        if not isinstance(groups, dict):
            if groups.ids[0] == subscription_id:
                return groups
            groups = self.groups = {groups.ids[0]: groups}
        if subscription_id not in groups:
            groups[subscription_id] = Group(self, ids_of(subscription_id))
        return groups[subscription_id]

    def drop(self, group: Group[_Connection]) -> bool:
        """Forgets an empty group. True: it was the last."""
        if isinstance(self.groups, dict):
            del self.groups[group.ids[0]]
            return not self.groups
        return True


class Group(Generic[_Connection]):
    """The live subscriptions with one filter and one id: of connections that have no other, and of the bundles it is part of."""

    __slots__ = ("alone", "bundles", "followed", "ids")

    def __init__(self, followed: Followed[_Connection], ids: tuple[str]) -> None:
        self.followed, self.ids = followed, ids
        self.alone: Audience[_Connection] = ()
        self.bundles: Audience[Bundle[_Connection]] = ()


class Parked:
    """A subscription that is catching up: it has no place in the index."""

    __slots__ = ("ids", "key")

    def __init__(self, key: bytes, ids: tuple[str]) -> None:
        self.key, self.ids = key, ids


Held = Group[_Connection] | Parked
"""A connection's own view of one of its subscriptions."""


class Bundle(Generic[_Connection]):
    """The connections that have the same two or more subscriptions, made in the same order."""

    __slots__ = ("held", "members")

    def __init__(self, held: tuple[Held[_Connection], ...]) -> None:
        self.held = held
        self.members: Audience[_Connection] = ()
