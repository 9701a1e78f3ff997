"""`/v1/reviews`: what is to be looked at each day, week, month and quarter, what the server knows of it, and who has done it."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Final, cast

import msgspec
from msgspec import Meta, Struct

from surewire.errors import ClientError
from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.monitoring.reviews import ReviewItemView, Reviews, ReviewView, TickView, looked_back, tick_view
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.ledger import Entry
from surewire.slo.review import CADENCES, Cadence, Tick

__all__ = ["ROUTES", "NewTick"]


class NewTick(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """That a task is done."""

    item: Annotated[str, Meta(min_length=1, max_length=128, description="The id of a task, or of a point of the agenda.")]
    note: Annotated[str, Meta(max_length=2_000, description="What was found.")] = ""
    actor: Annotated[str, Meta(max_length=128, description="Who did it; the caller when it is left out.")] = ""


_TICK: Final = TickView(item="heartbeats", actor="alice", at="2026-11-21T10:00:00.000000Z", note="one carrier, mended")
_REVIEW: Final = ReviewView(
    cadence="weekly",
    start="2026-11-16T00:00:00.000000Z",
    end="2026-11-23T00:00:00.000000Z",
    tasks=(
        ReviewItemView(
            id="heartbeats",
            text="Check heartbeat timeout trends",
            evidence=("0.350 % of 3,430 pings unanswered in the last 7 d.",),
            tick=_TICK,
        ),
        ReviewItemView(id="backups", text="Verify backup completion (if applicable)"),
    ),
    attendees="SLO owners + on-call",
    agenda=(ReviewItemView(id="alert-tuning", text="alert tuning", evidence=("Firing now: nothing.",)),),
)


@serves(
    "GET",
    "/v1/reviews/{cadence:str}",
    Operation(
        summary="Read a review",
        tag="service levels",
        description="`daily`, `weekly`, `monthly` or `quarterly`: the running period's tasks (UTC), and what the server knows of them.",
        answers={200: Answered("The review.", ReviewView, _REVIEW)},
        refusals=(404,),
    ),
)
async def read_review(request: Call) -> Reply:
    request.identify()
    cadence, services = _cadence(request), request.services
    episodes = await services.alerts.store.episodes(looked_back(cadence, services.levels.decisions.now_s))
    fired = Counter(episode.name for episode in episodes)
    return json_reply(200, Reviews(services.levels).at_present(cadence, fired))


@serves(
    "POST",
    "/v1/reviews/{cadence:str}",
    Operation(
        summary="Tick off a task of a review",
        tag="service levels",
        description="It holds for the running period. Ticked again, the later tick counts.",
        body=NewTick,
        body_examples={"a task": NewTick(item="heartbeats", note="one carrier, mended")},
        answers={201: Answered("The tick.", TickView, _TICK)},
        refusals=(404, 409, 413, 415, 422),
        takes_key=True,
    ),
)
async def tick_review(request: Call) -> Reply:
    caller = request.identify()
    cadence = _cadence(request)
    body, new = await request.body_as(NewTick)

    async def effect(claim: Claim | None) -> Entry:
        return await Reviews(request.services.levels).tick(cadence, new.item, new.actor or caller.user_id, new.note, claim)

    return await answer_once(request, caller, body, effect, lambda entry: Answer(201, encode_json(_ticked(entry))))


def _cadence(request: Call) -> Cadence:
    cadence = cast("str", request.path_params["cadence"])
    if cadence not in CADENCES:
        raise ClientError("NOT_FOUND", f"there is no {cadence} review; there are {', '.join(CADENCES)}")
    return cadence


def _ticked(entry: Entry) -> TickView:
    return tick_view(msgspec.convert({**entry.body, "actor": entry.actor, "at_s": entry.at_s}, Tick))


ROUTES: Final = (read_review, tick_review)
