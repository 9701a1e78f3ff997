"""`/v1/slos/{slo_id}/exclusions`: what maintenance and corrections take out of an objective, and what they do not, and why."""

from __future__ import annotations

from typing import Final, cast

from surewire.http.call import Call
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, json_reply
from surewire.monitoring.exclusions import ExclusionList, ExclusionView, exclusions_now

__all__ = ["ROUTES"]

_TAKEN: Final = ExclusionView(
    id="mnt_01KAJ5R0K6T1B8D3F5H7J9M2PQ",
    source="maintenance",
    what="move the database",
    start="2026-11-15T02:00:07.000000Z",
    end="2026-11-15T03:00:07.000000Z",
    counts=True,
    why_not="",
    taken_start="2026-11-15T02:00:00.000000Z",
    taken_end="2026-11-15T03:00:15.000000Z",
    rounding_s=15,
)
_LEFT: Final = ExclusionView(
    id="mnt_01KAJ5R0K6T1B8D3F5H7J9M2PR",
    source="maintenance",
    what="new certificates",
    start="2026-11-20T02:00:00.000000Z",
    end="2026-11-20T02:10:00.000000Z",
    counts=False,
    why_not="announced 12 h 0 min before it started; sla-001-http-availability asks for 48 h",
    taken_start=None,
    taken_end=None,
    rounding_s=0,
)
_LIST: Final = ExclusionList(
    slo="sla-001-http-availability", since="2026-11-01T00:00:00.000000Z", at="2026-11-21T10:00:00.000000Z", items=(_TAKEN, _LEFT)
)


@serves(
    "GET",
    "/v1/slos/{slo_id:str}/exclusions",
    Operation(
        summary="Read what is taken out of an objective",
        tag="service levels",
        description="Announced maintenance and corrections that reach into its window, with the reason for each that does not count.",
        answers={200: Answered("By time.", ExclusionList, _LIST)},
        refusals=(404,),
    ),
)
async def read_exclusions(request: Call) -> Reply:
    request.identify()
    return json_reply(200, exclusions_now(request.services.levels, cast("str", request.path_params["slo_id"])))


ROUTES: Final = (read_exclusions,)
