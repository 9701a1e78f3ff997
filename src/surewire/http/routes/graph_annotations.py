"""`/v1/annotations`: what happened, as it is drawn over graphs, and notes of people among it."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.http.routes.paths import moment
from surewire.monitoring.annotations import (
    AnnotationList,
    AnnotationView,
    annotation_view,
    check_note,
    drawn_at_s,
    known_annotations,
    note_entry,
    read_note,
)
from surewire.ports.annotator import Annotation
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.ledger import Entry
from surewire.slo.window import DAY_S

__all__ = ["ROUTES", "AnnotationsQuery", "NewAnnotation"]

Instant = Annotated[str, Meta(min_length=20, max_length=40, description="RFC 3339: `2026-11-21T10:00:00Z`.")]


class NewAnnotation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A note about something that graphs show. Without `start` it is of now; without `end` of a moment."""

    text: Annotated[str, Meta(min_length=1, max_length=2_000)]
    slo: Annotated[str, Meta(max_length=128, description="The objective that it is about.")] = ""
    start: Instant | None = None
    end: Instant | None = None


class AnnotationsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """Which annotations."""

    days: Annotated[int, Meta(ge=1, le=366, description="What became known in the last so many days.")] = 30
    limit: Annotated[int, Meta(ge=1, le=200, description="At most so many, the newest.")] = 50


_NEW: Final = NewAnnotation(text="The advertisement was on television", start="2026-11-21T09:58:00Z", end="2026-11-21T10:10:00Z")
_EXAMPLE: Final = AnnotationView(
    id="ann_01KAJ5R0K6T1B8D3F5H7J9M2PQ",
    kind="spike",
    text="The advertisement was on television",
    start="2026-11-21T09:58:00.000000Z",
    end="2026-11-21T10:10:00.000000Z",
    actor="alice",
)


@serves(
    "POST",
    "/v1/annotations",
    Operation(
        summary="Note what happened",
        tag="service levels",
        description="It is on record before the answer, and drawn in Grafana when one is configured.",
        body=NewAnnotation,
        body_examples={"a spike": _NEW},
        answers={201: Answered("The note.", AnnotationView, _EXAMPLE)},
        refusals=(409, 413, 415, 422),
        takes_key=True,
    ),
)
async def add_annotation(request: Call) -> Reply:
    caller, levels = request.identify(), request.services.levels
    body, new = await request.body_as(NewAnnotation)
    now_s = levels.decisions.now_s
    note = Annotation(
        id=f"ann_{levels.decisions.new_id()}",
        kind="spike",
        text=new.text,
        start_s=now_s if new.start is None else moment(new.start, "start"),
        end_s=None if new.end is None else moment(new.end, "end"),
        known_s=now_s,
        slo=new.slo,
        actor=caller.user_id,
    )
    check_note(note, levels.objectives)

    async def effect(claim: Claim | None) -> Entry:
        return await levels.decisions.record(note_entry(note), claim)

    return await answer_once(request, caller, body, effect, lambda entry: Answer(201, encode_json(annotation_view(read_note(entry)))))


@serves(
    "GET",
    "/v1/annotations",
    Operation(
        summary="List what happened",
        tag="service levels",
        description="Deployments, maintenance that began, freezes of deployments, and notes.",
        query=AnnotationsQuery,
        answers={200: Answered("The newest annotations.", AnnotationList, AnnotationList((_EXAMPLE,)))},
        refusals=(422,),
    ),
)
async def list_annotations(request: Call) -> Reply:
    request.identify()
    query, decisions = request.query_as(AnnotationsQuery), request.services.levels.decisions
    newest = known_annotations(decisions, decisions.now_s - query.days * DAY_S)[: -query.limit - 1 : -1]
    drawn = drawn_at_s(decisions)
    return json_reply(200, AnnotationList(tuple(annotation_view(one, drawn.get(one.id)) for one in newest)))


ROUTES: Final = (add_annotation, list_annotations)
