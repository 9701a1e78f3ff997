"""A server that refuses for a minute, is killed, and comes back minutes later knows exactly what that cost."""

from __future__ import annotations

import asyncio
import calendar
import json
import re
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack
from itertools import chain
from pathlib import Path
from typing import Any

import httpx
import pytest

from surewire.cli import main
from tests.acceptance.protocol.raw_peer import knock, open_raw_peer
from tests.acceptance.service_levels.fast_clock import Stalls, needs_fast_clock, running_fast, watched_stalls
from tests.fakes.http_receiver import HttpReceiver, http_receiver
from tests.server_process import ServerProcess

RATE = 30
START_S = calendar.timegm((2027, 3, 10, 9, 0, 0))
BACK_S = START_S + 1_800
PLACES = 20
TICK_S = 15
UPGRADES, UPTIME = "sla-002-upgrade-success", "sla-001-http-availability"
SETTINGS = {
    "SUREWIRE_LIMITS__MAX_CONNECTIONS": str(PLACES),
    "SUREWIRE_LIMITS__PERMIT_WAIT_S": "1",
    "SUREWIRE_HEARTBEAT__INTERVAL_S": "7200",
    "SUREWIRE_HEARTBEAT__TIMEOUT_S": "7000",
    "SUREWIRE_HEARTBEAT__SESSION_TIMEOUT_S": "7200",
    "SUREWIRE_SLO__EVENTS": "true",
}

CORRECTION = {
    "--start": "2027-03-10T09:00:00Z",
    "--end": "2027-03-10T09:29:00Z",
    "--category": "scheduled_maintenance",
    "--reason": "planned maintenance",
    "--evidence": "mail of the 7th",
    "--actor": "alice",
    "--approver": "bob",
}

Json = dict[str, Any]


def telling(receiver: HttpReceiver) -> dict[str, str]:
    """The pager is a receiver of the test."""
    return {
        "SUREWIRE_NOTIFY__PAGERDUTY_HIGH__TYPE": "pagerduty",
        "SUREWIRE_NOTIFY__PAGERDUTY_HIGH__ROUTING_KEY": "0" * 32,
        "SUREWIRE_NOTIFY__PAGERDUTY_HIGH__URL": receiver.url,
        "SUREWIRE_NOTIFY__PAGERDUTY_HIGH__ALLOW_PRIVATE": "true",
    }


async def slo_until(api: httpx.AsyncClient, slo_id: str, holds: Callable[[Json], Any]) -> Json:
    """The objective, as soon as it is so."""
    async with asyncio.timeout(30):
        while not holds(found := await slo(api, slo_id)):
            pass
    return found


async def slo(api: httpx.AsyncClient, slo_id: str) -> Json:
    async with asyncio.timeout(30):
        while (answer := await api.get(f"/v1/slos/{slo_id}")).status_code == 503:
            pass
    found: Json = answer.raise_for_status().json()
    return found


async def now_s(api: httpx.AsyncClient) -> int:
    """The server's clock."""
    return calendar.timegm(time.strptime((await api.get("/health")).headers["date"], "%a, %d %b %Y %H:%M:%S GMT"))


async def refuse_for_a_minute(server: ServerProcess, api: httpx.AsyncClient) -> int:
    """All places are taken, and everybody else is refused for a minute of the server's clock: how many."""
    refused = 0
    async with AsyncExitStack() as inside:
        for number in range(PLACES):
            await inside.enter_async_context(open_raw_peer(server.port, f"user{number}"))
        end_s = await now_s(api) + 60
        while await now_s(api) < end_s:
            refused += sum(await asyncio.gather(*(is_refused(server) for _ in range(20))))
    return refused


async def is_refused(server: ServerProcess) -> bool:
    async with knock(server.port) as (_, answer):
        assert answer.status in {408, 503}
        return True


async def paged(pager: HttpReceiver, alert: str) -> Json:
    """The first page about such an alert."""
    async with asyncio.timeout(30):
        while alert not in (request := await pager.received.get()).body.decode():
            pass
    page: Json = request.json
    return page


async def assert_the_stream_tells_of_the_breach(api: httpx.AsyncClient) -> None:
    """Once, with what it was before and who owns it."""
    found = (await api.get("/v1/events", params={"event_types": "slo_state_changed"})).raise_for_status().json()["items"]
    (breach,) = (item["event"] for item in found if item["event"]["labels"] == {"slo": UPGRADES, "state": "breached"})
    assert (breach["source"], breach["severity"]) == ("surewire", "P1")
    assert {name: breach["data"][name] for name in ("slo", "after")} == {"slo": UPGRADES, "after": "breached"}
    assert breach["data"]["before"] != "breached"
    assert breach["data"]["owner"]


async def fired_at_s(api: httpx.AsyncClient, alert: str) -> int:
    alerts = (await api.get("/v1/alerts")).raise_for_status().json()["items"]
    since = min(one["since"] for one in alerts if one["name"].startswith(alert) and one["status"] == "firing")
    return second_of(since)


def second_of(instant: str) -> int:
    return calendar.timegm(time.strptime(instant[:19], "%Y-%m-%dT%H:%M:%S"))


