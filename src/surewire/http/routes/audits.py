"""`/v1/audits`: what somebody did to alerts somewhere else, for the record."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
from msgspec import Meta, Struct

from surewire.domain.instant import format_seconds
from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.ledger import Entry

__all__ = ["ROUTES", "AuditedAct", "NewAudit"]

Words = Annotated[str, Meta(min_length=1, max_length=500)]


class NewAudit(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something that was done, or tried."""

    what: Annotated[Words, Meta(description="What was done: `silence at an Alertmanager`.")]
    subject: Annotated[Words, Meta(description="Names of alerts, separated by a comma and a space.")]
    reason: Annotated[str, Meta(max_length=2_000, description="Why, as whoever did it says.")] = ""
    outcome: Annotated[Words, Meta(description="What came of it: `ended`.")]


class AuditedAct(Struct, frozen=True, kw_only=True):
    """An act on record."""

    id: str
    what: str
    subject: str
    reason: str
    outcome: str
    actor: str
    at: str


_NEW: Final = NewAudit(
    what="silence at an Alertmanager", subject="MessageLoss", reason="silenced by bob until Monday: too loud", outcome="ended"
)
_EXAMPLE: Final = AuditedAct(
    id="aud_01KAJ5R0K6T1B8D3F5H7J9M2PQ", **msgspec.structs.asdict(_NEW), actor="alice", at="2026-11-21T10:00:00.000000Z"
)


@serves(
    "POST",
    "/v1/audits",
    Operation(
        summary="Record an act",
        tag="service levels",
        description="It is on record before the answer. The weekly report names those whose subject is an alert that cannot be muted.",
        body=NewAudit,
        body_examples={"a silence that was ended": _NEW},
        answers={201: Answered("The act.", AuditedAct, _EXAMPLE)},
        refusals=(409, 413, 415, 422),
        takes_key=True,
    ),
)
async def record_act(request: Call) -> Reply:
    caller = request.identify()
    body, new = await request.body_as(NewAudit)
    decisions = request.services.levels.decisions
    made = decisions.entry("audit", caller.user_id, msgspec.structs.asdict(new))
    entry = msgspec.structs.replace(made, id=f"aud_{made.id}")

    async def effect(claim: Claim | None) -> Entry:
        return await decisions.record(entry, claim)

    return await answer_once(request, caller, body, effect, lambda done: Answer(201, encode_json(_act(done))))


def _act(entry: Entry) -> AuditedAct:
    return AuditedAct(id=entry.id, **entry.body, actor=entry.actor, at=format_seconds(entry.at_s))


ROUTES: Final = (record_act,)
