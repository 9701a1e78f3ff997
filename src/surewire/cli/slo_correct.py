"""`surewire slo correct`: time that does not count, said afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from cyclopts import Parameter

from surewire.cli.console_output import print_json
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.client.http_api import HttpApi
from surewire.errors import ConfigError
from surewire.monitoring.planning import CorrectionView
from surewire.monitoring.slo_view import SloList, SloView
from surewire.slo.correction import Category

__all__ = ["correct"]

# The server judges anew every 15 s.
_PATIENCE_S: Final = 40.0
_EVERY_S: Final = 0.5


def correct(
    *,
    start: Annotated[str, Parameter(help="When it began: 2026-11-21T10:00:00Z.")],
    end: Annotated[str, Parameter(help="When it was over.")],
    category: Annotated[Category, Parameter(help="Whose time it was.")],
    reason: Annotated[str, Parameter(help="Why it does not count.")],
    actor: Annotated[str, Parameter(help="Who corrects.")],
    approver: Annotated[str, Parameter(help="Who approved it, somebody else.")],
    evidence: Annotated[str, Parameter(help="Where the proof is: an address, a ticket.")] = "",
    slo: Annotated[list[str] | None, Parameter(help="For this objective; may be repeated.")] = None,
    all_slos: Annotated[bool, Parameter(name="--all", negative=(), help="For every objective.")] = False,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs, without waiting for what it changes.")] = False,
) -> None:
    """Take a span of time out of what counts, and print what that changes. Gross values stay, and the correction is kept for ever."""
    if bool(slo) == all_slos:
        raise ConfigError("a correction is for some objectives or for all.", path="--slo", mend="Name them with --slo, or write --all.")
    body = {
        "start": start,
        "end": end,
        "category": category,
        "reason": reason,
        "evidence": evidence,
        "approver": approver,
        "slos": slo or [],
        "all_slos": all_slos,
    }
    with reaching():
        asyncio.run(_correct(body, actor, url, json=json))


async def _correct(body: Mapping[str, object], actor: str, url: str, *, json: bool) -> None:
    async with HttpApi(url, user_id=actor, patience_s=5.0) as api:
        before = await api.call("GET", "/v1/slos", SloList)
        made = await api.call("POST", "/v1/corrections", CorrectionView, body=body)
        if json:
            print_json(made)
            return
        print(f"{made.id}: {made.start} to {made.end} does not count for {', '.join(made.slos) or 'any objective'}", flush=True)
        after = await _judged_after(api, made.at) if before.slos else None
    print("\n".join(_changes(before, after)) if after else "What it changes is judged within a minute: surewire slo status")


async def _judged_after(api: HttpApi, at: str) -> SloList | None:
    """The objectives as they are judged with the correction; None when that takes too long."""
    until_s = time.monotonic() + _PATIENCE_S
    while time.monotonic() < until_s:
        found = await api.call("GET", "/v1/slos", SloList)
        if found.at > at:
            return found
        await asyncio.sleep(_EVERY_S)
    return None


def _changes(before: SloList, after: SloList) -> Iterator[str]:
    was = {slo.id: slo for slo in before.slos}
    changed = [slo for slo in after.slos if slo.excluded_s != was[slo.id].excluded_s]
    for slo in changed:
        yield f"{slo.id}: was {_standing(was[slo.id])}; is {_standing(slo)}"
    if not changed:
        yield "It changes nothing: no objective takes this time out of its window."


def _standing(slo: SloView) -> str:
    share = "no data" if slo.sli is None else f"{slo.sli * 100:.4f} %"
    left = "" if slo.budget_remaining is None else f" with {slo.budget_remaining * 100:.1f} % of the budget left"
    return f"{share}{left}, {slo.state.replace('_', ' ')}"
