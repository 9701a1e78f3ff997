"""How long to wait before trying again: exponential with full jitter, so that clients that failed together come back apart.

Full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
"""

from __future__ import annotations

import random
from collections.abc import Callable

from msgspec import Struct

__all__ = ["Backoff", "BackoffPolicy"]


class BackoffPolicy(Struct, frozen=True):
    """The n-th wait is random between 0 and `first_s` times 2 to the n, at most `most_s`."""

    first_s: float = 0.25
    most_s: float = 15.0


class Backoff:
    """The waits of one row of failures."""

    __slots__ = ("_failures", "_policy", "_random")

    def __init__(self, policy: BackoffPolicy, random_float: Callable[[], float] = random.random) -> None:
        self._policy, self._random = policy, random_float
        self._failures = 0

    def next_s(self) -> float:
        """Seconds to wait after one more failure."""
        # 2 to the 60th times anything is beyond every `most_s`; more would overflow some day.
        ceiling_s = min(self._policy.most_s, self._policy.first_s * (1 << min(self._failures, 60)))
        self._failures += 1
        return self._random() * ceiling_s

    def reset(self) -> None:
        """Forgets the failures: it worked."""
        self._failures = 0
