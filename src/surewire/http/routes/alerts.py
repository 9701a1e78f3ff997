"""`/v1/alerts`: what is wrong, and who works on it."""

from __future__ import annotations

from typing import Annotated, Final, cast

import msgspec
from msgspec import Meta, Raw, Struct

from surewire.alerting.alert_manager import AlertListing
from surewire.alerting.alert_view import AlertList, AlertStatusView, alert_view
from surewire.alerting.incoming import parse_incoming
from surewire.contract.catalogue import load_alerts
from surewire.domain.event import Event, Severity
from surewire.domain.stream import PlacedEvents
from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.ports.alert_store import AlertState
from surewire.ports.idempotency import Answer, Claim
from surewire.ports.notifier import AlertView

__all__ = ["ROUTES", "KnownIssueNote", "NewAcknowledgement", "ReceivedAlerts", "Word"]

Text = Annotated[str, Meta(max_length=2_000)]

# An event's severities are finer at the top; an alert of a monitoring system is an incident's first sign, not the incident.
_EVENT_SEVERITIES: Final[dict[str, Severity]] = {"SEV-1": "P1", "SEV-2": "P2", "SEV-3": "P3", "SEV-4": "P4"}


class NewAcknowledgement(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody works on it."""

    note: Text = ""


class Word(Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is over."""

    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]


