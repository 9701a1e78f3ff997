"""What goes to one target: one notification after the other, each until it was taken or is given up."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from math import ceil

import msgspec

from surewire.alerting.retries import Retries
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.clock import Clock
from surewire.ports.notifier import Notification, Notifier, NotifyError
from surewire.ports.outbox import Outbox, Outgoing
from surewire.telemetry.logging import logger

__all__ = ["Lane", "TargetState"]

_log = logger(__name__)


class TargetState(msgspec.Struct, frozen=True, kw_only=True):
    """How it stands with one target, in the life of this process."""

    name: str
    waiting: int = 0
    failures: int = 0
    """Attempts in a row that failed."""
    problem: str = ""
    """Why the last attempt failed; empty when it did not."""
    taken_at_s: int | None = None
    """When it last took something."""


class Lane:
    """The notifications to one target. `notifier` is None for a target that is not configured: it refuses everything for good."""

    def __init__(self, name: str, notifier: Notifier | None, outbox: Outbox, retries: Retries, clock: Clock) -> None:
        self._notifier, self._outbox, self._retries, self._clock = notifier, outbox, retries, clock
        self._letters: deque[Outgoing] = deque()
        self._done: set[str] = set()
        self._news = asyncio.Event()
        self._not_before_s = 0.0
        self._state = TargetState(name=name)

    def state(self) -> TargetState:
        """How it stands now."""
        return msgspec.structs.replace(self._state, waiting=len(self._letters))

    def look(self) -> None:
        """The outbox is about to be read for `add`."""
        self._done.clear()

    def add(self, letters: Iterable[Outgoing]) -> None:
        """Puts at the end what the outbox had, in its order, and what is neither here nor was done while it was read."""
        known = self._done | {letter.notification.id for letter in self._letters}
        fresh = [letter for letter in letters if letter.notification.id not in known]
        self._letters.extend(fresh)
        if fresh:
            self._news.set()

    async def run(self) -> None:
        """Sends what there is, until it is cancelled."""
        while True:
            while self._letters:
                await self._bring(self._letters[0])
                self._done.add(self._letters.popleft().notification.id)
            self._news.clear()
            await self._news.wait()

    async def _bring(self, letter: Outgoing) -> None:
        at_s: float | None = letter.next_attempt_s
        while at_s is not None:
            await self._retries.sleep_until(max(at_s, self._not_before_s), self._now_s())
            error = await self._attempt(letter.notification)
            if error is None:
                await self._taken(letter)
                return
            at_s = await self._failed(letter, error)
            letter = msgspec.structs.replace(letter, attempts=letter.attempts + 1)

    async def _attempt(self, notification: Notification) -> NotifyError | None:
        if self._notifier is None:
            return NotifyError(f"there is no [notify.{notification.target}] in the configuration", is_temporary=False)
        try:
            await self._notifier.send(notification)
        except NotifyError as error:
            return error
        except Exception as error:  # noqa: BLE001 - one background task: a notifier's mistake must not end the lane, and is tried again
            _log.exception("a notifier failed unexpectedly", target=self._state.name)
            return NotifyError(f"unexpected: {type(error).__name__}", is_temporary=True)
        return None

    async def _taken(self, letter: Outgoing) -> None:
        self._state = TargetState(name=self._state.name, taken_at_s=int(self._now_s()))
        await self._retries.until_kept(lambda: self._outbox.delivered(letter.notification.id))

    async def _failed(self, letter: Outgoing, error: NotifyError) -> float | None:
        """When it is tried again; None when it was given up."""
        now_s, identifier = self._now_s(), letter.notification.id
        self._note(error, now_s)
        at_s = self._retries.next_attempt_s(letter, error, now_s)
        if at_s is None:
            _log.error("a notification was given up", target=self._state.name, notification=identifier, problem=error.problem)
            await self._retries.until_kept(lambda: self._outbox.given_up(identifier, error.problem, int(now_s)))
        else:
            _log.warning("a notification was not taken", target=self._state.name, notification=identifier, problem=error.problem)
            await self._retries.until_kept(lambda: self._outbox.failed(identifier, error.problem, ceil(at_s)))
        return at_s

    def _note(self, error: NotifyError, now_s: float) -> None:
        if error.retry_after_s is not None:
            # It holds for what comes after this one, too.
            self._not_before_s = now_s + error.retry_after_s
        self._state = msgspec.structs.replace(self._state, failures=self._state.failures + 1, problem=error.problem)

    def _now_s(self) -> float:
        return self._clock.now_micros() / MICROS_PER_SECOND
