"""Whether the process may take traffic, and why not: what it depends on, its background loops, and its own refusals.

No data is not green: a check that does not answer in time fails, and a loop that falls silent is stalled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from surewire.ports.clock import Clock
from surewire.telemetry.logging import logger

__all__ = ["CheckState", "LoopPulse", "LoopState", "Readiness", "ReadinessReport"]

STALLED_AFTER_INTERVALS: Final = 3

_log = logger(__name__)


class CheckState(msgspec.Struct, frozen=True):
    """What a dependency said just now. `reason` is None when it is ok, `last_success_age_s` when it never was."""

    status: Literal["ok", "failing"]
    reason: str | None
    last_success_age_s: float | None


class LoopState(msgspec.Struct, frozen=True):
    """How long ago a background loop last succeeded. `interval_s` is None for a loop that waits for work and cannot stall by silence."""

    age_s: float
    interval_s: float | None
    stalled: bool


class ReadinessReport(msgspec.Struct, frozen=True):
    """The answer to `GET /ready`; `ready` exactly when there are no `reasons`. Nothing internal is in it: the log knows more."""

    ready: bool
    reasons: tuple[str, ...]
    checks: dict[str, CheckState]
    loops: dict[str, LoopState]


class LoopPulse:
    """The sign of life of one background loop, which calls `beat` after each success."""

    __slots__ = ("_clock", "_interval_s", "_last_s")

    def __init__(self, clock: Clock, interval_s: float | None) -> None:
        self._clock, self._interval_s = clock, interval_s
        self._last_s = clock.monotonic()

    def beat(self) -> None:
        """The loop has just done its work."""
        self._last_s = self._clock.monotonic()

    def state(self) -> LoopState:
        """Its state now; silence counts from when the pulse was made."""
        age_s = self._clock.monotonic() - self._last_s
        stalled = self._interval_s is not None and age_s > STALLED_AFTER_INTERVALS * self._interval_s
        return LoopState(age_s, self._interval_s, stalled)


@dataclass(slots=True)
class _Check:
    run: Callable[[], Awaitable[None]]
    timeout_s: float
    last_success_s: float | None = None
    reason: str | None = None


class Readiness:
    """Gathers checks, loops and refusals; each is named once and stays."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._checks: dict[str, _Check] = {}
        self._loops: dict[str, LoopPulse] = {}
        self._refusals: list[str] = []

    def add_check(self, name: str, check: Callable[[], Awaitable[None]], timeout_s: float) -> None:
        """A dependency: it works when `check` returns within `timeout_s`, and fails when it raises or takes longer."""
        self._checks[name] = _Check(check, timeout_s)

    def loop(self, name: str, interval_s: float | None) -> LoopPulse:
        """The pulse of a background loop. Silent for 3 intervals it is stalled; None for a loop that only works when there is work."""
        pulse = self._loops[name] = LoopPulse(self._clock, interval_s)
        return pulse

    def refuse(self, reason: str) -> None:
        """From now on the process is not ready (`draining`)."""
        if reason not in self._refusals:
            self._refusals.append(reason)

    async def report(self) -> ReadinessReport:
        """The state of everything now. All checks run at once, so it takes as long as the slowest, at most the longest time limit."""
        states = await asyncio.gather(*(self._ask(name, check) for name, check in self._checks.items()))
        checks = dict(zip(self._checks, states, strict=True))
        loops = {name: pulse.state() for name, pulse in self._loops.items()}
        reasons = (
            *self._refusals,
            *(f"{name}: {state.reason}" for name, state in checks.items() if state.reason),
            *(
                f"{name}: silent for {state.age_s:.1f} s, expected every {state.interval_s:g} s"
                for name, state in loops.items()
                if state.stalled
            ),
        )
        return ReadinessReport(not reasons, reasons, checks, loops)

    async def _ask(self, name: str, check: _Check) -> CheckState:
        error = await _failure(check)
        reason, now_s = _reason(error, check), self._clock.monotonic()
        if error is None:
            check.last_success_s = now_s
        if error and not check.reason:
            _log.error("dependency fails", check=name, reason=reason, exc_info=error)
        elif check.reason and not error:
            _log.info("dependency works again", check=name)
        check.reason = reason
        age_s = None if check.last_success_s is None else now_s - check.last_success_s
        return CheckState("failing" if reason else "ok", reason, age_s)


async def _failure(check: _Check) -> Exception | None:
    try:
        async with asyncio.timeout(check.timeout_s):
            await check.run()
    except Exception as error:  # noqa: BLE001 - a check is a task of its own; whatever breaks it makes the process unready
        return error
    return None


def _reason(error: Exception | None, check: _Check) -> str | None:
    if error is None:
        return None
    return f"no answer within {check.timeout_s:g} s" if isinstance(error, TimeoutError) else "failed"
