"""Brings what waits in the outbox to its targets: each in order, none held up by another.

Theory of operation. Every target that is told something has a lane, a task of its own that sends one notification after the other. A
failure that may pass is tried again after a wait that doubles, or when the receiver asks for it; what is behind it waits, so that nobody
hears of an end before the beginning. What is refused for good, or not taken within `give_up_after_s`, becomes a dead letter, and the lane
goes on. The outbox is on disk and changes only after an attempt ended: who is stopped in the midst of one sends again, which the
`dedup_key` makes harmless.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from itertools import groupby
from typing import Final

from surewire.alerting.lane import Lane, TargetState
from surewire.alerting.retries import Retries
from surewire.config.model import Alerting
from surewire.ports.clock import Clock
from surewire.ports.notifier import Notifier
from surewire.ports.outbox import Outbox, Outgoing

__all__ = ["Delivery"]

_ALL: Final = 1_000_000
"""A target that takes nothing must not hide what waits for others."""


class Delivery:
    """Sends what is in the outbox, what an earlier process left there included."""

    def __init__(
        self,
        outbox: Outbox,
        notifiers: Mapping[str, Notifier],
        settings: Alerting,
        clock: Clock,
        random_float: Callable[[], float] = random.random,
    ) -> None:
        self._outbox, self._notifiers, self._clock = outbox, notifiers, clock
        self._retries = Retries(settings, random_float)
        self._news = asyncio.Event()
        self._lanes: dict[str, Lane] = {}

    def wake(self) -> None:
        """Something was put into the outbox."""
        self._news.set()

    def targets(self) -> Sequence[TargetState]:
        """How it stands with each target, the configured ones first."""
        names = dict.fromkeys([*self._notifiers, *self._lanes])
        return [self._lanes[name].state() if name in self._lanes else TargetState(name=name) for name in names]

    async def run(self) -> None:
        """Goes on until it is cancelled; what is not delivered then stays in the outbox."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                self._news.clear()
                for lane in self._lanes.values():
                    lane.look()
                self._sort(await self._retries.until_kept(lambda: self._outbox.pending(_ALL)), tasks)
                await self._news.wait()

    def _sort(self, letters: Sequence[Outgoing], tasks: asyncio.TaskGroup) -> None:
        # A stable sort: what goes to one target keeps its order.
        for target, own in groupby(sorted(letters, key=_target), key=_target):
            if target not in self._lanes:
                lane = self._lanes[target] = Lane(target, self._notifiers.get(target), self._outbox, self._retries, self._clock)
                tasks.create_task(lane.run(), name=f"notifications to {target}")
            self._lanes[target].add(own)


def _target(letter: Outgoing) -> str:
    return letter.notification.target
