"""`surewire listen`: events as they happen, one a line."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any

import msgspec
from cyclopts import Parameter

from surewire.cli.console_output import print_warning
from surewire.cli.remote import DEFAULT_URL, SOMEBODY_WAITS, Url, named_values, printable, reaching
from surewire.client import Connected, Disconnected, EventsLost, Filters, Notice, Position, ReceivedEvent, connect
from surewire.domain.stream import parse_position
from surewire.errors import ClientError, ConfigError

__all__ = ["listen"]

_LISTS = [name for name in Filters.__struct_fields__ if name != "labels"]


def listen(
    *,
    filter: Annotated[  # noqa: A002 - the option's name
        list[str] | None,
        Parameter(help=f"NAME=VALUE[,VALUE…], all of which must match; names are {', '.join(_LISTS)} and labels.NAME; may be repeated."),
    ] = None,
    since: Annotated[str | None, Parameter(help="Position EPOCH:OFFSET after which to start; without it only new events come.")] = None,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs: one JSON object a line, with its position.")] = False,
) -> None:
    """Print events as they happen, until interrupted. Comes back by itself when the server does, and misses nothing."""
    filters, start = _filters(named_values("--filter", filter)), _position(since)
    with reaching():
        asyncio.run(_listen(url, filters, start, as_json=json))


async def _listen(url: str, filters: Filters, since: Position | None, *, as_json: bool) -> None:
    async with connect(url, on_notice=_say, reconnect=SOMEBODY_WAITS) as client, client.subscribe(filters, since=since) as events:
        async for event in events:
            print(msgspec.json.encode(event).decode() if as_json else _line(event), flush=True)


def _line(received: ReceivedEvent) -> str:
    event = received.event
    parts = (
        received.timestamp,
        event.severity,
        event.event_type,
        event.source,
        event.incident_id,
        event.channel,
        *event.affected_resources,
    )
    data = msgspec.json.encode(event.data).decode() if event.data else ""
    return printable(" ".join([*filter(None, parts), *(f"{name}={value}" for name, value in event.labels.items()), data]).rstrip())


def _say(notice: Notice) -> None:
    match notice:
        case Connected(again=True):
            print("connected again", file=sys.stderr)
        case Disconnected():
            print(f"disconnected ({notice.reason}), trying again in {notice.retry_in_s:.1f} s", file=sys.stderr)
        case EventsLost():
            print_warning("events are missing here: the server does not keep them for so long.")
        case _:
            pass


def _filters(given: dict[str, str]) -> Filters:
    fields: dict[str, Any] = {name: value.split(",") for name, value in given.items() if not name.startswith("labels.")}
    labels = {name.removeprefix("labels."): value for name, value in given.items() if name.startswith("labels.")}
    try:
        return msgspec.convert(fields | ({"labels": labels} if labels else {}), Filters)
    except msgspec.ValidationError as error:
        problem, _, _ = str(error).replace("Object contains unknown field", "there is no field").partition(" - at")
        raise ConfigError(f"{problem}.", path="--filter", mend=f"Fields are {', '.join(_LISTS)} and labels.NAME.") from None


def _position(text: str | None) -> Position | None:
    try:
        return None if text is None else parse_position(text)
    except ClientError as error:
        raise ConfigError(f"{error}.", path="--since") from None
