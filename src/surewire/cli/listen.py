"""`surewire listen`: events as they happen, one a line."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated, Any, Final, get_args

import msgspec
from cyclopts import Parameter

from surewire.cli.console_output import print_warning
from surewire.cli.remote import DEFAULT_URL, SOMEBODY_WAITS, Url, named_values, printable, reaching
from surewire.client import Connected, Disconnected, EventsLost, Filters, Notice, Position, ReceivedEvent, connect
from surewire.domain.event import SEVERITIES
from surewire.domain.filters import StateName
from surewire.domain.stream import parse_position
from surewire.errors import ClientError, ConfigError
from surewire.protocol.pattern_words import in_words

__all__ = ["listen"]

_LOST: Final = {
    "history_exceeded": "events are missing here: the server does not keep them for so long.",
    "epoch_changed": "events may be missing here: the server's log was lost or restored since, and is heard from its start.",
    None: "events are missing here: the server no longer has them.",
}
_VALUES: Final[dict[str, tuple[str, ...]]] = {"severities": SEVERITIES, "states": get_args(StateName)}
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
    filters, start = _filters(named_values("--filter", filter, "severities=P0,P1")), _position(since)
    with reaching():
        asyncio.run(_listen(url, filters, start, as_json=json))


async def _listen(url: str, filters: Filters, since: Position | None, *, as_json: bool) -> None:
    async with connect(url, on_notice=_say, reconnect=SOMEBODY_WAITS) as client, client.subscribe(filters, since=since) as events:
        if sys.stderr.isatty():
            print(f"listening to {url}; Ctrl-C ends", file=sys.stderr)
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
            print_warning(_LOST[notice.reason])
        case _:
            pass


def _filters(given: dict[str, str]) -> Filters:
    fields: dict[str, Any] = {name: value.split(",") for name, value in given.items() if not name.startswith("labels.")}
    labels = {name.removeprefix("labels."): value for name, value in given.items() if name.startswith("labels.")}
    try:
        return msgspec.convert(fields | ({"labels": labels} if labels else {}), Filters)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).replace("Object contains unknown field", "there is no field").partition(" - at `$.")
        field = place.partition("[")[0]
        known = f"{field} are {', '.join(_VALUES[field])}." if field in _VALUES else f"Fields are {', '.join(_LISTS)} and labels.NAME."
        raise ConfigError(f"{in_words(problem)}.", path="--filter", mend=known) from None


def _position(text: str | None) -> Position | None:
    try:
        return None if text is None else parse_position(text)
    except ClientError as error:
        raise ConfigError(f"{error}.", path="--since") from None
