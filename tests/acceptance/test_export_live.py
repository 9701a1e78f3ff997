"""A real Prometheus with the generated configuration scrapes a real server, and can evaluate every rule."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx

from surewire.monitoring.export.catalogues import built_in_catalogues
from surewire.monitoring.export.dead_alerts import FROM_OUTSIDE
from surewire.monitoring.export.exported_series import series_read
from surewire.monitoring.export.promql import expression
from surewire.monitoring.export.recorded_counts import budget_records, slot_records
from tests.acceptance.monitoring_tools import export_to
from tests.acceptance.prometheus_process import answer, running_prometheus
from tests.server_process import running_server

MESSAGES = 20
# What a server without these back ends, probes and signals does not show, and what has no series before the first request or event.
NOT_HERE = re.compile(
    r"durability_(dynamodb|kafka|circuit_breaker)_|router_redis_|probe_up|signals_|gateway_(http_request|message_latency)_"
)
ALICE = {"X-User-Id": "alice"}


def quickened(folder: Path, target: str) -> None:
    """Has everything scraped and evaluated every second, so that nobody waits for it."""
    for path in (folder / "prometheus.yml", *folder.glob("rules/*.yml"), *folder.glob("config/alerting/*.yml")):
        text = path.read_text("utf-8").replace("interval: 15s", "interval: 1s").replace("interval: 1m", "interval: 1s")
        path.write_text(text.replace("localhost:8080", target), "utf-8")


async def rules(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Every rule, once all of them have been evaluated."""
    while True:
        found = [rule for group in (await answer(client, "/rules"))["groups"] for rule in group["rules"]]
        if found and all(rule["health"] != "unknown" for rule in found):
            return found
        await asyncio.sleep(0.1)


async def value(client: httpx.AsyncClient, query: str, at_least: float) -> float:
    """The query's value, once it is that high."""
    while True:
        for series in (await answer(client, "/query", query=query))["result"]:
            if float(series["value"][1]) >= at_least:
                return float(series["value"][1])
        await asyncio.sleep(0.1)


async def test_prometheus_evaluates_every_rule_over_what_a_server_exports(tmp_path: Path) -> None:
    folder = export_to(tmp_path / "prometheus", "prometheus")
    async with running_server(tmp_path / "data") as server:
        quickened(folder, f"127.0.0.1:{server.port}")
        async with (
            running_prometheus(folder / "prometheus.yml", tmp_path / "series") as prometheus,
            httpx.AsyncClient(base_url=server.http, trust_env=False) as client,
        ):
            chat_id = (await client.post("/v1/chats", json={}, headers=ALICE)).json()["chat_id"]
            for number in range(MESSAGES):
                body = {"client_message_id": f"m{number}", "content": "hello"}
                sent = await client.post(f"/v1/chats/{chat_id}/messages", json=body, headers=ALICE)
                assert sent.is_success, sent.text
            assert await value(prometheus, 'up{job="websocket"}', 1) == 1
            assert await value(prometheus, 'sum(gateway_send_total{status="success"})', MESSAGES) == MESSAGES
            found = await rules(prometheus)
            assert [(rule["name"], rule["lastError"]) for rule in found if rule["health"] != "ok"] == []
            assert {rule["name"] for rule in found if rule.get("state") == "firing"} == set()


def read_by_rules() -> set[str]:
    """What the rules read that they do not record themselves."""
    catalogues = built_in_catalogues()
    records = [record for one in catalogues.objectives for record in (*slot_records(one, catalogues), *budget_records(one))]
    texts = [*(record.expression for record in records), *(expression(rule, catalogues) for rule in catalogues.rules)]
    return set().union(*map(series_read, texts)) - {record.name for record in records} - FROM_OUTSIDE


async def test_a_running_server_exports_every_series_that_a_rule_reads(tmp_path: Path) -> None:
    wanted = {name for name in read_by_rules() if not NOT_HERE.match(name)}
    shown = ""
    async with running_server(tmp_path / "data") as server, httpx.AsyncClient(base_url=server.http, trust_env=False) as client:
        # The engine's own gauges are there once it has looked at all objectives for the first time.
        while missing := wanted - set(re.findall(r"^([a-z_]+)[{ ]", shown, re.MULTILINE)):
            assert not shown or missing <= {"messaging_slo_maintenance_active", "messaging_slo_error_budget_remaining"}
            shown = (await client.get("/metrics")).text
    assert 'fanout_delivery_latency_seconds_bucket{le="2.0",recipient_online="true"}' in shown
