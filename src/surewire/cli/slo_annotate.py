"""`surewire slo annotate`: a note about something that graphs show."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from surewire.cli.console_output import print_json
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.client.http_api import HttpApi
from surewire.monitoring.annotations import AnnotationView

__all__ = ["annotate"]


def annotate(
    text: Annotated[str, Parameter(help="What happened.")],
    /,
    *,
    actor: Annotated[str, Parameter(help="Who says so.")],
    slo: Annotated[str, Parameter(help="The objective that it is about.")] = "",
    start: Annotated[str | None, Parameter(help="When it began: 2026-11-21T10:00:00Z; now, when left out.")] = None,
    end: Annotated[str | None, Parameter(help="When it was over.")] = None,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """Note what happened, such as the cause of a spike. The note is kept for ever, and drawn in Grafana when one is configured."""
    times = {name: at for name, at in (("start", start), ("end", end)) if at is not None}

    async def run() -> AnnotationView:
        async with HttpApi(url, user_id=actor, patience_s=5.0) as api:
            return await api.call("POST", "/v1/annotations", AnnotationView, body={"text": text, "slo": slo, **times})

    with reaching():
        made = asyncio.run(run())
    if json:
        print_json(made)
    else:
        print(f"{made.id}: noted at {made.start}" + (f" to {made.end}" if made.end else ""))
