"""`surewire slo gate`: whether a change may be deployed, for scripts that deploy."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

from cyclopts import Parameter

from surewire.cli.console_output import print_json
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.client.http_api import HttpApi
from surewire.errors import ClientError, ConfigError
from surewire.slo.gate import EXIT_CODES, ChangeKind, GateResult

__all__ = ["gate"]


def gate(
    *,
    change: Annotated[ChangeKind, Parameter(help="What is to be deployed.")] = "feature",
    slo: Annotated[list[str] | None, Parameter(help="Judge by this objective; may be repeated. Else by all that gate.")] = None,
    override: Annotated[str | None, Parameter(help="Deploy in spite of it, for this reason, which is kept for ever.")] = None,
    actor: Annotated[str | None, Parameter(help="Who overrides.")] = None,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> int:
    """Ask whether a change may be deployed. Exit 0 allowed, 10 refused, 11 unknown (no data, or no answer): not allowed either."""
    if (override is None) != (actor is None):
        raise ConfigError("an override has a reason and a name.", mend="Write --override REASON --actor WHO.")
    try:
        with reaching():
            result = asyncio.run(_asked(change, slo or [], override, actor, url))
    except ClientError as error:
        if error.code != "UNAVAILABLE":
            raise
        # Whoever deploys by exit code must not read "no answer" as "allowed".
        print(f"unknown: {error}")
        return EXIT_CODES["unknown"]
    if json:
        print_json(result)
    else:
        print(result.reason)
        if result.verdict == "unknown" and not result.is_allowed:
            print("To deploy in spite of it: --override REASON --actor WHO, which is kept for ever.", file=sys.stderr)
    return result.exit_code


async def _asked(change: ChangeKind, slos: list[str], override: str | None, actor: str | None, url: str) -> GateResult:
    async with HttpApi(url, patience_s=5.0) as api:
        if override is None:
            return await api.call("GET", "/v1/gate", GateResult, params={"change": change} | ({"slo": slos} if slos else {}))
        body = {"change": change, "slo": slos, "reason": override, "actor": actor}
        return await api.call("POST", "/v1/gate/overrides", GateResult, body=body)
