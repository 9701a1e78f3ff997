"""`/v1/slos` and `/v1/gate`: what is promised, what is left of it, and whether a change may be deployed."""

from __future__ import annotations

from typing import Annotated, Final, cast

from msgspec import Meta, Struct

from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.monitoring.slo_view import SloList, SloView, slo_list, slo_view
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.ledger import Entry
from surewire.slo.gate import ChangeKind, GateResult, Override, Refusal

__all__ = ["ROUTES", "GateQuery", "NewOverride"]

Name = Annotated[str, Meta(min_length=1, max_length=128)]


class GateQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which change asks, and which objectives judge it."""

    change: ChangeKind = "feature"
    slo: Annotated[tuple[str, ...], Meta(max_length=200, description="Ids; all that can refuse when left out.")] = ()


class NewOverride(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lets a change through in spite of the gate; who did and why is kept for ever."""

    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]
    actor: Annotated[str, Meta(max_length=128, description="Who answers for it; the caller when it is left out.")] = ""
    change: ChangeKind = "feature"
    slo: Annotated[tuple[str, ...], Meta(max_length=200)] = ()


_VIEW: Final = SloView(
    id="availability",
    kind="ratio",
    objective=0.999,
    window="30d",
    since="2026-10-22T10:00:00.000000Z",
    good=1_998_900,
    bad=1_100,
    total=2_000_000,
    sli=0.99945,
    sli_gross=0.9993,
    bad_gross=1_400,
    total_gross=2_000_500,
    budget_remaining=0.45,
    budget_remaining_gross=0.300174956261,
    events_left=900,
    outage_minutes_left=19.4,
    burn_rates={"1h": 0.2, "5m": 0.0},
    coverage=0.9998,
    excluded_s=1_800,
    state="caution",
    verdict="met",
    owner="Platform Engineering Manager",
    backup="VP Engineering",
    note="",
)
_LIST: Final = SloList("2026-11-21T10:00:00.000000Z", (_VIEW,))
_REFUSED: Final = GateResult(
    verdict="refused",
    change="feature",
    is_allowed=False,
    exit_code=10,
    reason="a feature change is refused: availability is caution (45.0 % of its budget left)",
    refusing=(Refusal("availability", "is caution (45.0 % of its budget left)"),),
    unknown=(),
    skipped=("message-durability",),
    override=None,
)


@serves(
    "GET",
    "/v1/slos",
    Operation(
        summary="Read all objectives",
        tag="service levels",
        description="As they were judged at the last tick. What has no data says so: it is neither met nor breached.",
        answers={
            200: Answered("Every objective, in the order of the definitions.", SloList, SloList("2026-11-21T10:00:00.000000Z", (_VIEW,)))
        },
    ),
)
async def list_slos(request: Call) -> Reply:
    request.identify()
    levels = request.services.levels
    return json_reply(200, slo_list(levels.statuses, levels.at_s or levels.decisions.now_s))


@serves(
    "GET",
    "/v1/slos/{slo_id:str}",
    Operation(
        summary="Read an objective",
        tag="service levels",
        answers={200: Answered("The objective as it was judged at the last tick.", SloView, _VIEW)},
        refusals=(404,),
    ),
)
async def read_slo(request: Call) -> Reply:
    request.identify()
    return json_reply(200, slo_view(request.services.levels.status(cast("str", request.path_params["slo_id"]))))


@serves(
    "GET",
    "/v1/gate",
    Operation(
        summary="Ask whether a change may be deployed",
        tag="service levels",
        description="`exit_code` is what `surewire slo gate` ends with: 0 allowed, 10 refused, 11 unknown, which is not allowed either.",
        query=GateQuery,
        answers={200: Answered("The answer, with its reason in one line.", GateResult, _REFUSED)},
        refusals=(404, 422),
    ),
)
async def ask_gate(request: Call) -> Reply:
    request.identify()
    query = request.query_as(GateQuery)
    return json_reply(200, request.services.levels.gate(query.change, query.slo))


@serves(
    "POST",
    "/v1/gate/overrides",
    Operation(
        summary="Let a change through",
        tag="service levels",
        description="On record before it holds, with what the gate itself said.",
        body=NewOverride,
        body_examples={"a fix": NewOverride(reason="mends the cause of the breach", actor="alice")},
        answers={201: Answered("The gate's answer with the override.", GateResult, _REFUSED)},
        refusals=(404, 409, 413, 415, 422),
        takes_key=True,
    ),
)
async def override_gate(request: Call) -> Reply:
    caller = request.identify()
    body, new = await request.body_as(NewOverride)
    override = Override(new.reason, new.actor or caller.user_id)

    async def effect(claim: Claim | None) -> Entry:
        return await request.services.levels.let_through(new.change, new.slo, override, claim)

    return await answer_once(request, caller, body, effect, lambda entry: Answer(201, encode_json(entry.body)))


ROUTES: Final = (list_slos, read_slo, ask_gate, override_gate)
