"""Who gets an event: every connection with a live subscription whose filters the event meets, once, with the ids of all that matched.

Theory of operation. Filters that mean the same are held once, however many subscribe with them, and found through `FilterIndex`.
Under a filter hang groups: the connections that use it under one subscription id. A group keeps apart the connections that have no
other subscription: they cannot have matched twice, so their group is handed out as it stands, two thousand of them as fast as one. Only
connections with several subscriptions are looked at one by one, and only when two of the groups found have any.

What `match` hands out never changes later: a connection that leaves while an event is being written to its group disturbs nobody.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import Final, Generic, TypeVar

import msgspec

from surewire.domain.event import Event
from surewire.domain.filters import Filters
from surewire.gateway.audience import Audience, joined, left, listed
from surewire.gateway.filter_conditions import conditions_of
from surewire.gateway.filter_index import FilterIndex, Indexed

__all__ = ["Subscription", "SubscriptionIndex"]

_Connection = TypeVar("_Connection", bound=Hashable)


_FILTERS: Final = msgspec.json.Decoder(Filters)


class Subscription(msgspec.Struct, frozen=True):
    """One subscription of a connection. One that is not `live` gets no events: it is still catching up."""

    subscription_id: str
    filters: Filters
    live: bool


@lru_cache(maxsize=1_024)
def _ids(subscription_id: str) -> tuple[str]:
    """One tuple for an id that many connections choose, so that it is held once."""
    return (subscription_id,)


class _Group(Generic[_Connection]):
    """The connections that use one filter under one id: those with no other subscription, and the rest."""

    __slots__ = ("alone", "followed", "ids", "others")

    def __init__(self, followed: _Followed[_Connection], ids: tuple[str]) -> None:
        self.followed, self.ids = followed, ids
        self.alone: Audience[_Connection] = ()
        self.others: Audience[_Connection] = ()


class _Followed(Indexed, Generic[_Connection]):
    """A filter that somebody subscribed with. `key` is its JSON; `groups` is one group, or several by subscription id."""

    __slots__ = ("groups", "key")

    def __init__(self, key: bytes, subscription_id: str) -> None:
        self.key = key
        self.groups: _Group[_Connection] | dict[str, _Group[_Connection]] = _Group(self, _ids(subscription_id))

    def group(self, subscription_id: str) -> _Group[_Connection]:
        """The group of that id, made if there was none."""
        groups = self.groups
        if not isinstance(groups, dict):
            if groups.ids[0] == subscription_id:
                return groups
            groups = self.groups = {groups.ids[0]: groups}
        if subscription_id not in groups:
            groups[subscription_id] = _Group(self, _ids(subscription_id))
        return groups[subscription_id]

    def drop(self, group: _Group[_Connection]) -> bool:
        """Forgets an empty group. True: it was the last."""
        if isinstance(self.groups, dict):
            del self.groups[group.ids[0]]
            return not self.groups
        return True


class _Parked:
    """A subscription that is catching up: it has no place in the index."""

    __slots__ = ("ids", "key")

    def __init__(self, key: bytes, ids: tuple[str]) -> None:
        self.key, self.ids = key, ids


_Held = _Group[_Connection] | _Parked
"""A connection's own view of one of its subscriptions."""


