"""`/v1/corrections`: spans of time that do not count, said afterwards, by whom and why."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from surewire.errors import ClientError
from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.http.routes.paths import moment
from surewire.monitoring.planning import CorrectionList, CorrectionView, correction_view
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.ledger import Entry
from surewire.slo.correction import Category, Correction

__all__ = ["ROUTES", "NewCorrection"]

Instant = Annotated[str, Meta(min_length=20, max_length=40, description="RFC 3339: `2026-11-21T10:00:00Z`.")]
Note = Annotated[str, Meta(max_length=2_000)]


class NewCorrection(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A span that is over. What others are blamed for needs evidence; the approver is somebody else than the caller.

    It is for the objectives in `slos`, or for all of them when `all_slos` says so.
    """

    start: Instant
    end: Instant
    category: Category
    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]
    evidence: Annotated[Note, Meta(description="Where the proof is: an address, a ticket.")] = ""
    approver: Annotated[str, Meta(min_length=1, max_length=128, description="Who approved it: somebody else than the caller.")]
    slos: Annotated[tuple[str, ...], Meta(max_length=200, description="Ids of the objectives it is for.")] = ()
    all_slos: Annotated[bool, Meta(description="It is for every objective; then `slos` is left out.")] = False


_EXAMPLE: Final = CorrectionView(
    id="cor_01KAJ5R0K6T1B8D3F5H7J9M2PQ",
    start="2026-11-20T22:00:00.000000Z",
    end="2026-11-20T22:30:00.000000Z",
    category="scheduled_maintenance",
    reason="Announced by mail on the 17th, entered late",
    actor="alice",
    approver="bob",
    slos=("availability",),
    at="2026-11-21T10:00:00.000000Z",
)


@serves(
    "POST",
    "/v1/corrections",
    Operation(
        summary="Correct what counts",
        tag="service levels",
        description="Every adjusted value is judged without that time from now on; gross values and what was counted stay as they are.",
        body=NewCorrection,
        body_examples={
            "maintenance that was entered late": NewCorrection(
                start="2026-11-20T22:00:00Z",
                end="2026-11-20T22:30:00Z",
                category="scheduled_maintenance",
                reason="Announced by mail on the 17th, entered late",
                approver="bob",
                slos=("availability",),
            )
        },
        answers={201: Answered("The correction.", CorrectionView, _EXAMPLE)},
        refusals=(409, 413, 415, 422),
        takes_key=True,
    ),
)
async def make_correction(request: Call) -> Reply:
    caller = request.identify()
    body, new = await request.body_as(NewCorrection)
    if bool(new.slos) == new.all_slos:
        raise ClientError("INVALID_MESSAGE", "name the objectives that it is for, or say all_slos: true", path="slos")
    levels = request.services.levels
    correction = Correction(
        id=f"cor_{levels.decisions.new_id()}",
        start_s=moment(new.start, "start"),
        end_s=moment(new.end, "end"),
        category=new.category,
        reason=new.reason,
        evidence=new.evidence,
        approver=new.approver,
        slos=new.slos,
        actor=caller.user_id,
        at_s=levels.decisions.now_s,
    )

    async def effect(claim: Claim | None) -> Entry:
        return await levels.planning.correct(correction, claim)

    return await answer_once(request, caller, body, effect, lambda entry: Answer(201, encode_json(correction_view(entry))))


@serves(
    "GET",
    "/v1/corrections",
    Operation(
        summary="List corrections",
        tag="service levels",
        answers={200: Answered("Every correction.", CorrectionList, CorrectionList((_EXAMPLE,)))},
    ),
)
async def list_corrections(request: Call) -> Reply:
    request.identify()
    return json_reply(200, CorrectionList(request.services.levels.planning.corrections()))


ROUTES: Final = (make_correction, list_corrections)
