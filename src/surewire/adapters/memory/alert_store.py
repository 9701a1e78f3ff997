"""Alerts and their outbox in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from surewire.adapters.memory.answers import Answers
from surewire.domain.instant import MICROS_PER_SECOND
from surewire.ports.alert_store import AlertBook, AlertChange, Episode
from surewire.ports.idempotency import Claim
from surewire.ports.notifier import Notification
from surewire.ports.outbox import Outgoing
from surewire.slo.window import Interval

__all__ = ["MemoryAlertStore"]

_DEAD_LETTERS: Final = 10_000


class MemoryAlertStore:
    """An `AlertStore` that lives as long as the process."""

    def __init__(self) -> None:
        self._book = AlertBook({}, {}, {})
        self._episodes: list[Episode] = []
        self._waiting: dict[str, Outgoing] = {}
        self._dead: dict[str, Outgoing] = {}
        self._position = 0
        self._answers = Answers()

    async def load(self) -> AlertBook:
        return AlertBook(dict(self._book.alerts), dict(self._book.groups), dict(self._book.silences))

    async def commit(self, change: AlertChange, claim: Claim | None = None, result: object = None) -> None:
        book, now_micros = self._book, change.at_s * MICROS_PER_SECOND
        self._answers.refuse_repeated(claim, now_micros)
        self._answers.remember(claim, result, now_micros)
        book.alerts.update({state.name: state for state in change.alerts})
        book.groups.update({group.key: group for group in change.groups})
        book.silences.update({silence.id: silence for silence in change.silences})
        for key in change.closed_groups:
            book.groups.pop(key, None)
        for id_ in change.removed_silences:
            book.silences.pop(id_, None)
        self._episodes += change.episodes
        await self.put(change.notifications, change.at_s)

    async def refuse_repeated(self, claim: Claim | None, at_s: int) -> None:
        self._answers.refuse_repeated(claim, at_s * MICROS_PER_SECOND)

    async def episodes(self, interval: Interval) -> Sequence[Episode]:
        return [one for one in self._episodes if one.fired_at_s < interval.end_s and one.resolved_at_s >= interval.start_s]

    async def put(self, notifications: Sequence[Notification], at_s: int) -> None:
        for notification in notifications:
            if notification.id not in self._waiting:
                self._enqueue(notification, at_s)

    async def pending(self, limit: int = 1_000) -> Sequence[Outgoing]:
        return list(self._waiting.values())[:limit]

    async def delivered(self, notification_id: str) -> None:
        self._waiting.pop(notification_id, None)

    async def failed(self, notification_id: str, problem: str, next_attempt_s: int) -> None:
        if tried := self._tried(notification_id, problem, next_attempt_s):
            self._waiting[notification_id] = tried

    async def given_up(self, notification_id: str, problem: str, at_s: int) -> None:
        if tried := self._tried(notification_id, problem, at_s):
            del self._waiting[notification_id]
            self._dead[notification_id] = tried
            for oldest in list(self._dead)[:-_DEAD_LETTERS]:
                del self._dead[oldest]

    async def dead_letters(self, limit: int = 1_000) -> Sequence[Outgoing]:
        return list(reversed(self._dead.values()))[:limit]

    async def revive(self, notification_id: str, at_s: int, claim: Claim | None = None) -> bool:
        self._answers.refuse_repeated(claim, at_s * MICROS_PER_SECOND)
        dead = self._dead.pop(notification_id, None)
        if dead is not None:
            self._answers.remember(claim, notification_id, at_s * MICROS_PER_SECOND)
            self._enqueue(dead.notification, at_s)
        return dead is not None

    def _enqueue(self, notification: Notification, at_s: int) -> None:
        self._position += 1
        self._waiting[notification.id] = Outgoing(position=self._position, notification=notification, queued_at_s=at_s)

    def _tried(self, notification_id: str, problem: str, next_attempt_s: int) -> Outgoing | None:
        one = self._waiting.get(notification_id)
        if one is None:
            return None
        return msgspec.structs.replace(one, attempts=one.attempts + 1, problem=problem, next_attempt_s=next_attempt_s)
