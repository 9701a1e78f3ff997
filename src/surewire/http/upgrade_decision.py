"""The wait for the gateway's decision about one upgrade, which usually takes no time at all."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from surewire.gateway.upgrade import Acceptance, Refusal, UpgradeHandler, UpgradeRequest
from surewire.http.refusal import INTERNAL, TIMEOUT

__all__ = ["UpgradeDecision"]

_log = logging.getLogger(__name__)


class UpgradeDecision:
    """Asks `handler` once and calls `decided` once with the answer, unless `abandon` comes first."""

    __slots__ = ("_decided", "_handler", "_task", "request")

    def __init__(self, handler: UpgradeHandler, request: UpgradeRequest, decided: Callable[[Acceptance | Refusal], None]) -> None:
        self.request = request
        self._handler, self._decided = handler, decided
        self._task: asyncio.Task[None] | None = None

    def ask(self, timeout_s: float) -> asyncio.Task[None] | None:
        """Calls `decided` before it returns where the handler answers at once; else the task that will."""
        try:
            answer = self._handler.admit(self.request)
        except Exception as error:  # noqa: BLE001 - the border of one upgrade
            answer = self._failed(error)
        if isinstance(answer, Acceptance | Refusal):
            self._decided(answer)
            return None
        self._task = asyncio.get_running_loop().create_task(self._wait(answer, timeout_s), name="upgrade decision")
        return self._task

    def abandon(self) -> None:
        """The client is gone: the handler's coroutine is cancelled and the handler told."""
        if self._task is not None:
            self._task.cancel()
        self._handler.abandoned(self.request, None)

    async def _wait(self, answer: Awaitable[Acceptance | Refusal], timeout_s: float) -> None:
        deadline = asyncio.timeout(timeout_s)
        try:
            async with deadline:
                decision = await answer
        except Exception as error:  # noqa: BLE001 - the border of one upgrade
            decision = self._late() if deadline.expired() else self._failed(error)
        self._decided(decision)

    def _late(self) -> Refusal:
        self._handler.refused(408)
        return Refusal(408, TIMEOUT, "the upgrade was not decided in time")

    def _failed(self, error: Exception) -> Refusal:
        _log.error("upgrade decision failed: %s", type(error).__name__)
        self._handler.refused(500)
        return Refusal(500, INTERNAL, "the server failed to decide about the upgrade")
