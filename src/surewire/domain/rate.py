"""Token buckets: a steady rate with room for a burst, for one caller or for many."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

__all__ = ["BucketTable", "TokenBucket"]

_Key = TypeVar("_Key", bound=Hashable)

_SWEEP_STEPS = 2
"""Buckets looked at for each one that is added: more than one, so that the sweep outruns any growth."""


class TokenBucket:
    """Grants `rate_per_s` on average and `burst` at once. Starts full. `now` is monotonic seconds, given with every call.

    In any span of t seconds at most burst + rate · t is granted; a refusal takes nothing.
    """

    __slots__ = ("_burst", "_rate_per_s", "_tokens", "_updated_at")

    def __init__(self, rate_per_s: float, burst: float, now: float) -> None:
        if rate_per_s <= 0 or burst < 1:
            raise ValueError("a bucket needs a rate above 0 and a burst of at least 1")
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._tokens = float(burst)
        self._updated_at = now

    def take(self, now: float, cost: float = 1.0) -> float:
        """0.0 when granted, else the seconds after which the same call would be granted. `cost` is at most the burst."""
        elapsed = now - self._updated_at
        if elapsed > 0.0:
            self._updated_at = now
            tokens = self._tokens + elapsed * self._rate_per_s
            self._tokens = min(tokens, self._burst)
        if self._tokens >= cost:
            self._tokens -= cost
            return 0.0
        return (cost - self._tokens) / self._rate_per_s

    def is_full(self, now: float) -> bool:
        """Whether it has forgotten its caller: a new bucket would behave the same."""
        return self._tokens + max(now - self._updated_at, 0.0) * self._rate_per_s >= self._burst


class BucketTable(Generic[_Key]):
    """One bucket a key, made at the key's first call.

    Bounded: buckets that are full again are dropped, a few with each new key, so the table holds about the keys of the last
    burst / rate seconds and no call ever pays for all of them. At `max_keys` the bucket that was looked at longest ago goes, full or
    not: whoever can make up that many keys gets a full bucket with each of them anyway.
    """

    __slots__ = ("_buckets", "_burst", "_max_keys", "_rate_per_s")

    def __init__(self, rate_per_s: float, burst: float, max_keys: int = 100_000) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._max_keys = max_keys
        self._buckets: dict[_Key, TokenBucket] = {}

    def __len__(self) -> int:
        return len(self._buckets)

    def take(self, key: _Key, now: float, cost: float = 1.0) -> float:
        """0.0 when granted to the key, else the seconds to wait."""
        bucket = self._buckets.get(key)
        if bucket is None:
            self._make_room(now)
            bucket = self._buckets[key] = TokenBucket(self._rate_per_s, self._burst, now)
        return bucket.take(now, cost)

    def _make_room(self, now: float) -> None:
        """Looks at the oldest few: the full ones go, the others move to the end, so that every bucket gets its turn."""
        for _ in range(min(_SWEEP_STEPS, len(self._buckets))):
            key = next(iter(self._buckets))
            bucket = self._buckets.pop(key)
            if not bucket.is_full(now):
                self._buckets[key] = bucket
        if len(self._buckets) >= self._max_keys:
            del self._buckets[next(iter(self._buckets))]
