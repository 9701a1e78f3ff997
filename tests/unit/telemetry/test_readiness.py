"""Readiness tells the truth about dependencies, background loops and refusals."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from surewire.errors import BackendUnavailableError
from surewire.telemetry.readiness import CheckState, LoopState, Readiness


class FakeClock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def monotonic(self) -> float:
        return self.now_s

    def now_micros(self) -> int:
        return int(self.now_s * 1_000_000)


class Store:
    """A dependency that works, fails or hangs, as it is told."""

    def __init__(self) -> None:
        self.error: Exception | None = None
        self.hangs = False

    async def check(self) -> None:
        if self.hangs:
            await asyncio.get_running_loop().create_future()
        if self.error:
            raise self.error


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def readiness(clock: FakeClock) -> Readiness:
    return Readiness(clock)


async def test_a_process_without_dependencies_is_ready(readiness: Readiness) -> None:
    report = await readiness.report()
    assert msgspec.to_builtins(report) == {"ready": True, "reasons": (), "checks": {}, "loops": {}}


async def test_a_dependency_that_works_is_ok(readiness: Readiness) -> None:
    readiness.add_check("store", Store().check, timeout_s=1)
    report = await readiness.report()
    assert report.ready
    assert report.checks == {"store": CheckState("ok", None, 0.0)}


async def test_a_failing_dependency_says_since_when_but_not_what_it_raised(readiness: Readiness, clock: FakeClock) -> None:
    store = Store()
    readiness.add_check("store", store.check, timeout_s=1)
    await readiness.report()
    store.error = BackendUnavailableError("sqlite", "/var/lib/secret-path is gone")
    clock.now_s += 12.5
    report = await readiness.report()
    assert not report.ready
    assert report.reasons == ("store: failed",)
    assert report.checks == {"store": CheckState("failing", "failed", 12.5)}


async def test_a_dependency_that_never_worked_has_no_last_success(readiness: Readiness) -> None:
    store = Store()
    store.error = OSError("down")
    readiness.add_check("store", store.check, timeout_s=1)
    assert (await readiness.report()).checks["store"].last_success_age_s is None


async def test_no_answer_in_time_is_a_failure_and_stops_the_check(readiness: Readiness) -> None:
    store = Store()
    store.hangs = True
    readiness.add_check("store", store.check, timeout_s=0)
    report = await readiness.report()
    assert report.reasons == ("store: no answer within 0 s",)
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_dependency_may_recover(readiness: Readiness) -> None:
    store = Store()
    readiness.add_check("store", store.check, timeout_s=1)
    store.error = OSError("down")
    assert not (await readiness.report()).ready
    store.error = None
    assert (await readiness.report()).ready


async def test_one_failure_does_not_hide_another(readiness: Readiness) -> None:
    good, bad, worse = Store(), Store(), Store()
    bad.error, worse.hangs = OSError("down"), True
    readiness.add_check("good", good.check, timeout_s=1)
    readiness.add_check("bad", bad.check, timeout_s=1)
    readiness.add_check("worse", worse.check, timeout_s=0)
    report = await readiness.report()
    assert report.reasons == ("bad: failed", "worse: no answer within 0 s")
    assert report.checks["good"].status == "ok"


async def test_a_loop_silent_for_more_than_three_intervals_is_stalled(readiness: Readiness, clock: FakeClock) -> None:
    pulse = readiness.loop("heartbeat", interval_s=10)
    clock.now_s += 30
    assert (await readiness.report()).loops == {"heartbeat": LoopState(30.0, 10, stalled=False)}
    clock.now_s += 0.5
    report = await readiness.report()
    assert not report.ready
    assert report.reasons == ("heartbeat: silent for 30.5 s, expected every 10 s",)
    pulse.beat()
    assert (await readiness.report()).ready


async def test_a_loop_that_waits_for_work_shows_its_age_and_never_stalls(readiness: Readiness, clock: FakeClock) -> None:
    readiness.loop("fanout", interval_s=None)
    clock.now_s += 86_400
    report = await readiness.report()
    assert report.ready
    assert report.loops == {"fanout": LoopState(86_400.0, None, stalled=False)}


async def test_a_refusal_holds_whatever_the_checks_say(readiness: Readiness) -> None:
    readiness.add_check("store", Store().check, timeout_s=1)
    readiness.refuse("draining")
    readiness.refuse("draining")
    report = await readiness.report()
    assert not report.ready
    assert report.reasons == ("draining",)
    assert report.checks["store"].status == "ok"


async def test_cancelling_a_report_cancels_its_checks(readiness: Readiness) -> None:
    store = Store()
    store.hangs = True
    readiness.add_check("store", store.check, timeout_s=1000)
    report = asyncio.create_task(readiness.report())
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    report.cancel()
    with pytest.raises(asyncio.CancelledError):
        await report
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}
