"""`surewire alerts ack`: somebody works on it; with a reason, it is over."""

from __future__ import annotations

import asyncio
from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from surewire.alerting.alert_view import AlertStatusView
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.client.http_api import HttpApi

__all__ = ["ack"]


def ack(
    name: Annotated[str, Parameter(help="The alert.")],
    /,
    *,
    actor: Annotated[str, Parameter(help="Who works on it.")],
    note: Annotated[str, Parameter(help="What whoever looks next should know.")] = "",
    close: Annotated[str | None, Parameter(help="End an alert that no machine may end, for this reason.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Acknowledge an alert that fires: pages and escalations end, until it fires anew.

    MessageLoss, DuplicateSequence and CounterCorruption go on firing until --close says why they are over.
    """
    action, body = ("ack", {"note": note}) if close is None else ("close", {"reason": close})

    async def run() -> AlertStatusView:
        async with HttpApi(url, user_id=actor, patience_s=5.0) as api:
            return await api.call("POST", f"/v1/alerts/{quote(name, safe='')}/{action}", AlertStatusView, body=body)

    with reaching():
        alert = asyncio.run(run())
    print(f"{alert.name}: {'acknowledged by ' + actor if close is None else 'closed by ' + actor}; runbook {alert.runbook}")