def surewire(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert isinstance(ended.value.code, int)
    return ended.value.code


async def killed_at_s(server: ServerProcess, api: httpx.AsyncClient) -> int:
    """It is killed now."""
    died_s = await now_s(api)
    await server.kill()
    return died_s


async def assert_waiting_is_no_slow_answer(api: httpx.AsyncClient) -> None:
    """Refused upgrades, which waited for a place, are timed and not held against the HTTP API."""
    assert 'gateway_http_request_duration_seconds_count{endpoint="/ws",status="503"}' in (await api.get("/metrics")).text
    latency = await slo(api, "sla-004-http-latency-p95")
    assert not {"/ws", "unmatched"} & {part["name"] for part in latency["parts"]}


async def assert_status_shows(gap: Json, server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    """To people and to programs."""
    command = ("slo", "status", UPTIME, "--url", server.http)
    assert await asyncio.to_thread(surewire, *command) == 1
    sentence = f"{UPTIME}: down from {gap['from'][:19]}Z to {gap['to'][:19]}Z, "
    (said,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith(sentence))
    assert said.endswith(", after a crash")
    assert await asyncio.to_thread(surewire, *command, "--json") == 1
    assert json.loads(capsys.readouterr().out)["slos"][0]["gaps"] == [gap]


async def assert_a_correction_says_what_it_changes(server: ServerProcess, capsys: pytest.CaptureFixture[str]) -> None:
    assert await asyncio.to_thread(surewire, "slo", "correct", "--all", *chain(*CORRECTION.items()), "--url", server.http) == 0
    told = capsys.readouterr().out
    assert re.search(rf"^{UPGRADES}: was \S+ % with -\S+ % of the budget left, breached; is no data, ", told, re.MULTILINE), told


@pytest.fixture
async def pager() -> AsyncGenerator[HttpReceiver]:
    async with http_receiver() as receiver:
        yield receiver


@pytest.fixture
async def server(tmp_path: Path, pager: HttpReceiver) -> AsyncGenerator[ServerProcess]:
    process = ServerProcess(tmp_path / "data", SETTINGS | telling(pager) | running_fast(START_S, RATE))
    await process.start()
    yield process
    await process.end()


@pytest.fixture
async def api(server: ServerProcess) -> AsyncGenerator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=server.http, trust_env=False) as client:
        yield client


@pytest.fixture
async def stalls() -> AsyncGenerator[Stalls]:
    async with watched_stalls() as watched:
        yield watched


@needs_fast_clock
async def test_a_minute_of_refusals_and_a_crash_cost_what_they_cost(
    server: ServerProcess, pager: HttpReceiver, api: httpx.AsyncClient, stalls: Stalls, capsys: pytest.CaptureFixture[str]
) -> None:
    def some_ticks_s() -> float:
        """On a busy machine a tick comes late: it is half a real second."""
        return 4 * TICK_S + stalls.total_s * RATE

    began_s = await now_s(api)
    refused = await refuse_for_a_minute(server, api)
    seen = await slo_until(api, UPGRADES, lambda one: one["total"] == PLACES + refused)
    assert (seen["good"], seen["bad"], seen["state"]) == (PLACES, refused, "breached")
    await assert_waiting_is_no_slow_answer(api)
    assert seen["budget_remaining"] == pytest.approx(1 - refused / (0.01 * seen["total"]))
    assert (await paged(pager, "Sla002UpgradeSuccessBurn"))["event_action"] == "trigger"
    fired_s = await fired_at_s(api, "Sla002UpgradeSuccessBurn")
    assert began_s <= fired_s <= began_s + some_ticks_s(), "a burn of 98x is seen at once"
    await assert_the_stream_tells_of_the_breach(api)
    died_s = await killed_at_s(server, api)

    server.change(running_fast(BACK_S, RATE))
    await server.start()
    ready_s = await now_s(api)
    kept = await slo_until(api, UPGRADES, lambda one: one["total"])
    assert (kept["good"], kept["bad"]) == (PLACES, refused)
    down = await slo_until(api, UPTIME, lambda one: one["bad"])
    assert BACK_S - died_s <= down["bad"] <= ready_s - died_s + some_ticks_s(), "from the last sign of life to being ready"
    assert "self-observed" in down["note"]
    (gap,) = down["gaps"]
    assert (gap["cause"], second_of(gap["to"]) - second_of(gap["from"])) == ("crash", down["bad"])
    await assert_status_shows(gap, server, capsys)

    assert await asyncio.to_thread(surewire, "slo", "gate", "--url", server.http) == 10
    assert f"{UPGRADES} has an open freeze and is breached" in capsys.readouterr().out

    await assert_a_correction_says_what_it_changes(server, capsys)
    given_back = await slo_until(api, UPGRADES, lambda one: one["excluded_s"])
    assert (given_back["total"], given_back["bad_gross"], given_back["total_gross"]) == (0, refused, PLACES + refused)
    assert given_back["budget_remaining_gross"] == pytest.approx(seen["budget_remaining"])
