"""`surewire slo correct`: time that does not count, said afterwards."""

from __future__ import annotations

import asyncio
from typing import Annotated

from cyclopts import Parameter

from surewire.cli.console_output import print_json
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.client.http_api import HttpApi
from surewire.monitoring.planning import CorrectionView
from surewire.slo.correction import Category

__all__ = ["correct"]


def correct(
    *,
    start: Annotated[str, Parameter(help="When it began: 2026-11-21T10:00:00Z.")],
    end: Annotated[str, Parameter(help="When it was over.")],
    category: Annotated[Category, Parameter(help="Whose time it was.")],
    reason: Annotated[str, Parameter(help="Why it does not count.")],
    actor: Annotated[str, Parameter(help="Who corrects.")],
    evidence: Annotated[str, Parameter(help="Where the proof is: an address, a ticket.")] = "",
    approver: Annotated[str, Parameter(help="Who approved it, somebody else.")] = "",
    slo: Annotated[list[str] | None, Parameter(help="Only for this objective; may be repeated.")] = None,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """Take a span of time out of what counts. Gross values stay as they are, and the correction is kept for ever."""
    body = {
        "start": start,
        "end": end,
        "category": category,
        "reason": reason,
        "evidence": evidence,
        "approver": approver,
        "slos": slo or [],
    }

    async def run() -> CorrectionView:
        async with HttpApi(url, user_id=actor, patience_s=5.0) as api:
            return await api.call("POST", "/v1/corrections", CorrectionView, body=body)

    with reaching():
        made = asyncio.run(run())
    if json:
        print_json(made)
    else:
        print(f"{made.id}: {made.start} to {made.end} does not count for {', '.join(made.slos) or 'any objective'}")
