"""`/v1/silences`: what nobody is to be told for a while."""

from __future__ import annotations

from typing import Annotated, Final, cast

from msgspec import Meta, Struct

from surewire.alerting.alert_view import SilenceList, SilenceView, silence_view
from surewire.alerting.plane import AlertingPlane
from surewire.contract.selector import Matcher, parse_selector
from surewire.errors import ClientError, ConfigError
from surewire.http.call import Call
from surewire.http.deadline import in_time
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.http.routes.paths import moment
from surewire.ports.alert_store import Silence
from surewire.ports.idempotency import Answer, Claim

__all__ = ["ROUTES", "NewSilence"]


_Text = Annotated[str, Meta(max_length=2_200)]


class NewSilence(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Alerts whose labels satisfy all matchers; the labels are `alertname`, `severity`, `slo`, `service`, `owner`."""

    matchers: Annotated[tuple[_Text, ...], Meta(min_length=1, max_length=20, description='Such as `alertname="HighConsumerLag"`.')]
    owner: Annotated[str, Meta(min_length=1, max_length=128, description="Who answers for it.")]
    reason: Annotated[str, Meta(min_length=1, max_length=2_000)]
    ends_at: Annotated[str, Meta(min_length=20, max_length=40, description="RFC 3339.")]
    starts_at: Annotated[str, Meta(min_length=20, max_length=40, description="RFC 3339; now when it is left out.")] | None = None


_NO_MATCHER: Final = '{!r} is no matcher; write it like alertname="HighConsumerLag", and patterns as RE2 reads them'

_SILENCE: Final = SilenceView(
    id="sil_01KAJ5R0K6T1B8D3F5H7J9M2PQ",
    matchers=('alertname="HighConsumerLag"',),
    owner="alice",
    reason="load test",
    starts_at="2026-11-21T10:00:00.000000Z",
    ends_at="2026-11-21T12:00:00.000000Z",
    created_by="alice",
    active=True,
    alerts=1,
)


@serves(
    "GET",
    "/v1/silences",
    Operation(
        summary="List silences",
        tag="service levels",
        description="Those that are not over, and the newest 200 at most of those that ended within a week.",
        answers={200: Answered("The silences, by when they end.", SilenceList, SilenceList((_SILENCE,)))},
    ),
)
async def list_silences(request: Call) -> Reply:
    request.identify()
    alerts = request.services.alerts
    return json_reply(200, SilenceList(tuple(_silence_shown(alerts, silence) for silence in alerts.manager.silences)))


@serves(
    "POST",
    "/v1/silences",
    Operation(
        summary="Silence alerts",
        tag="service levels",
        description="Has an owner, a reason and an end within 30 days. Refused when it would mute an alert that nobody may mute, "
        "and while 200 silences are not over, or have 200 patterns between them.",
        body=NewSilence,
        body_examples={
            "a load test": NewSilence(
                matchers=('alertname="HighConsumerLag"',),
                owner="alice",
                reason="load test",
                starts_at="2999-11-21T10:00:00Z",
                ends_at="2999-11-21T12:00:00Z",
            )
        },
        answers={201: Answered("The silence.", SilenceView, _SILENCE)},
        refusals=(403, 409, 413, 415, 422),
        takes_key=True,
    ),
)
async def silence_alerts(request: Call) -> Reply:
    caller, alerts = request.identify(), request.services.alerts
    body, new = await request.body_as(NewSilence)
    now_s = alerts.now_s
    starts_at_s = now_s if new.starts_at is None else moment(new.starts_at, "starts_at")
    matchers = tuple(matcher for text in new.matchers for matcher in _matchers(text))
    ends_at_s = moment(new.ends_at, "ends_at")

    async def effect(claim: Claim | None) -> Silence:
        return await alerts.manager.silence(
            matchers,
            owner=new.owner,
            reason=new.reason,
            starts_at_s=starts_at_s,
            ends_at_s=ends_at_s,
            actor=caller.user_id,
            now_s=now_s,
            claim=claim,
        )

    return await answer_once(request, caller, body, effect, lambda silence: Answer(201, encode_json(_silence_shown(alerts, silence))))


def _matchers(text: str) -> tuple[Matcher, ...]:
    try:
        return parse_selector(f"alerts{{{text}}}").matchers
    except ConfigError:
        raise ClientError("INVALID_MESSAGE", _NO_MATCHER.format(text), path="matchers") from None


@serves(
    "DELETE",
    "/v1/silences/{silence_id:str}",
    Operation(
        summary="End a silence",
        tag="service levels",
        description="What still fires is told at once.",
        answers={204: Answered("It is over.")},
        refusals=(404,),
    ),
)
async def end_silence(request: Call) -> Reply:
    caller, alerts = request.identify(), request.services.alerts
    silence_id = cast("str", request.path_params["silence_id"])
    await in_time(alerts.manager.unsilence(silence_id, actor=caller.user_id, now_s=alerts.now_s))
    return Reply(204)


def _silence_shown(alerts: AlertingPlane, silence: Silence) -> SilenceView:
    return silence_view(silence, alerts.now_s, alerts.manager.muted_by(silence))


ROUTES: Final = (list_silences, silence_alerts, end_silence)
