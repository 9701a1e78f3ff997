"""`surewire slo exclusions`: what maintenance and corrections take out of an objective, and what they do not, and why."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final

from cyclopts import Parameter

from surewire.cli.console_output import print_json, print_table
from surewire.cli.remote import DEFAULT_URL, Url, printable, reaching
from surewire.client.http_api import HttpApi
from surewire.monitoring.exclusions import ExclusionList, ExclusionView

__all__ = ["exclusions"]

_HEAD: Final = ("from", "to", "what", "taken out", "id")


def exclusions(
    id_: Annotated[str, Parameter(name="ID", help="The objective.")],
    /,
    *,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """List what was announced and corrected for an objective within its window: what is taken out, and why something is not."""

    async def run() -> ExclusionList:
        async with HttpApi(url, patience_s=5.0) as api:
            return await api.call("GET", f"/v1/slos/{id_}/exclusions", ExclusionList)

    with reaching():
        found = asyncio.run(run())
    if json:
        print_json(found)
    else:
        print_table(_HEAD, map(_cells, found.items))


def _cells(one: ExclusionView) -> tuple[str, ...]:
    rounded = f", {one.rounding_s} s of it because slots are whole" if one.rounding_s else ""
    taken = f"yes{rounded}" if one.counts else f"no: {one.why_not}"
    return one.start[:19] + "Z", one.end[:19] + "Z", printable(one.what), taken, one.id
