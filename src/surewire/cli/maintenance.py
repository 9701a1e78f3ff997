"""`surewire maintenance`: maintenance that is announced beforehand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import App, Parameter

from surewire.cli.console_output import print_json, print_table
from surewire.cli.remote import DEFAULT_URL, Url, printable, reaching
from surewire.client.http_api import HttpApi
from surewire.errors import ConfigError
from surewire.monitoring.planning import MaintenanceList, MaintenanceView
from surewire.slo.window import parse_duration

__all__ = ["maintenance"]

AsJson = Annotated[bool, Parameter(name="--json", help="Print for programs.")]
_EXAMPLE = "Example: `surewire maintenance add 'New disks' --start 2026-11-29T02:00:00 --zone Europe/Berlin --duration 2h --actor alice`"

maintenance = App(name="maintenance", help="Announce maintenance, look it up, call it off.", help_epilogue=_EXAMPLE)


@maintenance.command(help_epilogue=_EXAMPLE)
def add(
    title: Annotated[str, Parameter(help="What is maintained.")],
    /,
    *,
    start: Annotated[str, Parameter(help="On the clock of --zone: 2026-11-29T02:00:00.")],
    duration: Annotated[str, Parameter(help="How long, such as 90m or 2h.")],
    zone: Annotated[str, Parameter(help="An IANA time zone.")] = "UTC",
    recurrence: Annotated[str, Parameter(help="An RFC 5545 rule, such as FREQ=WEEKLY;BYDAY=SU.")] = "",
    expires: Annotated[str | None, Parameter(help="Nothing starts then or later.")] = None,
    slo: Annotated[list[str] | None, Parameter(help="Only for this objective; may be repeated.")] = None,
    actor: Annotated[str, Parameter(help="Who announces it.")],
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Announce maintenance. What is announced 48 h before it starts counts for every objective."""
    body = {
        "title": title,
        "start": start,
        "duration_s": _seconds(duration),
        "time_zone": zone,
        "recurrence": recurrence,
        "expires": expires,
        "slos": slo or [],
    }

    async def run() -> MaintenanceView:
        async with HttpApi(url, user_id=actor, patience_s=5.0) as api:
            return await api.call("POST", "/v1/maintenance-windows", MaintenanceView, body=body)

    with reaching():
        made = asyncio.run(run())
    if as_json:
        print_json(made)
    else:
        print(made.id, *(f"{one.start} to {one.end}" for one in made.next[:1]))
        for note in made.notes:
            print(printable(note))


@maintenance.command(name="list", help_epilogue="Example: `surewire maintenance list`")
def list_(*, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List what was announced, newest first."""

    async def run() -> MaintenanceList:
        async with HttpApi(url, patience_s=5.0) as api:
            return await api.call("GET", "/v1/maintenance-windows", MaintenanceList)

    with reaching():
        found = asyncio.run(run())
    if as_json:
        print_json(found)
    else:
        print_table(("id", "what", "next", "how long", "recurs", "who", "note"), map(_row, found.items))


@maintenance.command(help_epilogue="Example: `surewire maintenance cancel mnt_01KAJ5R0K6T1B8D3F5H7J9M2PQ --actor alice`")
def cancel(
    maintenance_id: Annotated[str, Parameter(help="Which, by its id.")],
    /,
    *,
    actor: Annotated[str, Parameter(help="Who calls it off.")],
    url: Url = DEFAULT_URL,
) -> None:
    """Call maintenance off from now on; what was before stays as it was."""

    async def run() -> None:
        async with HttpApi(url, user_id=actor, patience_s=5.0) as api:
            await api.call("DELETE", f"/v1/maintenance-windows/{maintenance_id}", type(None))

    with reaching():
        asyncio.run(run())


def _seconds(duration: str) -> int:
    try:
        return parse_duration(duration)
    except ValueError as error:
        raise ConfigError(f"{error}.", path="--duration") from None


def _row(one: MaintenanceView) -> tuple[str, ...]:
    return one.id, one.title, _coming(one), f"{one.duration_s // 60} min", one.recurrence, one.actor, " ".join(one.notes)


def _coming(one: MaintenanceView) -> str:
    """When it starts next. The server looks a year ahead: without an occurrence in that it is over, or comes later."""
    if one.cancelled_at:
        return "called off"
    if one.next:
        return one.next[0].start
    if _is_to_come(one.start):
        return one.start
    may_come_again = one.recurrence and (one.expires is None or _is_to_come(one.expires))
    return "not within a year" if may_come_again else "over"


def _is_to_come(instant: str) -> bool:
    return datetime.fromisoformat(instant) > datetime.now(UTC)
