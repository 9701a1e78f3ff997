"""`/v1/events`: publishing to the events stream, and reading what was published."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final, cast

from msgspec import Meta, Raw, Struct

from surewire.config.model import Limits
from surewire.domain.event import Event, check_event
from surewire.domain.filters import Filters, normalise
from surewire.domain.stream import PlacedEvents, Position, parse_position
from surewire.errors import ClientError
from surewire.http.body import decode_body
from surewire.http.call import Call
from surewire.http.idempotency import answer_once
from surewire.http.operation import Answered, Operation, serves
from surewire.http.reply import Reply, encode_json, json_reply
from surewire.ports.event_stream import RecoveredPage
from surewire.ports.idempotency import Answer, Claim
from surewire.protocol.server_messages import Recovery

__all__ = ["ROUTES", "EventBatch", "EventPage", "EventsQuery", "PublishedBatch", "PublishedEvent", "RecordedEvent"]

_MAX_PAGE: Final = 500
_POSITION_PATTERN: Final = "^[A-Za-z0-9_-]{1,64}:(0|[1-9][0-9]{0,18})$"


class EventBatch(Struct, frozen=True, forbid_unknown_fields=True):
    """Events to be published together: all of them or none, one after the other."""

    events: Annotated[tuple[Event, ...], Meta(min_length=1, description="`[limits] max_batch_events` at most.")]


class PublishedEvent(Struct, frozen=True, gc=False):
    """The event is on disk and on its way: its id and its place in the stream."""

    message_id: str
    position: Position


class PublishedBatch(Struct, frozen=True):
    """The events of a batch in their order."""

    events: tuple[PublishedEvent, ...]


class EventsQuery(Filters, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """Which events: those after `since` that meet every condition. Without `since`, from the oldest that is kept."""

    since: (
        # The pattern is for the document only: whoever breaks it is told in better words.
        Annotated[str, Meta(description="A position as text, `EPOCH:OFFSET`.", extra_json_schema={"pattern": _POSITION_PATTERN})] | None
    ) = None
    limit: Annotated[int, Meta(ge=1, le=_MAX_PAGE, description="Events on a page.")] = 100


class RecordedEvent(Struct, frozen=True, gc=False):
    """An event as it was published, with its id, the time when it was persisted and its place."""

    message_id: str
    event: Event
    timestamp: str
    position: Position


class EventPage(Struct, frozen=True, omit_defaults=True):
    """A page of the stream. Everything up to `position` was looked at: ask again with `since` = `next` while there is one, and later
    with `position` as text."""

    items: tuple[RecordedEvent, ...]
    position: Position
    recovery: Recovery
    next: str | None = None


class _Body(Struct, frozen=True):
    """A body of either form: what tells them apart, unread."""

    events: Raw = Raw(b"")
    event_type: Raw = Raw(b"")


_POSITION: Final = Position("7d1f0c9a52e84b63", 41)
_MESSAGE_ID: Final = "msg_01KAJ5R0K6T1B8D3F5H7J9M2PQ"
_EVENT: Final = Event(
    event_type="incident_created",
    severity="P1",
    source="llm-sentinel",
    affected_resources=("checkout",),
    labels={"team": "payments"},
    data=Raw(b'{"title":"Checkout is slow"}'),
)
_PUBLISHED: Final = PublishedEvent(_MESSAGE_ID, _POSITION)
_PAGE: Final = EventPage(
    (RecordedEvent(_MESSAGE_ID, _EVENT, "2026-11-21T10:00:01.000000Z", _POSITION),), _POSITION, Recovery(True, 40, 41, 1, False)
)


@serves(
    "POST",
    "/v1/events",
    Operation(
        summary="Publish events",
        tag="events",
        description="One event, or several as a batch, of which all are published or none. Answered once they are on disk.",
        body=(Event, EventBatch),
        body_examples={"one": _EVENT, "a batch": EventBatch((_EVENT, Event("deployment")))},
        answers={202: Answered("Published.", (PublishedEvent, PublishedBatch), _PUBLISHED)},
        refusals=(409, 413, 415, 422),
        takes_key=True,
    ),
)
async def publish_events(request: Call) -> Reply:
    stream, caller = request.services.stream, request.identify()
    body = await request.json_body()
    is_batch, events = _events(body, request.limits)

    async def effect(claim: Claim | None) -> PlacedEvents:
        return await stream.publish(events, claim)

    def render(placed: PlacedEvents) -> Answer:
        published = tuple(PublishedEvent(event.message_id, Position(placed.epoch, event.offset)) for event in placed.events)
        return Answer(202, encode_json(PublishedBatch(published) if is_batch else published[0]))

    return await answer_once(request, caller, body, effect, render)


def _events(body: bytes, limits: Limits) -> tuple[bool, Sequence[Event]]:
    """Whether the body is a batch, and its events. Raises: ClientError `INVALID_MESSAGE`, `LIMIT_EXCEEDED`."""
    form = decode_body(body, _Body, limits.max_json_depth)
    if form.events and form.event_type:
        raise ClientError("INVALID_MESSAGE", "a body is one event, or a batch of `events`, and not both", path="events")
    if not form.events:
        return False, (decode_body(body, Event, limits.max_json_depth),)
    events = decode_body(body, EventBatch, limits.max_json_depth).events
    if len(events) > limits.max_batch_events:
        problem = f"a batch may have {limits.max_batch_events:,} events, this one has {len(events):,}"
        raise ClientError("LIMIT_EXCEEDED", problem, path="events")
    if len(events) == 1:
        # The stream checks all events, but gives no index to one alone.
        check_event(events[0], "events[0]", max_depth=limits.max_json_depth)
    return True, events


@serves(
    "GET",
    "/v1/events",
    Operation(
        summary="Read events",
        tag="events",
        description="The kept events in their order. `recovery.complete` false says that some before them are lost, and `reason` why.",
        query=EventsQuery,
        answers={200: Answered("A page of events.", EventPage, _PAGE)},
        refusals=(422,),
    ),
)
async def read_events(request: Call) -> Reply:
    stream = request.services.stream
    request.identify()
    query = request.query_as(EventsQuery)
    since = Position(stream.head.epoch, 0) if query.since is None else parse_position(query.since)
    page: Any = stream.recover(since, normalise(query, max_values=request.limits.max_filter_values, path="query"))
    page = cast("RecoveredPage", page if isinstance(page, RecoveredPage) else await page)
    return json_reply(200, _page(page, query.limit))


def _page(page: RecoveredPage, limit: int) -> EventPage:
    """The page cut to `limit` events: then it ends at the last of them, and there are more."""
    events = page.events[:limit]
    is_cut = len(events) < len(page.events)
    end, has_more = (events[-1].offset, True) if is_cut else (page.end, page.has_more)
    items = tuple(RecordedEvent(event.message_id, event.event, event.timestamp, Position(page.epoch, event.offset)) for event in events)
    recovery = Recovery(page.complete, page.start, end, len(events), has_more, page.reason)
    position = Position(page.epoch, end)
    return EventPage(items, position, recovery, str(position) if has_more else None)


ROUTES: Final = (publish_events, read_events)
