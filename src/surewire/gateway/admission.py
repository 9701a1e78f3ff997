"""The guard before the upgrade: how many may come in, how fast, and who waits.

Theory of operation. A permit is held for the life of a connection; there are `max_connections`. Limits of a caller (its rate, its user's
and its address's connections) refuse at once with 429. When only the global limit is reached, up to `permit_queue` attempts of one
client (its user, else its address) wait, first come first served, for `permit_wait_s`: then 408. With a full queue, or while
draining, the answer is 503.

Who waits holds a turn. A permit that comes free is set aside for the first turn at once, so that nobody who comes later can take it; the
turn's result says whether it brought a permit. Its owner takes it, or gives it back when it has given up meanwhile.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections import Counter, deque
from dataclasses import dataclass

from surewire.config.model import Limits
from surewire.domain.principal import Principal
from surewire.domain.rate import TokenBucket
from surewire.gateway.upgrade import Refusal
from surewire.ports.clock import Clock

__all__ = ["Admission", "Caller"]

_RETRY_SOON_S = 1.0
_RETRY_AFTER_DRAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose permit it is. `address` is empty on loopback, where addresses say nothing."""

    user_id: str
    address: str
    client: str

    @classmethod
    def of(cls, principal: Principal, peer_host: str) -> Caller:
        address = "" if _is_loopback(peer_host) else peer_host
        return cls(principal.user_id, address, peer_host if principal.anonymous else principal.user_id)


class Admission:
    """Permits, and the queue for them. Loop thread only."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self._limits, self._clock = limits, clock
        self._rate = TokenBucket(limits.accept_rate_per_s, limits.accept_burst, clock.monotonic())
        self._users: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self._waiting: Counter[str] = Counter()
        self._queue: deque[asyncio.Future[bool]] = deque()
        self._free = limits.max_connections
        self.is_draining = False

    def check_rate(self) -> Refusal | None:
        """Counts an attempt against the accept rate; the refusal when it is too fast, or the server is draining."""
        if self.is_draining:
            return _draining()
        wait_s = self._rate.take(self._clock.monotonic())
        return Refusal(429, "RATE_LIMITED", "too many connections are being opened; wait", wait_s) if wait_s else None

    def take(self, caller: Caller) -> Refusal | None:
        """Takes a permit for the caller, or says why not. `must_wait` tells whether waiting for one may help."""
        refusal = self._caller_limit(caller)
        if refusal is None:
            if self._free <= 0:
                return _full()
            self._grant(caller)
        return refusal

    def must_wait(self, caller: Caller) -> bool:
        """Whether only the global limit is in the way, and the caller's queue has room."""
        return self._free <= 0 and self._caller_limit(caller) is None and self._waiting[caller.client] < self._limits.permit_queue

    async def wait(self, caller: Caller) -> Refusal | None:
        """Waits its turn for a permit: None when it was taken. Cancelling gives up the place.

        What `must_wait` has said may no longer hold when this begins to run, so it is asked again.
        """
        if self.is_draining:
            return _draining()
        if not self.must_wait(caller):
            return self.take(caller)
        turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        self._waiting[caller.client] += 1
        try:
            async with asyncio.timeout(self._limits.permit_wait_s):
                await turn
        except TimeoutError:
            self._give_back(turn)
            return Refusal(408, "TIMEOUT", "no place became free in time; try again", _RETRY_SOON_S)
        except asyncio.CancelledError:
            self._give_back(turn)
            raise
        finally:
            self._leave_queue(caller, turn)
        return self._take_turn(turn, caller)

    def release(self, caller: Caller) -> None:
        """Gives the permit back, to whoever waits first."""
        self._free += 1
        for counter, key in ((self._users, caller.user_id), (self._addresses, caller.address)):
            counter[key] -= 1
            if counter[key] <= 0:
                del counter[key]
        self._wake()

    def drain(self) -> None:
        """From now on every attempt is refused, also those that wait."""
        self.is_draining = True
        for turn in self._queue:
            if not turn.done():
                turn.set_result(False)

    def _give_back(self, turn: asyncio.Future[bool]) -> None:
        # The turn may have come in the same moment as the end of the wait.
        if turn.done() and not turn.cancelled() and turn.result():
            self._free += 1
            self._wake()

    def _take_turn(self, turn: asyncio.Future[bool], caller: Caller) -> Refusal | None:
        if self.is_draining:
            self._give_back(turn)
            return _draining()
        # The permit of the turn is free until it is taken here: nothing else runs in between but other turns, each with its own.
        self._free += 1
        refusal = self.take(caller)
        if refusal is not None:
            self._wake()
        return refusal

    def _leave_queue(self, caller: Caller, turn: asyncio.Future[bool]) -> None:
        self._waiting[caller.client] -= 1
        if not self._waiting[caller.client]:
            del self._waiting[caller.client]
        if turn in self._queue:
            self._queue.remove(turn)

    def _wake(self) -> None:
        while self._queue and self._free > 0:
            turn = self._queue.popleft()
            if not turn.done():
                self._free -= 1
                turn.set_result(True)

    def _grant(self, caller: Caller) -> None:
        self._free -= 1
        self._users[caller.user_id] += 1
        self._addresses[caller.address] += 1

    def _caller_limit(self, caller: Caller) -> Refusal | None:
        limits = self._limits
        if self._users[caller.user_id] >= limits.connections_per_user:
            return _too_many(f"a user may have {limits.connections_per_user} connections")
        if caller.address and self._addresses[caller.address] >= limits.connections_per_address:
            return _too_many(f"an address may have {limits.connections_per_address} connections")
        return None


def _too_many(limit: str) -> Refusal:
    return Refusal(429, "RATE_LIMITED", f"{limit}; close one first", _RETRY_SOON_S)


def _full() -> Refusal:
    return Refusal(503, "UNAVAILABLE", "the server is full; try again", _RETRY_SOON_S)


def _draining() -> Refusal:
    return Refusal(503, "UNAVAILABLE", "the server is about to restart; try again", _RETRY_AFTER_DRAIN_S)


def _is_loopback(host: str) -> bool:
    try:
        return not host or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