class KnownIssueNote(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The ticket that mends the cause, and the day by which."""

    ticket: Annotated[str, Meta(min_length=1, max_length=500)]
    due: Annotated[
        str, Meta(pattern=r"^\d{4}-\d\d-\d\d$(?!\n)", description="A day: `2026-12-01`.", extra={"takes": "a day such as `2026-12-01`"})
    ]


class ReceivedAlerts(Struct, frozen=True):
    """How many alerts went to the stream, each as an event `alert_received`."""

    received: int


_ALERT: Final = AlertStatusView(
    name="HighConsumerLag",
    severity="SEV-3",
    status="firing",
    since="2026-11-21T10:00:00.000000Z",
    summary="Messages wait to be fanned out.",
    detail="sum of fanout_consumer_lag is 12004, > 10000",
    value=12_004.0,
    owner="Fanout Plane Team Lead",
    runbook="RB-011",
)
_WEBHOOK: Final = {
    "version": "4",
    "groupKey": '{}:{alertname="DiskFull"}',
    "receiver": "surewire",
    "status": "firing",
    "alerts": [
        {
            "status": "firing",
            "labels": {"alertname": "DiskFull", "severity": "critical"},
            "annotations": {"summary": "The disk is full."},
            "startsAt": "2026-11-21T10:00:00Z",
            "endsAt": "0001-01-01T00:00:00Z",
        }
    ],
}


@serves(
    "GET",
    "/v1/alerts",
    Operation(
        summary="List alerts",
        tag="service levels",
        description="Every alert there is. What has no data says so: it is neither firing nor quiet.",
        answers={200: Answered("Every alert.", AlertList, AlertList((_ALERT,)))},
    ),
)
async def list_alerts(request: Call) -> Reply:
    request.identify()
    alerts = request.services.alerts
    return json_reply(200, AlertList(tuple(alert_view(one, alerts.now_s) for one in alerts.manager.listing(alerts.now_s))))


@serves(
    "POST",
    "/v1/alerts",
    Operation(
        summary="Take alerts of an Alertmanager",
        tag="service levels",
        description="Its webhook, version 4. Each alert goes to the stream as the event `alert_received`.",
        body=dict,
        body_examples={"one alert": _WEBHOOK},
        answers={202: Answered("They are on disk and on their way.", ReceivedAlerts, ReceivedAlerts(1))},
        refusals=(409, 413, 415, 422),
        takes_key=True,
    ),
)
async def receive_alerts(request: Call) -> Reply:
    caller = request.identify()
    body = await request.json_body()
    incoming = parse_incoming(body, load_alerts().mapping)
    events = [_received(alert, incoming.dedup_key) for alert in incoming.alerts]

    async def effect(claim: Claim | None) -> PlacedEvents:
        return await request.services.stream.publish(events, claim)

    return await answer_once(request, caller, body, effect, lambda placed: Answer(202, encode_json(ReceivedAlerts(len(placed.events)))))


def _received(alert: AlertView, dedup_key: str) -> Event:
    data = {"status": alert.status, "summary": alert.summary, "detail": alert.detail, "labels": alert.labels, "group": dedup_key}
    return Event(
        "alert_received",
        severity=_EVENT_SEVERITIES[alert.severity],
        source="alertmanager",
        labels={"alertname": alert.name, "status": alert.status},
        data=Raw(msgspec.json.encode(data)),
    )


@serves(
    "POST",
    "/v1/alerts/{alert:str}/ack",
    Operation(
        summary="Acknowledge an alert",
        tag="service levels",
        description="Pages and escalations end, until it fires anew. Only for an alert that fires.",
        body=NewAcknowledgement,
        body_examples={"with a note": NewAcknowledgement("looking at the disks")},
        answers={200: Answered("The alert.", AlertStatusView, _ALERT)},
        refusals=(404, 409, 413, 415, 422),
        takes_key=True,
    ),
)
async def acknowledge_alert(request: Call) -> Reply:
    caller, alerts, name = request.identify(), request.services.alerts, _name(request)
    body, new = await request.body_as(NewAcknowledgement)

    async def effect(claim: Claim | None) -> AlertState:
        return await alerts.manager.acknowledge(name, actor=caller.user_id, note=new.note, now_s=alerts.now_s, claim=claim)

    return await answer_once(request, caller, body, effect, lambda state: _as_it_is(request, state))


@serves(
    "POST",
    "/v1/alerts/{alert:str}/close",
    Operation(
        summary="Close an alert that no machine may close",
        tag="service levels",
        description="For lost messages, duplicate sequences and broken counters, which stay until a person says why they are over.",
        body=Word,
        body_examples={"after the repair": Word("restored from the backup of 09:00, nothing is missing")},
        answers={200: Answered("The alert.", AlertStatusView, _ALERT)},
        refusals=(403, 404, 409, 413, 415, 422),
        takes_key=True,
    ),
)
async def close_alert(request: Call) -> Reply:
    caller, alerts, name = request.identify(), request.services.alerts, _name(request)
    body, new = await request.body_as(Word)

    async def effect(claim: Claim | None) -> AlertState:
        return await alerts.manager.close(name, actor=caller.user_id, reason=new.reason, now_s=alerts.now_s, claim=claim)

    return await answer_once(request, caller, body, effect, lambda state: _as_it_is(request, state))


@serves(
    "POST",
    "/v1/alerts/{alert:str}/known-issue",
    Operation(
        summary="Say that an alert's cause is known",
        tag="service levels",
        description="Stands beside the alert wherever it is shown; pages go on.",
        body=KnownIssueNote,
        body_examples={"a ticket": KnownIssueNote(ticket="https://tickets.example/OPS-12", due="2999-12-01")},
        answers={200: Answered("The alert.", AlertStatusView, _ALERT)},
        refusals=(404, 409, 413, 415, 422),
        takes_key=True,
    ),
)
async def note_known_issue(request: Call) -> Reply:
    caller, alerts, name = request.identify(), request.services.alerts, _name(request)
    body, new = await request.body_as(KnownIssueNote)

    async def effect(claim: Claim | None) -> AlertState:
        return await alerts.manager.note_known_issue(
            name, ticket=new.ticket, due=new.due, actor=caller.user_id, now_s=alerts.now_s, claim=claim
        )

    return await answer_once(request, caller, body, effect, lambda state: _as_it_is(request, state))


def _name(request: Call) -> str:
    return cast("str", request.path_params["alert"])


def _as_it_is(request: Call, state: AlertState) -> Answer:
    """The alert with this state. Made while that is stored, so the rest of the listing is that of the moment before."""
    alerts = request.services.alerts
    listing = next(one for one in alerts.manager.listing(alerts.now_s) if one.rule.name == state.name)
    shown = AlertListing(rule=listing.rule, state=state, judgement=listing.judgement, silence=listing.silence)
    return Answer(200, encode_json(alert_view(shown, alerts.now_s)))


ROUTES: Final = (
    list_alerts,
    receive_alerts,
    acknowledge_alert,
    close_alert,
    note_known_issue,
)
