"""`surewire alerts undelivered`: who could not be reached, and trying again."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from surewire.alerting.delivery_view import DeadLetterView, DeliveryView
from surewire.cli.console_output import print_json, print_table
from surewire.cli.remote import DEFAULT_URL, Url, printable, reaching
from surewire.client.http_api import HttpApi

__all__ = ["undelivered"]


def undelivered(
    *,
    retry: Annotated[list[str] | None, Parameter(help="Try this dead letter again, by its id; may be repeated.")] = None,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> int:
    """List what waits for a target that does not take it, and what was given up. Exit 1 when there is any."""
    with reaching():
        found = asyncio.run(_asked(url, retry or []))
    if json:
        print_json(found)
    else:
        _print(found)
    return 1 if found.dead_letters or any(target.problem for target in found.targets) else 0


async def _asked(url: str, retry: list[str]) -> DeliveryView:
    async with HttpApi(url, patience_s=5.0) as api:
        for one in retry:
            await api.call("POST", "/v1/notifications/retry", dict, body={"id": one})
        return await api.call("GET", "/v1/notifications", DeliveryView)


def _print(found: DeliveryView) -> None:
    rows = [
        (target.name, "", f"{target.waiting} wait", "", f"{target.failures} failures", printable(target.problem))
        for target in found.targets
        if target.problem
    ]
    rows += map(_row, found.dead_letters)
    if rows:
        print_table(("target", "id", "what", "given up", "tried", "why"), rows)
    else:
        print(f"{len(found.targets)} targets, and nothing is undelivered")


def _row(letter: DeadLetterView) -> tuple[str, str, str, str, str, str]:
    what = f"{letter.severity} {letter.status}: {', '.join(letter.alerts)}"
    tried = "once" if letter.attempts == 1 else f"{letter.attempts} times"
    return letter.target, letter.id, what, letter.given_up_at, tried, printable(letter.problem)