class SubscriptionIndex(Generic[_Connection]):
    """Subscriptions by connection, and the connections by event. Connections may be anything hashable; they are compared by identity.

    `subscriptions` counts all of them, live or not. With one subscription a connection takes about 500 bytes here when its filters are
    its own, and about 100 when others have the same.
    """

    __slots__ = ("_filters", "_followed", "_held", "subscriptions")

    def __init__(self) -> None:
        self._filters: FilterIndex[_Followed[_Connection]] = FilterIndex()
        self._followed: dict[bytes, _Followed[_Connection]] = {}
        self._held: dict[_Connection, _Held[_Connection] | tuple[_Held[_Connection], ...]] = {}
        self.subscriptions = 0

    @property
    def connections(self) -> int:
        """How many connections have a subscription."""
        return len(self._held)

    @property
    def distinct_filters(self) -> int:
        """How many different filters live subscriptions have."""
        return len(self._followed)

    def add(self, connection: _Connection, subscription_id: str, filters: Filters, *, live: bool = True) -> None:
        """Subscribes with normalised filters. A subscription of that id is replaced and keeps its place among the connection's."""
        key = msgspec.json.encode(filters)
        held = self._of(connection)
        at = _position(held, subscription_id)
        self._change(connection, held, at, self._group(key, subscription_id, filters) if live else _Parked(key, _ids(subscription_id)))

    def set_live(self, connection: _Connection, subscription_id: str, live: bool) -> bool:
        """Lets the subscription get events from now on, or none. False: there is no such subscription."""
        held = self._of(connection)
        at = _position(held, subscription_id)
        if at == len(held):
            return False
        if isinstance(held[at], _Group) != live:
            key = _key_of(held[at])
            self._change(connection, held, at, self._group(key, subscription_id) if live else _Parked(key, _ids(subscription_id)))
        return True

    def remove(self, connection: _Connection, subscription_id: str) -> bool:
        """Ends the subscription. False: there was none."""
        held = self._of(connection)
        at = _position(held, subscription_id)
        if at < len(held):
            self._change(connection, held, at, None)
        return at < len(held)

    def remove_connection(self, connection: _Connection) -> None:
        """Ends every subscription of the connection."""
        held = self._of(connection)
        for subscription in held:
            self._exit(subscription, connection, alone=len(held) == 1)
        self._held.pop(connection, None)
        self.subscriptions -= len(held)

    def subscriptions_of(self, connection: _Connection) -> tuple[Subscription, ...]:
        """The connection's subscriptions in the order of subscribing. For people to look at: decodes each filter anew."""
        return tuple(
            Subscription(held.ids[0], _FILTERS.decode(_key_of(held)), live=isinstance(held, _Group)) for held in self._of(connection)
        )

    def ids_of(self, connection: _Connection) -> tuple[str, ...]:
        """The ids of the connection's subscriptions in the order of subscribing."""
        return tuple(held.ids[0] for held in self._of(connection))

    def caught_up(self, connection: _Connection) -> bool:
        """Whether the connection has subscriptions and all are live."""
        held = self._of(connection)
        return bool(held) and not any(isinstance(subscription, _Parked) for subscription in held)

    def match(self, event: Event) -> Mapping[tuple[str, ...], Sequence[_Connection]]:
        """For each distinct tuple of subscription ids the connections that get the event under it; each connection is in one only.

        The ids stand in the order of subscribing. The answer does not change later and must not be changed.
        """
        shares: dict[tuple[str, ...], list[Sequence[_Connection]]] = {}
        several: list[_Group[_Connection]] = []
        ids: tuple[str, ...] | None = None
        share: list[Sequence[_Connection]] = []
        for group in self._groups(event):
            if group.ids is not ids:
                ids = group.ids
                share = shares.setdefault(ids, [])
            if group.alone:
                alone = group.alone
                share.append(alone if isinstance(alone, tuple) else alone.listed())
            if group.others:
                several.append(group)
        if several:
            self._share_out(several, shares)
        return {ids: share[0] if len(share) == 1 else list(chain.from_iterable(share)) for ids, share in shares.items() if share}

    def _groups(self, event: Event) -> list[_Group[_Connection]]:
        groups: list[_Group[_Connection]] = []
        for followed in self._filters.find(event):
            held = followed.groups
            if isinstance(held, dict):
                groups += held.values()
            else:
                groups.append(held)
        return groups

    def _share_out(self, groups: list[_Group[_Connection]], shares: dict[tuple[str, ...], list[Sequence[_Connection]]]) -> None:
        """Adds the connections that have several subscriptions: each once, under all its ids among the groups found."""
        if len(groups) == 1:
            shares[groups[0].ids].append(listed(groups[0].others))
            return
        first: dict[_Connection, _Group[_Connection]] = {}
        again: set[_Connection] = set()
        for group in groups:
            members = listed(group.others)
            again.update(first.keys() & members)
            first = dict.fromkeys(members, group) | first
        found = set(groups)
        together: dict[tuple[str, ...], list[_Connection]] = {}
        for connection, group in first.items():
            ids = tuple(held.ids[0] for held in self._of(connection) if held in found) if connection in again else group.ids
            together.setdefault(ids, []).append(connection)
        for ids, connections in together.items():
            shares.setdefault(ids, []).append(connections)

    def _of(self, connection: _Connection) -> tuple[_Held[_Connection], ...]:
        held = self._held.get(connection, ())
        return held if isinstance(held, tuple) else (held,)

    def _change(self, connection: _Connection, held: tuple[_Held[_Connection], ...], at: int, new: _Held[_Connection] | None) -> None:
        old = held[at] if at < len(held) else None
        if old is new:
            return
        after = (*held[:at], *(() if new is None else (new,)), *held[at + 1 :])
        _enter(new, connection, alone=len(after) == 1)
        self._exit(old, connection, alone=len(held) == 1)
        if (len(held), len(after)) in ((1, 2), (2, 1)):
            _change_side(min(held, after, key=len)[0], connection, alone=len(after) == 1)
        if after:
            self._held[connection] = after[0] if len(after) == 1 else after
        else:
            del self._held[connection]
        self.subscriptions += len(after) - len(held)

    def _exit(self, held: _Held[_Connection] | None, connection: _Connection, *, alone: bool) -> None:
        if not isinstance(held, _Group):
            return
        if alone:
            held.alone = left(held.alone, connection)
        else:
            held.others = left(held.others, connection)
        if not held.alone and not held.others:
            self._drop(held)

    def _group(self, key: bytes, subscription_id: str, filters: Filters | None = None) -> _Group[_Connection]:
        followed = self._followed.get(key)
        if followed is None:
            followed = self._followed[key] = _Followed(key, subscription_id)
            self._filters.add(followed, conditions_of(filters or _FILTERS.decode(key)))
        return followed.group(subscription_id)

    def _drop(self, group: _Group[_Connection]) -> None:
        followed = group.followed
        if followed.drop(group):
            del self._followed[followed.key]
            self._filters.remove(followed, conditions_of(_FILTERS.decode(followed.key)))


def _position(held: tuple[_Held[_Connection], ...], subscription_id: str) -> int:
    for at, subscription in enumerate(held):
        if subscription.ids[0] == subscription_id:
            return at
    return len(held)


def _key_of(held: _Held[_Connection]) -> bytes:
    return held.key if isinstance(held, _Parked) else held.followed.key


def _enter(held: _Held[_Connection] | None, connection: _Connection, *, alone: bool) -> None:
    if isinstance(held, _Group):
        if alone:
            held.alone = joined(held.alone, connection)
        else:
            held.others = joined(held.others, connection)


def _change_side(held: _Held[_Connection], connection: _Connection, *, alone: bool) -> None:
    """Moves a connection whose other subscription came or went. The group keeps at least this one, so it is not dropped."""
    if not isinstance(held, _Group):
        return
    if alone:
        held.others = left(held.others, connection)
    else:
        held.alone = left(held.alone, connection)
    _enter(held, connection, alone=alone)
