"""`surewire alerts known-issue`: the ticket that mends an alert's cause."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from surewire.alerting.alert_view import AlertStatusView
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.client.http_api import HttpApi

__all__ = ["known_issue"]


def known_issue(
    name: Annotated[str, Parameter(help="The alert.")],
    /,
    *,
    ticket: Annotated[str, Parameter(help="Address or name of the ticket.")],
    due: Annotated[str, Parameter(help="The day by which it is mended: 2026-12-01.")],
    actor: Annotated[str, Parameter(help="Who says so.")],
    url: Url = DEFAULT_URL,
) -> None:
    """Say that the cause of an alert is known. It stands beside the alert everywhere; pages go on."""

    async def run() -> AlertStatusView:
        async with HttpApi(url, user_id=actor, patience_s=5.0) as api:
            path = f"/v1/alerts/{quote(name, safe='')}/known-issue"
            return await api.call("POST", path, AlertStatusView, body={"ticket": ticket, "due": due})

    with reaching():
        alert = asyncio.run(run())
    print(f"{alert.name}: {ticket}, due {due}")
