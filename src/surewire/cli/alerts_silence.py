"""`surewire alerts silence`: nobody is told for a while, except of what nobody may silence."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated
from urllib.parse import quote

from cyclopts import Parameter

from surewire.alerting.alert_view import SilenceList, SilenceView
from surewire.cli.console_output import print_json, print_table, print_warning
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.client.http_api import HttpApi
from surewire.domain.instant import format_seconds
from surewire.errors import ConfigError
from surewire.slo.window import parse_duration

__all__ = ["silence"]


def silence(
    *matchers: Annotated[
        str, Parameter(help="""Which alerts, such as 'alertname="HighConsumerLag"'. Without any, or `list`: list them.""")
    ],
    duration: Annotated[str, Parameter(name="--for", help="How long, such as 2h.")] = "1h",
    reason: Annotated[str, Parameter(help="Why.")] = "",
    owner: Annotated[str, Parameter(help="Who answers for it.")] = "",
    end: Annotated[str | None, Parameter(help="End the silence with this id.")] = None,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> None:
    """Silence alerts, list silences, or end one. Lost messages, duplicate sequences and broken counters cannot be silenced."""
    with reaching():
        if end is not None:
            asyncio.run(_end(end, owner, url))
        elif matchers and matchers != ("list",):
            _show((asyncio.run(_make(matchers, duration, reason, owner, url)),), json=json)
        else:
            _show(asyncio.run(_list(url)).items, json=json)


async def _make(matchers: tuple[str, ...], duration: str, reason: str, owner: str, url: str) -> SilenceView:
    if not reason or not owner:
        raise ConfigError("a silence has an owner and a reason.", mend="Write --owner WHO --reason WHY.")
    try:
        ends_at_s = int(time.time()) + parse_duration(duration)
    except ValueError as error:
        raise ConfigError(f"{error}.", path="--for") from None
    body = {"matchers": matchers, "owner": owner, "reason": reason, "ends_at": format_seconds(ends_at_s)}
    async with HttpApi(url, user_id=owner, patience_s=5.0) as api:
        return await api.call("POST", "/v1/silences", SilenceView, body=body)


async def _list(url: str) -> SilenceList:
    async with HttpApi(url, patience_s=5.0) as api:
        return await api.call("GET", "/v1/silences", SilenceList)


async def _end(silence_id: str, owner: str, url: str) -> None:
    async with HttpApi(url, user_id=owner or None, patience_s=5.0) as api:
        await api.call("DELETE", f"/v1/silences/{quote(silence_id, safe='')}", type(None))


def _show(silences: tuple[SilenceView, ...], *, json: bool) -> None:
    if json:
        print_json(SilenceList(silences))
    else:
        print_table(("id", "alerts", "until", "who", "why", "holds"), map(_row, silences))
        for one in silences:
            if one.alerts == 0:
                print_warning(f"{one.id} mutes nothing: no alert is like that. `surewire alerts list --all` names them.")


def _row(one: SilenceView) -> tuple[str, ...]:
    return one.id, ", ".join(one.matchers), one.ends_at, one.owner, one.reason, "yes" if one.active else "no"
