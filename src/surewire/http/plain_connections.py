"""How many sockets may be open that are no WebSockets (yet), and which of them goes when there are too many.

Theory of operation. A connection either waits for its client (it is idle, its head or body is not complete, or all it still has to do is
to read a refusal), or the server works for it. It works for so many at most, and refuses the requests of the others, except what
an operator asks. As many may wait as there is room for sockets of all kinds, for a herd of clients that come back waits here for its
WebSockets; a few spare places are always left, so that somebody can be heard. Whoever connects when all are taken gets the place of the
connection that has waited for its client the longest: keep-alive connections that nobody uses, and clients that never finish what they
began. Only where the server works for every single one is the new socket closed unheard.

The same holds among the connections of one address, except on loopback, where addresses say nothing.
"""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Sequence, Sized
from typing import Final, Protocol

from surewire.config.rules import is_loopback
from surewire.gateway.upgrade import Refusal
from surewire.http.front_limits import FrontLimits
from surewire.http.refusal import RATE_LIMITED, UNAVAILABLE

__all__ = ["Evictable", "PlainConnections"]

_RETRY_SOON_S: Final = 1.0
_SPARE_PER_ADDRESS: Final = 4
_KNOWN_ADDRESSES: Final = 4096


class Evictable(Protocol):
    """A connection that can be told to make room."""

    def evict(self) -> None:
        """Gives the socket up at once, whatever was still to be said."""


class _Group:
    """Connections with a bound of their own: all, or those of one address."""

    __slots__ = ("address", "held", "limit", "places", "refusal", "waiting")

    def __init__(self, address: str, limit: int, spare: int, refusal: Refusal) -> None:
        self.address, self.refusal = address, refusal
        self.limit, self.places = limit, limit + spare
        self.held = 0
        self.waiting: OrderedDict[Evictable, None] = OrderedDict()


class PlainConnections:
    """The plain connections of all listeners. Loop thread only."""

    __slots__ = ("_addresses", "_all", "_limits", "_places", "_sockets")

    def __init__(self, limits: FrontLimits) -> None:
        self._limits = limits
        refusal = Refusal(503, UNAVAILABLE, "too many connections; try again", _RETRY_SOON_S)
        self._all = _Group("", limits.max_plain_connections, limits.spare_connections, refusal)
        self._addresses: dict[str, _Group] = {}
        self._places: dict[Evictable, tuple[_Group, ...]] = {}
        self._sockets: Sequence[Sized] = ()

    def count_sockets(self, sockets: Sequence[Sized]) -> None:
        """From now on `sockets`, which change, are the open sockets of all kinds; a connection is there before it is admitted."""
        self._sockets = sockets

    def __len__(self) -> int:
        return self._all.held

    def admit(self, connection: Evictable, peer_host: str) -> bool:
        """Gives a new connection a place, for which another one may have to go. False when there is none."""
        address = _address(peer_host)
        for group in self._groups(address):
            if self._is_full(group) and not self._evict_from(group):
                return False
        self._join(connection, address)
        return True

    def waits(self, connection: Evictable) -> None:
        """From now on the connection waits for its client."""
        for group in self._places.get(connection, ()):
            group.waiting[connection] = None
            group.waiting.move_to_end(connection)

    def works(self, connection: Evictable) -> None:
        """From now on the server works for the connection."""
        for group in self._places.get(connection, ()):
            group.waiting.pop(connection, None)

    def leave(self, connection: Evictable) -> None:
        """Gives the place back: the connection is closed or has become a WebSocket. Idempotent."""
        for group in self._places.pop(connection, ()):
            group.waiting.pop(connection, None)
            group.held -= 1
            if group.address and not group.held:
                del self._addresses[group.address]

    def refusal(self, connection: Evictable) -> Refusal | None:
        """Why the server may not begin to work for this connection, which has waited."""
        for group in self._places.get(connection, ()):
            if connection in group.waiting and group.held - len(group.waiting) >= group.limit:
                return group.refusal
        return None

    def evict(self, count: int) -> int:
        """Closes up to `count` connections, those that have waited for their clients the longest; how many it were."""
        return sum(self._evict_from(self._all) for _ in range(count))

    def _is_full(self, group: _Group) -> bool:
        if group.held < group.places:
            return False
        return group is not self._all or sum(map(len, self._sockets)) > self._limits.max_sockets

    def _evict_from(self, group: _Group) -> bool:
        if not group.waiting:
            return False
        connection = next(iter(group.waiting))
        self.leave(connection)
        connection.evict()
        return True

    def _groups(self, address: str) -> tuple[_Group, ...]:
        group = self._addresses.get(address)
        return (self._all,) if group is None else (self._all, group)

    def _join(self, connection: Evictable, address: str) -> None:
        if address and address not in self._addresses:
            self._addresses[address] = self._new_group(address)
        groups = self._places[connection] = self._groups(address)
        for group in groups:
            group.held += 1
            group.waiting[connection] = None

    def _new_group(self, address: str) -> _Group:
        limit = self._limits.max_plain_per_address
        detail = f"an address may have {limit} HTTP connections at work; wait for one"
        spare = min(_SPARE_PER_ADDRESS, self._limits.spare_connections)
        return _Group(address, limit, spare, Refusal(429, RATE_LIMITED, detail, _RETRY_SOON_S))


@functools.lru_cache(_KNOWN_ADDRESSES)
def _address(peer_host: str) -> str:
    """Whose connections are counted together; empty where they are not."""
    return "" if not peer_host or is_loopback(peer_host) else peer_host
