"""Who gets an event: every connection with a live subscription whose filters the event meets, once, with the ids of all that matched.

Theory of operation. Filters that mean the same are held once, however many subscribe with them, and found through `FilterIndex`.
Under a filter hang groups: the connections that use it under one subscription id. Connections that have only that subscription cannot
match twice, so a group of them is handed out as it stands, two thousand as fast as one. Connections with the same several
subscriptions are a bundle; what an event means to a bundle is worked out once for all its members.

What `match` hands out never changes later: a connection that leaves while an event is being written to its group disturbs nobody.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from itertools import chain
from typing import Any, Generic, TypeVar

import msgspec

from surewire.domain.event import Event
from surewire.domain.filters import Filters
from surewire.gateway.audience import joined, left, listed
from surewire.gateway.filter_conditions import conditions_of
from surewire.gateway.filter_index import FilterIndex
from surewire.gateway.groups import Bundle, Followed, Group, Held, Parked, followed_by, ids_of

__all__ = ["Subscription", "SubscriptionIndex"]

_Connection = TypeVar("_Connection", bound=Hashable)


class Subscription(msgspec.Struct, frozen=True):
    """One subscription of a connection. One that is not `live` gets no events: it is still catching up."""

    subscription_id: str
    filters: Filters
    live: bool


class SubscriptionIndex(Generic[_Connection]):
    """Subscriptions by connection, and the connections by event. Connections may be anything hashable that is equal only to itself.

    `subscriptions` counts all of them, live or not. With one subscription a connection takes 400 to 600 bytes here when its filters are
    its own, and less than 100 when others have the same.
    """

    __slots__ = ("_bundles", "_filters", "_followed", "_held", "subscriptions")

    def __init__(self) -> None:
        self._filters: FilterIndex[Followed[_Connection]] = FilterIndex()
        self._followed: dict[bytes, Followed[_Connection]] = {}
        self._bundles: dict[tuple[Held[_Connection], ...], Bundle[_Connection]] = {}
        self._held: dict[_Connection, Held[_Connection] | Bundle[_Connection]] = {}
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
        held = self._of(connection)
        at = _position(held, subscription_id)
        self._put(connection, held, at, self._subscription(msgspec.json.encode(filters), subscription_id, live, filters))

    def set_live(self, connection: _Connection, subscription_id: str, live: bool) -> bool:
        """Lets the subscription get events from now on, or none. False: there is no such subscription."""
        held = self._of(connection)
        at = _position(held, subscription_id)
        if at == len(held):
            return False
        if isinstance(held[at], Group) != live:
            self._put(connection, held, at, self._subscription(_key_of(held[at]), subscription_id, live))
        return True

    def remove(self, connection: _Connection, subscription_id: str) -> bool:
        """Ends the subscription. False: there was none."""
        held = self._of(connection)
        at = _position(held, subscription_id)
        self._change(connection, held, held[:at] + held[at + 1 :])
        return at < len(held)

    def remove_connection(self, connection: _Connection) -> None:
        """Ends every subscription of the connection."""
        self._change(connection, self._of(connection), ())

    def subscriptions_of(self, connection: _Connection) -> tuple[Subscription, ...]:
        """The connection's subscriptions in the order of subscribing. For people to look at: decodes each filter anew."""
        return tuple(Subscription(held.ids[0], _filters_of(_key_of(held)), live=isinstance(held, Group)) for held in self._of(connection))

    def ids_of(self, connection: _Connection) -> tuple[str, ...]:
        """The ids of the connection's subscriptions in the order of subscribing."""
        return tuple(held.ids[0] for held in self._of(connection))

    def caught_up(self, connection: _Connection) -> bool:
        """Whether the connection has subscriptions and all are live."""
        held = self._of(connection)
        return bool(held) and not any(isinstance(subscription, Parked) for subscription in held)

    def match(self, event: Event) -> Mapping[tuple[str, ...], Sequence[_Connection]]:
        """For each distinct tuple of subscription ids the connections that get the event under it; each connection is in one only.

        The ids stand in the order of subscribing. The answer does not change later and must not be changed.
        """
        shares: dict[tuple[str, ...], list[Sequence[_Connection]]] = {}
        bundled: list[Group[_Connection]] = []
        ids: tuple[str, ...] | None = None
        share: list[Sequence[_Connection]] = []
        for group in self._groups(event):
            # Neighbours mostly have the same id, and it is one tuple.
            if group.ids is not ids:
                ids = group.ids
                share = shares.setdefault(ids, [])
            if group.alone:
                alone = group.alone
                share.append(alone if isinstance(alone, tuple) else alone.listed())
            if group.bundles:
                bundled.append(group)
        if bundled:
            _share_out(bundled, shares)
        return {ids: share[0] if len(share) == 1 else list(chain.from_iterable(share)) for ids, share in shares.items() if share}

    def _groups(self, event: Event) -> list[Group[_Connection]]:
        found = self._filters.find(event)
        groups: list[Group[_Connection]] = [*found]
        for followed in found:
            if followed.more:
                groups += followed.more.values()
        return groups

    def _of(self, connection: _Connection) -> tuple[Held[_Connection], ...]:
        held = self._held.get(connection)
        return () if held is None else held.held if isinstance(held, Bundle) else (held,)

    def _subscription(self, key: bytes, subscription_id: str, live: bool, filters: Filters | None = None) -> Held[_Connection]:
        if not live:
            return Parked(key, ids_of(subscription_id))
        followed = self._followed.get(key)
        if followed is None:
            followed = self._followed[key] = Followed(key, subscription_id)
            self._filters.add(followed, conditions_of(filters or _filters_of(key)))
        return followed.group(subscription_id)

    def _put(self, connection: _Connection, held: tuple[Held[_Connection], ...], at: int, new: Held[_Connection]) -> None:
        self._change(connection, held, (*held[:at], new, *held[at + 1 :]))

    def _change(self, connection: _Connection, held: tuple[Held[_Connection], ...], after: tuple[Held[_Connection], ...]) -> None:
        if after == held:
            return
        before = self._held.get(connection)
        # Enters before it leaves, so that what both have in common is not dropped and made again.
        if after:
            self._held[connection] = self._enter(connection, after)
        else:
            del self._held[connection]
        self._leave(connection, before)
        self.subscriptions += len(after) - len(held)

    def _enter(self, connection: _Connection, held: tuple[Held[_Connection], ...]) -> Held[_Connection] | Bundle[_Connection]:
        if len(held) == 1:
            only = held[0]
            if isinstance(only, Group):
                only.alone = joined(only.alone, connection)
            return only
        bundle = self._bundles.get(held)
        if bundle is None:
            bundle = self._bundles[held] = Bundle(held)
            for group in _groups_in(held):
                group.bundles = joined(group.bundles, bundle)
        bundle.members = joined(bundle.members, connection)
        return bundle

    def _leave(self, connection: _Connection, held: Held[_Connection] | Bundle[_Connection] | None) -> None:
        if isinstance(held, Group):
            held.alone = left(held.alone, connection)
            self._drop_if_empty(held)
        elif isinstance(held, Bundle):
            held.members = left(held.members, connection)
            if not held.members:
                self._dissolve(held)

    def _dissolve(self, bundle: Bundle[_Connection]) -> None:
        del self._bundles[bundle.held]
        for group in _groups_in(bundle.held):
            group.bundles = left(group.bundles, bundle)
            self._drop_if_empty(group)

    def _drop_if_empty(self, group: Group[_Connection]) -> None:
        followed = followed_by(group)
        if not group.alone and not group.bundles and followed.drop(group):
            del self._followed[followed.key]
            self._filters.remove(followed, conditions_of(_filters_of(followed.key)))


