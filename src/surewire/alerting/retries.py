"""When something that failed is tried again, and when no longer."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from surewire.config.model import Alerting
from surewire.errors import BackendUnavailableError
from surewire.ports.notifier import NotifyError
from surewire.ports.outbox import Outgoing
from surewire.telemetry.logging import logger

__all__ = ["Retries"]

_log = logger(__name__)
T = TypeVar("T")


class Retries:
    """The waits that `[alerting]` asks for."""

    __slots__ = ("_random", "_settings")

    def __init__(self, settings: Alerting, random_float: Callable[[], float] = random.random) -> None:
        self._settings, self._random = settings, random_float

    def wait_s(self, failures: int) -> float:
        """Exponential with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/"""
        # 2 to the 40th is beyond every wait; more would overflow some day.
        return self._random() * min(self._settings.retry_most_s, self._settings.retry_first_s * (1 << min(failures, 40)))

    def next_attempt_s(self, letter: Outgoing, error: NotifyError, now_s: float) -> float | None:
        """The time of the next attempt; None when there is none.

        A receiver that names a time is not asked before it. Otherwise the last attempt is at the end of the time that there is.
        """
        deadline_s = letter.queued_at_s + self._settings.give_up_after_s
        if not error.is_temporary or now_s >= deadline_s:
            return None
        if error.retry_after_s is None:
            return min(now_s + self.wait_s(letter.attempts), deadline_s)
        asked_s = now_s + error.retry_after_s
        return asked_s if asked_s <= deadline_s else None

    async def sleep_until(self, at_s: float, now_s: float) -> None:
        """Returns at that time; after `give_up_after_s` in any case, should the wall clock have been set back since."""
        if at_s > now_s:
            await asyncio.sleep(min(at_s - now_s, self._settings.give_up_after_s))

    async def until_kept(self, work: Callable[[], Awaitable[T]]) -> T:
        """What `work` on the outbox returns, as soon as the outbox can be used."""
        failures = 0
        while True:
            try:
                return await work()
            except BackendUnavailableError as error:
                _log.error("the outbox of notifications cannot be used", problem=str(error))
            await asyncio.sleep(self.wait_s(failures))
            failures += 1
