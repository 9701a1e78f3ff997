"""`surewire deployment`: what went live, so that "what changed?" has an answer."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import App, Parameter

from surewire.cli.actor import named_actor
from surewire.cli.console_output import print_json, print_table
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.client.http_api import HttpApi
from surewire.domain.deployment import DeploymentKind
from surewire.monitoring.deployments import DeploymentList, RecordedDeployment

__all__ = ["deployment"]

AsJson = Annotated[bool, Parameter(name="--json", help="Print for programs.")]
_EXAMPLE = "Example: `surewire deployment record checkout 2026.11.3 --actor alice`"

deployment = App(name="deployment", help="Record what went live, and look it up.", help_epilogue=_EXAMPLE)


@deployment.command(help_epilogue=_EXAMPLE)
def record(
    service: Annotated[str, Parameter(help="What was changed.")],
    version: Annotated[str, Parameter(help="To which version.")],
    /,
    *,
    kind: Annotated[DeploymentKind, Parameter(help="A new version, or its configuration.")] = "deploy",
    actor: Annotated[str | None, Parameter(help="Who did it; else the user of this machine.")] = None,
    note: Annotated[str, Parameter(help="Whatever helps whoever looks for a cause.")] = "",
    url: Url = DEFAULT_URL,
    as_json: AsJson = False,
) -> None:
    """Record a deployment; listeners get it as the event `deployment`."""
    body = {"service": service, "version": version, "kind": kind, "actor": named_actor(actor), "note": note}

    async def run() -> RecordedDeployment:
        async with HttpApi(url, patience_s=5.0) as api:
            return await api.call("POST", "/v1/deployments", RecordedDeployment, body=body)

    with reaching():
        made = asyncio.run(run())
    if as_json:
        print_json(made)
    else:
        print(made.id, made.at)


@deployment.command(name="list", help_epilogue="Example: `surewire deployment list`")
def list_(*, limit: Annotated[int, Parameter(help="At most so many.")] = 20, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List the newest deployments."""

    async def run() -> DeploymentList:
        async with HttpApi(url, patience_s=5.0) as api:
            return await api.call("GET", "/v1/deployments", DeploymentList, params={"limit": str(limit)})

    with reaching():
        found = asyncio.run(run())
    if as_json:
        print_json(found)
    else:
        head = ("when", "service", "version", "kind", "who", "note")
        print_table(head, ((one.at, one.service, one.version, one.kind, one.actor, one.note) for one in found.items))
