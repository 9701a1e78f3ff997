"""`surewire slo action`: what ends a freeze of deployments."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any
from urllib.parse import quote

from cyclopts import App, Parameter

from surewire.cli.console_output import print_json, print_table
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.client.http_api import HttpApi
from surewire.monitoring.corrective_actions import ActionView, FreezeList

__all__ = ["action"]

AsJson = Annotated[bool, Parameter(name="--json", help="Print for programs.")]
_EXAMPLE = "Example: `surewire slo action add availability 'retry reads once' --actor alice`"

action = App(name="action", help="Record, validate and list corrective actions, which end freezes.", help_epilogue=_EXAMPLE)


@action.command(help_epilogue=_EXAMPLE)
def add(
    slo: Annotated[str, Parameter(help="The objective whose freeze it ends.")],
    what: Annotated[str, Parameter(help="What is mended.")],
    /,
    *,
    actor: Annotated[str, Parameter(help="Who records it.")],
    due: Annotated[str | None, Parameter(help="By when: 2026-12-01T12:00:00Z.")] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Record a corrective action; prints its id."""
    body = {"slo": slo, "what": what} | ({"due": due} if due else {})

    async def run() -> ActionView:
        async with HttpApi(url, user_id=actor, patience_s=5.0) as api:
            return await api.call("POST", "/v1/actions", ActionView, body=body)

    with reaching():
        print(asyncio.run(run()).id)


@action.command(
    help_epilogue="Example: `surewire slo action validate act_01KAJ5R0K6T1B8D3F5H7J9M2PQ --evidence https://graphs --actor bob`"
)
def validate(
    action_id: Annotated[str, Parameter(help="Which, by its id.")],
    /,
    *,
    evidence: Annotated[str, Parameter(help="Where it can be seen that it works.")],
    actor: Annotated[str, Parameter(help="Who has seen it.")],
    url: Url = DEFAULT_URL,
) -> None:
    """Say that a corrective action works. The freeze ends once the budget burned slower than 1x for a day."""

    async def run() -> dict[str, Any]:
        async with HttpApi(url, user_id=actor, patience_s=5.0) as api:
            return await api.call("POST", f"/v1/actions/{quote(action_id, safe='')}/validate", dict[str, Any], body={"evidence": evidence})

    with reaching():
        asyncio.run(run())
    print(f"{action_id}: validated by {actor}")


@action.command(name="list", help_epilogue="Example: `surewire slo action list`")
def list_(*, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """List freezes with their corrective actions, and what still keeps each from ending."""

    async def run() -> FreezeList:
        async with HttpApi(url, patience_s=5.0) as api:
            return await api.call("GET", "/v1/freezes", FreezeList)

    with reaching():
        found = asyncio.run(run())
    if as_json:
        print_json(found)
        return
    rows = (
        (freeze.slo, freeze.state, freeze.cause, ", ".join(one.id for one in freeze.actions), "; ".join(freeze.obstacles))
        for freeze in found.items
    )
    print_table(("objective", "freeze", "cause", "actions", "still needed"), rows)
