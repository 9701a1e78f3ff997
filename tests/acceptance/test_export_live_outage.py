"""A real server refuses people while a real Prometheus scrapes it: both fire the same alerts at the same times and keep the same budget."""

from __future__ import annotations

import asyncio
import calendar
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.acceptance.monitoring_tools import export_to
from tests.acceptance.prometheus_process import answer, running_prometheus
from tests.acceptance.protocol.raw_peer import knock
from tests.acceptance.quickened_rules import quicken
from tests.acceptance.service_levels.fast_clock import needs_fast_clock, running_fast
from tests.server_process import ServerProcess, running_server

RATE = 15
STEP_S = 15 / RATE
START_S = calendar.timegm((2027, 3, 10, 9, 0, 0))
# One refusal after so many that get in: a burn of nearly 4x, far from the tiers of 3x and of 6x.
PLACES = 25
TRAFFIC_S = 12
SLO = "sla-002-upgrade-success"
ALERTS = {"Sla002UpgradeSuccessBurn3x1d", "Sla002UpgradeSuccessBurn1x3d", "Sla002UpgradeSuccessBudgetBreached", "ConnectionSuccessRateLow"}
SETTINGS = {
    "SUREWIRE_LIMITS__MAX_CONNECTIONS": str(PLACES),
    "SUREWIRE_LIMITS__PERMIT_QUEUE": "0",
    "SUREWIRE_HEARTBEAT__INTERVAL_S": "7200",
    "SUREWIRE_HEARTBEAT__TIMEOUT_S": "7000",
    "SUREWIRE_HEARTBEAT__SESSION_TIMEOUT_S": "7200",
}


async def let_in_until_one_is_refused(server: ServerProcess) -> None:
    async with AsyncExitStack() as inside:
        while (await inside.enter_async_context(knock(server.port)))[1].status == 101:
            pass


async def nobody_is_inside(api: httpx.AsyncClient) -> None:
    while "\ngateway_connections_active 0.0\n" not in (await api.get("/metrics")).text:
        pass


async def crowd(server: ServerProcess, api: httpx.AsyncClient) -> None:
    """The same share of people is refused all the time."""
    end_s = time.monotonic() + TRAFFIC_S
    while time.monotonic() < end_s:
        await let_in_until_one_is_refused(server)
        await nobody_is_inside(api)
        # Not as fast as it can, so that Prometheus has its share of the machine.
        await asyncio.sleep(0.1)


async def number(prometheus: httpx.AsyncClient, query: str) -> float | None:
    found = (await answer(prometheus, "/query", query=query))["result"]
    return float(found[0]["value"][1]) if found else None


async def until_true(prometheus: httpx.AsyncClient, query: str) -> None:
    while True:
        if await number(prometheus, query) == 1:
            return
        await asyncio.sleep(0.1)


async def first_scrapes(prometheus: httpx.AsyncClient) -> None:
    """Prometheus knows from where the counters grow."""
    await until_true(prometheus, 'min(count_over_time(gateway_connections_total{status=~"accepted|queue_full"}[1m]) >= bool 3)')


async def all_fired(look: Callable[[httpx.AsyncClient], Awaitable[dict[str, float]]], client: httpx.AsyncClient) -> dict[str, float]:
    while True:
        if (found := await look(client)).keys() >= ALERTS:
            return found
        await asyncio.sleep(0.1)


async def fired_in_prometheus(prometheus: httpx.AsyncClient) -> dict[str, float]:
    """When each alert of the objective began to fire, in seconds since the epoch."""
    query = f'ALERTS{{slo="{SLO}",alertstate="firing"}}[5m]'
    found = (await answer(prometheus, "/query", query=query))["result"]
    return {series["metric"]["alertname"]: series["values"][0][0] for series in found}


async def fired_in_the_engine(api: httpx.AsyncClient) -> dict[str, float]:
    """The same of the server, by the clock of Prometheus."""
    response = (await api.get("/v1/alerts")).raise_for_status()
    server_s = calendar.timegm(time.strptime(response.headers["date"], "%a, %d %b %Y %H:%M:%S GMT"))
    items = [one for one in response.json()["items"] if one.get("slo") == SLO and one["status"] == "firing"]
    return {one["name"]: time.time() - (server_s - datetime.fromisoformat(one["since"]).timestamp()) / RATE for one in items}


async def budget_in_prometheus(prometheus: httpx.AsyncClient) -> float:
    """What is left, once the steps that budgets are summed in hold what was counted."""
    summed = f'slo:events_total:increase_month{{slo="{SLO}"}}'
    counted = f'sum(sum_over_time(slo:events_total:increase15s{{slo="{SLO}"}}[5m]))'
    await until_true(prometheus, f"max({summed}) >= bool 0.9 * {counted}")
    left = await number(prometheus, f'slo:error_budget_remaining:ratio{{slo="{SLO}"}}')
    assert left is not None
    return left


@needs_fast_clock
async def test_the_engine_and_a_prometheus_that_scrapes_it_see_the_same_outage(tmp_path: Path) -> None:
    folder = export_to(tmp_path / "prometheus", "prometheus")
    async with running_server(tmp_path / "data", **SETTINGS, **running_fast(START_S, RATE)) as server:
        quicken(folder, RATE, f"127.0.0.1:{server.port}")
        async with (
            asyncio.timeout(100),
            running_prometheus(folder / "prometheus.yml", tmp_path / "series") as prometheus,
            httpx.AsyncClient(base_url=server.http, trust_env=False) as api,
        ):
            await first_scrapes(prometheus)
            await crowd(server, api)
            theirs = await all_fired(fired_in_prometheus, prometheus)
            ours = await all_fired(fired_in_the_engine, api)
            assert theirs.keys() == ours.keys() == ALERTS
            # The scrape that shows it may be a step later than the slot, and its evaluation another one; more on a machine that stalls.
            assert {name: ours[name] for name in ALERTS} == pytest.approx(theirs, abs=10 * STEP_S)
            seen: dict[str, Any] = (await api.get(f"/v1/slos/{SLO}")).json()
            assert seen["state"] == "breached"
            # A scrape that a busy machine misses takes good and bad events nearly alike.
            assert await budget_in_prometheus(prometheus) == pytest.approx(seen["budget_remaining"], rel=0.1)