def _share_out(groups: list[Group[_Connection]], shares: dict[tuple[str, ...], list[Sequence[_Connection]]]) -> None:
    """Adds the members of bundles: each once, under all the bundle's ids that are among the groups found."""
    found = set[object](groups)
    for bundle in dict.fromkeys(bundle for group in groups for bundle in listed(group.bundles)):
        ids = tuple(held.ids[0] for held in bundle.held if held in found) if len(groups) > 1 else groups[0].ids
        shares.setdefault(ids, []).append(listed(bundle.members))


def _groups_in(held: tuple[Held[_Connection], ...]) -> list[Group[_Connection]]:
    return [subscription for subscription in held if isinstance(subscription, Group)]


def _position(held: tuple[Held[_Connection], ...], subscription_id: str) -> int:
    for at, subscription in enumerate(held):
        if subscription.ids[0] == subscription_id:
            return at
    return len(held)


def _key_of(held: Held[_Connection]) -> bytes:
    return held.key if isinstance(held, Parked) else followed_by(held).key


def _filters_of(key: bytes) -> Filters:
    # Not checked again, so that what could be added can always be removed.
    named: dict[str, Any] = msgspec.json.decode(key)
    labels: dict[str, str] = named.pop("labels", {})
    return Filters(**{field: tuple(values) for field, values in named.items()}, labels=labels)
