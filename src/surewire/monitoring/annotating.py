"""Draws what happened over somebody's graphs, once each.

Theory of operation. Every few seconds the loop compares what happened within the last 30 days with what the ledger says was drawn, and
draws the rest, oldest first. That it was drawn is an entry of the ledger, made right after: who is killed between the two draws one
annotation twice, never more. A failure that may pass makes everything wait, twice as long each time; what is refused for good is set aside
until the process starts again, so that what comes after it is drawn. Nothing else waits for this loop, and no failure of it ends it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from typing import Final

from surewire.errors import BackendError
from surewire.monitoring.annotations import DRAWN, drawn_at_s, known_annotations
from surewire.monitoring.decisions import Decisions
from surewire.ports.annotator import Annotation, Annotator
from surewire.ports.notifier import NotifyError
from surewire.slo.window import DAY_S
from surewire.telemetry.logging import logger

__all__ = ["LOOKED_BACK_S", "Annotating"]

LOOKED_BACK_S: Final = 30 * DAY_S
"""What has been known for longer is not drawn any more."""

_LOOK_EVERY_S: Final = 5.0
_RETRY_FIRST_S: Final = 2.0
_RETRY_MOST_S: Final = 300.0

_log = logger(__name__)


class Annotating:
    """The loop that draws. Loop thread only."""

    def __init__(
        self,
        decisions: Decisions,
        annotator: Annotator,
        *,
        look_every_s: float = _LOOK_EVERY_S,
        retry_first_s: float = _RETRY_FIRST_S,
        random_float: Callable[[], float] = random.random,
    ) -> None:
        self._decisions, self._annotator, self._random = decisions, annotator, random_float
        self._look_every_s, self._retry_first_s = look_every_s, retry_first_s
        self._done = set(drawn_at_s(decisions))
        self._unmarked: list[str] = []
        self._failures = 0

    async def run(self, beat: Callable[[], None]) -> None:
        """Goes on until it is cancelled; what is not drawn then is drawn by the next life."""
        beat()
        while True:
            try:
                wait_s = await self.look()
            except Exception:  # noqa: BLE001 - one background task: a mistake in here must not end the server, and is tried again
                _log.exception("annotations cannot be drawn")
                wait_s = _RETRY_MOST_S
            await asyncio.sleep(wait_s)

    async def look(self) -> float:
        """Draws what is not drawn yet, and returns after how many seconds to look again."""
        await self._mark()
        for annotation in known_annotations(self._decisions, self._decisions.now_s - LOOKED_BACK_S):
            if annotation.id not in self._done and (problem := await self._draw(annotation)):
                return self._wait_s(problem)
        return self._look_every_s

    async def _draw(self, annotation: Annotation) -> NotifyError | None:
        """Why it is not drawn; None when it is."""
        problem = await self._attempt(annotation)
        if problem is None:
            self._failures = 0
            self._done.add(annotation.id)
            self._unmarked.append(annotation.id)
            await self._mark()
            return None
        if problem.is_temporary:
            _log.warning("an annotation was not taken", annotation=annotation.id, problem=problem.problem)
        else:
            _log.error("an annotation was refused; it is tried again after a restart", annotation=annotation.id, problem=problem.problem)
            self._done.add(annotation.id)
        self._failures += 1
        return problem

    async def _attempt(self, annotation: Annotation) -> NotifyError | None:
        try:
            await self._annotator.draw(annotation)
        except NotifyError as error:
            return error
        return None

    async def _mark(self) -> None:
        """Puts on record what was drawn; what cannot be kept now is tried at the next look, and not drawn again meanwhile."""
        while self._unmarked:
            try:
                await self._decisions.record(self._decisions.entry(DRAWN, "surewire", {"id": self._unmarked[0]}))
            except BackendError as error:
                _log.error("it cannot be put on record that an annotation was drawn", reason=str(error), exc_info=error)
                return
            self._unmarked.pop(0)

    def _wait_s(self, problem: NotifyError) -> float:
        """Exponential with full jitter: https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/"""
        # 2 to the 40th is beyond every wait; more would overflow some day.
        wait_s = self._random() * min(_RETRY_MOST_S, self._retry_first_s * (1 << min(self._failures - 1, 40)))
        return max(wait_s, problem.retry_after_s or 0.0)
