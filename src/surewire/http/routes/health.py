"""`/health` and `/ready`: whether the process lives, and whether it may take traffic."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, Literal

from msgspec import Struct

from surewire.http.call import Call
from surewire.http.operation import Answered, Operation, serves
from surewire.http.problem import Problem
from surewire.http.reply import JSON, PROBLEM, Reply, encode_json, json_reply
from surewire.telemetry.readiness import CheckState, LoopState, ReadinessReport

__all__ = ["ROUTES", "Alive", "NotReady"]

_RETRY_AFTER: Final = ((b"retry-after", b"1"),)


class Alive(Struct, frozen=True):
    """The process answers."""

    status: Literal["alive"] = "alive"


class NotReady(Problem, frozen=True, omit_defaults=True, kw_only=True):
    """Why the server takes no traffic now: a problem document with everything that a readiness report has."""

    ready: Literal[False]
    reasons: tuple[str, ...]
    checks: dict[str, CheckState]
    loops: dict[str, LoopState]


def _not_ready(report: ReadinessReport, request_id: str) -> NotReady:
    return NotReady(
        type="about:blank",
        title=HTTPStatus.SERVICE_UNAVAILABLE.phrase,
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        detail="; ".join(report.reasons),
        code="UNAVAILABLE",
        request_id=request_id,
        ready=False,
        reasons=report.reasons,
        checks=report.checks,
        loops=report.loops,
    )


_ALIVE: Final = encode_json(Alive())
_READY: Final = ReadinessReport(True, (), {"store": CheckState("ok", None, 0.0)}, {"heartbeat": LoopState(0.4, 1.0, False)})
_DRAINING: Final = ReadinessReport(False, ("draining",), _READY.checks, _READY.loops)


@serves(
    "GET",
    "/health",
    Operation(
        summary="Is it alive?",
        tag="operation",
        description="Says nothing of what the server depends on: a process that answers need not be restarted.",
        answers={200: Answered("It is.", Alive, Alive())},
        takes_caller=False,
    ),
)
async def read_health(request: Call) -> Reply:
    return Reply(200, _ALIVE, JSON)


@serves(
    "GET",
    "/ready",
    Operation(
        summary="May it take traffic?",
        tag="operation",
        description="503 while the server drains, a dependency fails or a background loop is stalled, with the reasons.",
        answers={
            200: Answered("It may.", ReadinessReport, _READY),
            503: Answered(
                "It may not, for these reasons.", NotReady, _not_ready(_DRAINING, "req_01KAJ5R0K6T1B8D3F5H7J9M2PQ"), PROBLEM.decode()
            ),
        },
        takes_caller=False,
    ),
)
async def read_readiness(request: Call) -> Reply:
    report = await request.services.readiness.report()
    if report.ready:
        return json_reply(200, report)
    return Reply(503, encode_json(_not_ready(report, request.request_id)), PROBLEM, _RETRY_AFTER)


ROUTES: Final = (read_health, read_readiness)
