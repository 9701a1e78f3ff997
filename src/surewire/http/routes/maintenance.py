"""`/v1/maintenance-windows`: maintenance that is announced beforehand and taken out of what is promised."""

from __future__ import annotations

from typing import Annotated, Final, cast

from msgspec import Meta, Struct

from surewire.errors import ClientError
from surewire.http.call import Call
from surewire.http.deadline import in_time
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.monitoring.planning import MaintenanceList, MaintenanceView, OccurrenceView
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.ledger import Entry
from surewire.slo.correction import read_plan
from surewire.slo.maintenance import MAX_DURATION_S, MaintenanceWindow, start_of

__all__ = ["ROUTES", "NewMaintenance"]

Moment = Annotated[str, Meta(min_length=10, max_length=40, description="`2026-11-29T02:00:00`, on the clock of `time_zone`, or with Z.")]


class NewMaintenance(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Maintenance to come. What is announced 48 h before it starts counts for every objective."""

    title: Annotated[str, Meta(min_length=1, max_length=200)]
    start: Moment
    duration_s: Annotated[int, Meta(ge=1, le=MAX_DURATION_S)]
    time_zone: Annotated[str, Meta(max_length=64, description="An IANA name, such as Europe/Berlin.")] = "UTC"
    recurrence: Annotated[str, Meta(max_length=400, description="An RFC 5545 rule, such as FREQ=WEEKLY;BYDAY=SU; once when left out.")] = ""
    expires: Annotated[Moment, Meta(description="Nothing starts then or later.")] | None = None
    slos: Annotated[tuple[str, ...], Meta(max_length=200, description="Ids of the objectives it is for; all when left out.")] = ()


_EXAMPLE: Final = MaintenanceView(
    id="mnt_01KAJ5R0K6T1B8D3F5H7J9M2PQ",
    title="Move to the new disks",
    start="2026-11-29T01:00:00.000000Z",
    duration_s=7_200,
    time_zone="Europe/Berlin",
    announced_at="2026-11-21T10:00:00.000000Z",
    actor="alice",
    next=(OccurrenceView("2026-11-29T01:00:00.000000Z", "2026-11-29T03:00:00.000000Z"),),
)


@serves(
    "POST",
    "/v1/maintenance-windows",
    Operation(
        summary="Announce maintenance",
        tag="service levels",
        description="Once or recurring. It leaves both sides of every ratio; gross values stay. `notes` say what it does not count for.",
        body=NewMaintenance,
        body_examples={"once": NewMaintenance(title="Move to the new disks", start="2026-11-29T02:00:00", duration_s=7_200)},
        answers={201: Answered("The maintenance.", MaintenanceView, _EXAMPLE)},
        refusals=(409, 413, 415, 422),
        takes_key=True,
    ),
)
async def announce_maintenance(request: Call) -> Reply:
    caller = request.identify()
    body, new = await request.body_as(NewMaintenance)
    window = _window(request, new, caller.user_id)

    async def effect(claim: Claim | None) -> Entry:
        return await request.services.levels.planning.announce(window, claim)

    return await answer_once(request, caller, body, effect, lambda entry: _announced(request, entry))


def _window(request: Call, new: NewMaintenance, actor: str) -> MaintenanceWindow:
    decisions = request.services.levels.decisions
    return MaintenanceWindow(
        id=f"mnt_{decisions.new_id()}",
        title=new.title,
        start_s=start_of(new.start, new.time_zone),
        duration_s=new.duration_s,
        time_zone=new.time_zone,
        recurrence=new.recurrence,
        expires_s=None if new.expires is None else start_of(new.expires, new.time_zone),
        slos=new.slos,
        announced_at_s=decisions.now_s,
        actor=actor,
    )


def _announced(request: Call, entry: Entry) -> Answer:
    (window,) = read_plan([entry]).windows
    return Answer(201, encode_json(request.services.levels.planning.maintenance_view(window, entry.at_s)))


@serves(
    "GET",
    "/v1/maintenance-windows",
    Operation(
        summary="List maintenance",
        tag="service levels",
        answers={200: Answered("Everything that was announced.", MaintenanceList, MaintenanceList((_EXAMPLE,)))},
    ),
)
async def list_maintenance(request: Call) -> Reply:
    request.identify()
    return json_reply(200, MaintenanceList(request.services.levels.planning.maintenance()))


@serves(
    "DELETE",
    "/v1/maintenance-windows/{maintenance_id:str}",
    Operation(
        summary="Call maintenance off",
        tag="service levels",
        description="Nothing of it holds from now on; what was before stays as it was.",
        answers={204: Answered("It is called off.")},
        refusals=(404,),
    ),
)
async def cancel_maintenance(request: Call) -> Reply:
    caller = request.identify()
    maintenance_id = cast("str", request.path_params["maintenance_id"])
    if not maintenance_id.startswith("mnt_"):
        raise ClientError("NOT_FOUND", "there is no such maintenance")
    await in_time(request.services.levels.planning.call_off(maintenance_id, caller.user_id, ""))
    return Reply(204)


ROUTES: Final = (announce_maintenance, list_maintenance, cancel_maintenance)
