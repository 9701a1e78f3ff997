"""`/v1/deployments`: what went live when, the first place to look for a cause."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Raw, Struct

from surewire.domain.deployment import Deployment
from surewire.domain.event import Event
from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.monitoring.deployments import DeploymentList, RecordedDeployment, recorded_deployment
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.ledger import Entry
from surewire.streams.announcement import announce

__all__ = ["ROUTES", "DeploymentsQuery"]


class DeploymentsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which deployments."""

    limit: Annotated[int, Meta(ge=1, le=200, description="At most so many, the newest.")] = 50


_NEW: Final = Deployment(service="checkout", version="2026.11.3")
_EXAMPLE: Final = RecordedDeployment(
    id="dep_01KAJ5R0K6T1B8D3F5H7J9M2PQ", service="checkout", version="2026.11.3", actor="alice", at="2026-11-21T10:00:00.000000Z"
)


@serves(
    "POST",
    "/v1/deployments",
    Operation(
        summary="Record a deployment",
        tag="service levels",
        description="It is on record before the answer, and goes to the stream as the event `deployment`. When the stream cannot take "
        "events, it is recorded all the same, and only the log tells of the event.",
        body=Deployment,
        body_examples={"a version": _NEW},
        answers={201: Answered("The deployment.", RecordedDeployment, _EXAMPLE)},
        refusals=(409, 413, 415, 422),
        takes_key=True,
    ),
)
async def record_deployment(request: Call) -> Reply:
    caller = request.identify()
    body, new = await request.body_as(Deployment)
    decisions = request.services.levels.decisions
    fields = msgspec.to_builtins(new)
    entry = msgspec.structs.replace(decisions.entry("deployment", new.actor or caller.user_id, fields), id=f"dep_{decisions.new_id()}")

    async def effect(claim: Claim | None) -> Entry:
        await decisions.record(entry, claim)
        await announce(request.services.stream, [_event(recorded_deployment(entry))])
        return entry

    return await answer_once(request, caller, body, effect, lambda done: Answer(201, encode_json(recorded_deployment(done))))


@serves(
    "GET",
    "/v1/deployments",
    Operation(
        summary="List deployments",
        tag="service levels",
        query=DeploymentsQuery,
        answers={200: Answered("The newest deployments.", DeploymentList, DeploymentList((_EXAMPLE,)))},
        refusals=(422,),
    ),
)
async def list_deployments(request: Call) -> Reply:
    request.identify()
    query = request.query_as(DeploymentsQuery)
    newest = request.services.levels.decisions.of("deployment")[: -query.limit - 1 : -1]
    return json_reply(200, DeploymentList(tuple(map(recorded_deployment, newest))))


def _event(deployment: RecordedDeployment) -> Event:
    labels = {"version": deployment.version, "kind": deployment.kind}
    return Event("deployment", source=deployment.service, labels=labels, data=Raw(encode_json(deployment)))


ROUTES: Final = (record_deployment, list_deployments)
