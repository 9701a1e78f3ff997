"""An event loop whose time passes only when it is told to."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["SettableLoop", "run_without_time"]

_Result = TypeVar("_Result")


class SettableLoop(asyncio.SelectorEventLoop):
    """Timers are due when `now_s` says so. Something must always be ready, or the loop waits in real time for what never comes."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1_000.0

    def time(self) -> float:
        return self.now_s

    async def advance(self, seconds: float, turns: int = 8) -> None:
        """Lets time pass, and then everything happen that is due."""
        self.now_s += seconds
        for _ in range(turns):
            await asyncio.sleep(0)


def run_without_time(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Runs on a loop of its own; `asyncio.get_running_loop()` is a `SettableLoop`."""
    with asyncio.Runner(loop_factory=SettableLoop) as runner:
        return runner.run(work)
