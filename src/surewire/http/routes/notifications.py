"""`/v1/notifications`: who could not be reached, and trying again."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta, Struct

from surewire.alerting.delivery_view import DeadLetterView, DeliveryView, TargetView, delivery_view
from surewire.errors import ClientError
from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.ports.idempotency import Answer, Claim

__all__ = ["ROUTES", "NotificationsQuery", "Retried", "Retry"]


class NotificationsQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """How much of it."""

    limit: Annotated[int, Meta(ge=1, le=1_000, description="At most so many dead letters, the newest.")] = 100


class Retried(Struct, frozen=True):
    """What is on its way again."""

    id: str


class Retry(Struct, frozen=True, forbid_unknown_fields=True):
    """Which dead letter."""

    id: Annotated[str, Meta(min_length=1, max_length=500)]


_ID: Final = "ntf_01KAJ5R0K6T1B8D3F5H7J9M2PQ"
_EXAMPLE: Final = DeliveryView(
    targets=(TargetView(name="slack", waiting=2, failures=3, problem="HTTP 503", taken_at="2026-11-21T10:00:00.000000Z"),),
    dead_letters=(
        DeadLetterView(
            id=_ID,
            target="slack",
            severity="SEV-3",
            status="firing",
            alerts=("HighConsumerLag",),
            queued_at="2026-11-21T10:00:00.000000Z",
            given_up_at="2026-11-21T10:00:01.000000Z",
            attempts=1,
            problem="HTTP 404: no_service",
        ),
    ),
)


@serves(
    "GET",
    "/v1/notifications",
    Operation(
        summary="Show how people are reached",
        tag="service levels",
        description="What waits for each target, why the last attempt failed, and what was given up.",
        query=NotificationsQuery,
        answers={200: Answered("The targets, and the newest dead letters.", DeliveryView, _EXAMPLE)},
        refusals=(422,),
    ),
)
async def show_delivery(request: Call) -> Reply:
    request.identify()
    query = request.query_as(NotificationsQuery)
    alerts = request.services.alerts
    return json_reply(200, delivery_view(alerts.delivery.targets(), await alerts.store.dead_letters(query.limit)))


@serves(
    "POST",
    "/v1/notifications/retry",
    Operation(
        summary="Try a dead letter again",
        tag="service levels",
        description="It goes to the end of what waits for its target, as if it was new.",
        body=Retry,
        body_examples={"one of the list": Retry(_ID)},
        answers={202: Answered("It is on its way.", Retried, Retried(_ID))},
        refusals=(404, 409, 413, 415, 422),
        takes_key=True,
    ),
)
async def retry_notification(request: Call) -> Reply:
    caller, alerts = request.identify(), request.services.alerts
    body, retry = await request.body_as(Retry)

    async def effect(claim: Claim | None) -> str:
        if not await alerts.store.revive(retry.id, alerts.now_s, claim):
            raise ClientError("NOT_FOUND", "there is no such dead letter")
        alerts.delivery.wake()
        return retry.id

    return await answer_once(request, caller, body, effect, lambda name: Answer(202, encode_json(Retried(name))))


ROUTES: Final = (show_delivery, retry_notification)
