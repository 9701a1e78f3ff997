"""`surewire invariants`: what must always hold of service levels, looked for in the definitions and on a server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Final

import httpx
import msgspec
from cyclopts import Parameter

from surewire.cli.configuration import ConfigFile
from surewire.cli.console_output import print_error, print_json, print_table
from surewire.cli.remote import reaching
from surewire.cli.slo_definitions import DefinitionsFile, read_source, the_definitions
from surewire.cli.trial_server import trial_server, use_everything
from surewire.client.address import parse_address
from surewire.client.http_api import HttpApi
from surewire.contract.catalogue import load_alerts, load_metrics
from surewire.errors import ClientError, ConfigError
from surewire.monitoring.declared import declared
from surewire.monitoring.export.catalogues import catalogues_of
from surewire.monitoring.slo_view import SloList
from surewire.slo.invariants import INVARIANTS, Definitions, Invariant, Live, Ownership, Violation, still_signals, unmeasured, violations
from surewire.telemetry.scrape import read_exposition

__all__ = ["invariants"]

_TIMEOUT_S: Final = 10.0
_LOOKS_AGAIN_S: Final = 0.1


class _Row(msgspec.Struct, frozen=True):
    """What became of one invariant, for programs."""

    invariant: str
    promise: str
    checked: tuple[str, ...]
    violations: tuple[Violation, ...]


def invariants(
    *,
    url: Annotated[str, Parameter(name="--url", help="A running server to look at as well.")] = "",
    spawn: Annotated[bool, Parameter(help="Start a server for it on loopback, use it a little, and look at that.")] = False,
    file: DefinitionsFile = None,
    config: ConfigFile = None,
    as_json: Annotated[bool, Parameter(name="--json", help="Print for programs.")] = False,
) -> int:
    """Check what must always hold: on the definitions, and with --url or --spawn on a server. Exit 1 when something is broken."""
    if url and spawn:
        raise ConfigError("--url and --spawn name two servers.", mend="Leave one of them out.")
    definitions = declared(catalogues_of(the_definitions(file, config).catalogue, load_alerts(), load_metrics()))
    live, still = _look_at_trial(read_source(file, config).text) if spawn else (_look_at(url), ()) if url else (None, ())
    rows = [_row(invariant, definitions, live, still) for invariant in INVARIANTS]
    if as_json:
        print_json({"invariants": rows, "no_data": unmeasured(definitions, live) if live else ()})
    else:
        _print(rows, definitions, live)
    return 1 if any(row.violations for row in rows) else 0


def _look_at(url: str) -> Live:
    with reaching():
        return asyncio.run(_look(url))


def _look_at_trial(definitions: str) -> tuple[Live, tuple[Violation, ...]]:
    """What a server with these definitions shows after a little use, and its signals that did not move."""

    async def run() -> Live:
        async with trial_server(definitions) as url:
            await use_everything(url)
            return await _look(url)

    live = asyncio.run(run())
    return live, tuple(still_signals(live))


async def _look(url: str) -> Live:
    text = await _scrape(url)
    async with HttpApi(url, patience_s=_TIMEOUT_S) as api:
        shown = await _judged(api)
    try:
        families = read_exposition(text)
    except ValueError as error:
        raise ClientError("INVALID_MESSAGE", f"what {url} shows at /metrics is not in the format of Prometheus: {error}") from error
    return Live(families=families, objectives=tuple(Ownership(row.id, row.owner, row.backup) for row in shown.slos))


async def _judged(api: HttpApi) -> SloList:
    """All objectives; a server that has just started needs a moment until it has judged them."""
    for _ in range(round(_TIMEOUT_S / _LOOKS_AGAIN_S)):
        if (shown := await api.call("GET", "/v1/slos", SloList)).slos:
            return shown
        await asyncio.sleep(_LOOKS_AGAIN_S)
    raise ClientError("UNAVAILABLE", "the server has not judged its objectives yet; try again", temporary=True, retry_after_s=_TIMEOUT_S)


async def _scrape(url: str) -> str:
    address = f"{parse_address(url).http}/metrics"
    try:
        async with httpx.AsyncClient(timeout=_TIMEOUT_S, trust_env=False) as http:
            response = await http.get(address, headers={"Accept": "text/plain"})
            response.raise_for_status()
    except httpx.HTTPError as error:
        raise ClientError("UNAVAILABLE", f"no metrics from {address}: {error}", temporary=True) from error
    return response.text


def _row(invariant: Invariant, definitions: Definitions, live: Live | None, still: tuple[Violation, ...]) -> _Row:
    checked = ("definitions", *(("server",) if live and invariant.live else ()))
    found = (*violations(invariant, definitions, live), *(one for one in still if one.invariant == invariant.name))
    return _Row(invariant=invariant.name, promise=invariant.promise, checked=checked, violations=found)


def _print(rows: list[_Row], definitions: Definitions, live: Live | None) -> None:
    print_table(("invariant", "checked on", "broken", "which says"), _cells(rows))
    for row in rows:
        for violation in row.violations:
            print_error(violation)
    if live and (silent := unmeasured(definitions, live)):
        print(f"no data here, for want of what they read: {', '.join(silent)}")
    if live:
        print(f"{sum(family.series for family in live.families.values()):,} series in {len(live.families)} families")


def _cells(rows: list[_Row]) -> Iterator[tuple[str, ...]]:
    for row in rows:
        yield row.invariant, " and ".join(row.checked), str(len(row.violations)), row.promise
