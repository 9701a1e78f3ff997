"""`/v1/freezes` and `/v1/actions`: why deployments stopped, and what ends that."""

from __future__ import annotations

from typing import Annotated, Final, cast

from msgspec import Meta, Struct

from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.http.routes.paths import moment
from surewire.monitoring.corrective_actions import ActionView, FreezeList, FreezeView, action_view
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.ledger import Entry
from surewire.slo.freeze import Action

__all__ = ["ROUTES", "NewAction", "NewValidation"]


class NewAction(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is mended, and by when."""

    slo: Annotated[str, Meta(min_length=1, max_length=128, description="The objective whose freeze it ends.")]
    what: Annotated[str, Meta(min_length=1, max_length=2_000)]
    due: Annotated[str, Meta(min_length=20, max_length=40, description="RFC 3339.")] | None = None


class NewValidation(Struct, frozen=True, forbid_unknown_fields=True):
    """Where it can be seen that the action works."""

    evidence: Annotated[str, Meta(min_length=1, max_length=2_000)]


class Validated(Struct, frozen=True):
    """Who validated which action with what."""

    id: str
    evidence: str
    validated_by: str


_ACTION: Final = ActionView(
    id="act_01KAJ5R0K6T1B8D3F5H7J9M2PQ",
    slo="availability",
    what="retry the store's reads once",
    actor="alice",
    at="2026-11-21T10:00:00.000000Z",
)
_FREEZE: Final = FreezeView(
    slo="availability",
    state="open",
    cause="the budget is breached",
    opened_at="2026-11-21T09:00:00.000000Z",
    actions=(_ACTION,),
    obstacles=("no corrective action is validated; act_01KAJ5R0K6T1B8D3F5H7J9M2PQ waits",),
)


@serves(
    "GET",
    "/v1/freezes",
    Operation(
        summary="List freezes",
        tag="service levels",
        description="Each with what still keeps it from ending.",
        answers={200: Answered("Every freeze that holds, or ended while its budget is still spent.", FreezeList, FreezeList((_FREEZE,)))},
    ),
)
async def list_freezes(request: Call) -> Reply:
    request.identify()
    return json_reply(200, FreezeList(request.services.levels.freeze_views()))


@serves(
    "POST",
    "/v1/actions",
    Operation(
        summary="Record a corrective action",
        tag="service levels",
        description="A freeze ends when one is validated and the budget burned slower than it refills for a day.",
        body=NewAction,
        body_examples={"a fix": NewAction(slo="availability", what="retry the store's reads once")},
        answers={201: Answered("The action.", ActionView, _ACTION)},
        refusals=(409, 413, 415, 422),
        takes_key=True,
    ),
)
async def add_action(request: Call) -> Reply:
    caller, levels = request.identify(), request.services.levels
    body, new = await request.body_as(NewAction)
    action = Action(
        id=f"act_{levels.decisions.new_id()}",
        slo=new.slo,
        what=new.what,
        actor=caller.user_id,
        at_s=levels.decisions.now_s,
        due_s=None if new.due is None else moment(new.due, "due"),
    )

    async def effect(claim: Claim | None) -> Entry:
        return await levels.actions.add(action, claim)

    return await answer_once(request, caller, body, effect, lambda _: Answer(201, encode_json(action_view(action))))


@serves(
    "POST",
    "/v1/actions/{action_id:str}/validate",
    Operation(
        summary="Validate a corrective action",
        tag="service levels",
        body=NewValidation,
        body_examples={"a graph": NewValidation("https://graphs.example/d/availability?from=now-2h")},
        answers={201: Answered("It is validated.", Validated, Validated(_ACTION.id, "https://graphs.example/d/availability", "bob"))},
        refusals=(404, 409, 413, 415, 422),
        takes_key=True,
    ),
)
async def validate_action(request: Call) -> Reply:
    caller, levels = request.identify(), request.services.levels
    action_id = cast("str", request.path_params["action_id"])
    body, new = await request.body_as(NewValidation)

    async def effect(claim: Claim | None) -> Entry:
        return await levels.actions.validate(action_id, new.evidence, caller.user_id, claim)

    done = Validated(action_id, new.evidence, caller.user_id)
    return await answer_once(request, caller, body, effect, lambda _: Answer(201, encode_json(done)))


ROUTES: Final = (list_freezes, add_action, validate_action)
