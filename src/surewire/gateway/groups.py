"""What subscriptions with the same filters, the same id or the same companions have in common, held once."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Generic, TypeVar, cast

from surewire.gateway.audience import Audience
from surewire.gateway.filter_index import Indexed

__all__ = ["Bundle", "Followed", "Group", "Held", "Parked", "followed_by", "ids_of"]

_Connection = TypeVar("_Connection", bound=Hashable)


@lru_cache(maxsize=1_024)
def ids_of(subscription_id: str) -> tuple[str]:
    """One tuple for an id that many connections choose, so that it is held once."""
    return (subscription_id,)


class Group(Generic[_Connection]):
    """The live subscriptions with one filter and one id: of connections that have no other, and of the bundles it is part of."""

    __slots__ = ("alone", "bundles", "ids")

    def __init__(self, ids: tuple[str]) -> None:
        self.ids = ids
        self.alone: Audience[_Connection] = ()
        self.bundles: Audience[Bundle[_Connection]] = ()


class Followed(Group[_Connection], Indexed):
    """A filter that somebody subscribed with, and the group of the first id that was used for it.

    `key` is the filter's JSON; `more` are the groups of other ids, None when there are none, as for most filters.
    """

    __slots__ = ("checks", "key", "more", "place", "slot")

    def __init__(self, key: bytes, subscription_id: str) -> None:
        super().__init__(ids_of(subscription_id))
        self.key = key
        self.more: dict[str, Further[_Connection]] | None = None

    def group(self, subscription_id: str) -> Group[_Connection]:
        """The group of that id, made if there was none."""
        if self.ids[0] == subscription_id:
            return self
        if self.more is None:
            self.more = {}
        if subscription_id not in self.more:
            self.more[subscription_id] = Further(self, ids_of(subscription_id))
        return self.more[subscription_id]

    def drop(self, group: Group[_Connection]) -> bool:
        """Forgets an empty group. True: nobody follows the filter any more."""
        if self.more and group is not self:
            del self.more[group.ids[0]]
        self.more = self.more or None
        return not (self.more or self.alone or self.bundles)


class Further(Group[_Connection]):
    """A group of another id than the first for the filter."""

    __slots__ = ("of",)

    def __init__(self, of: Followed[_Connection], ids: tuple[str]) -> None:
        super().__init__(ids)
        self.of = of


def followed_by(group: Group[_Connection]) -> Followed[_Connection]:
    """The filter that the group follows."""
    return cast("Followed[_Connection]", group.of if isinstance(group, Further) else group)


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
