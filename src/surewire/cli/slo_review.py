"""`surewire slo review`: the checklist of a day, a week, a month or a quarter, with what the server knows of each task."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from cyclopts import Parameter

from surewire.cli.actor import named_actor
from surewire.cli.console_output import print_json, print_warning
from surewire.cli.remote import DEFAULT_URL, Url, printable, reaching
from surewire.client.http_api import HttpApi
from surewire.errors import ClientError, ConfigError
from surewire.monitoring.reviews import ReviewItemView, ReviewView, TickView, empty_review
from surewire.slo.review import CADENCES, Cadence, task_of

__all__ = ["review"]


def review(
    *,
    daily: Annotated[bool, Parameter(help="What is looked at every day (the default).")] = False,
    weekly: Annotated[bool, Parameter(help="What is looked at every week.")] = False,
    monthly: Annotated[bool, Parameter(help="What is looked at every month.")] = False,
    quarterly: Annotated[bool, Parameter(help="What is looked at every quarter.")] = False,
    tick: Annotated[list[str] | None, Parameter(help="Tick off this task, by its name; may be repeated.")] = None,
    note: Annotated[str, Parameter(help="What was found; kept with the ticks.")] = "",
    actor: Annotated[str | None, Parameter(help="Who did it; else the user of this machine.")] = None,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """Print the checklist of a review, with the evidence that the server has for each task, or tick tasks off.

    Without a server the tasks are printed and all are by hand.
    """
    cadence = _cadence(daily=daily, weekly=weekly, monthly=monthly, quarterly=quarterly)
    ticks = _checked(cadence, tick or [])
    if note and not ticks:
        raise ConfigError("a note belongs to a task.", path="--note", mend="Name the task with --tick.")
    found = asyncio.run(_asked(cadence, ticks, note, named_actor(actor), url)) if ticks else _shown(cadence, url)
    if json:
        print_json(found)
    else:
        print("\n".join(_page(found)))


def _cadence(*, daily: bool, weekly: bool, monthly: bool, quarterly: bool) -> Cadence:
    asked: dict[Cadence, bool] = {"daily": daily, "weekly": weekly, "monthly": monthly, "quarterly": quarterly}
    chosen: list[Cadence] = [cadence for cadence in CADENCES if asked[cadence]]
    if len(chosen) > 1:
        raise ConfigError("these are several reviews.", mend=f"Leave out all but one of {', '.join(f'--{one}' for one in chosen)}.")
    return chosen[0] if chosen else CADENCES[0]


def _checked(cadence: Cadence, ticks: list[str]) -> list[str]:
    try:
        return [task_of(cadence, item).id for item in ticks]
    except ClientError as error:
        raise ConfigError(f"{error}.", path="--tick") from error


def _shown(cadence: Cadence, url: str) -> ReviewView:
    try:
        return asyncio.run(_asked(cadence, [], "", "", url))
    except ClientError as error:
        if error.code != "UNAVAILABLE":
            raise
        print_warning(f"{error} Until then every task is by hand.")
        return empty_review(cadence, int(datetime.now(UTC).timestamp()))


async def _asked(cadence: Cadence, ticks: list[str], note: str, actor: str, url: str) -> ReviewView:
    with reaching():
        async with HttpApi(url, patience_s=5.0) as api:
            for item in ticks:
                await api.call("POST", f"/v1/reviews/{cadence}", TickView, body={"item": item, "note": note, "actor": actor})
            return await api.call("GET", f"/v1/reviews/{cadence}", ReviewView)


def _page(found: ReviewView) -> Iterator[str]:
    yield f"{found.cadence} review, {found.start[:10]} to {found.end[:10]} (UTC)"
    for item in found.tasks:
        yield from _item(item)
    if found.agenda:
        yield ""
        yield f"Attendees: {found.attendees}"
        yield f"Agenda: {', '.join(item.text for item in found.agenda)}"
        for item in found.agenda:
            yield from _item(item)


def _item(item: ReviewItemView) -> Iterator[str]:
    yield f"- [{'x' if item.tick else ' '}] {item.text}  ({item.id})"
    for sentence in item.evidence or ("by hand",):
        yield f"      {printable(sentence)}"
    if item.tick:
        note = f": {printable(item.tick.note)}" if item.tick.note else ""
        yield f"      done by {printable(item.tick.actor)} at {item.tick.at[:16]}Z{note}"
