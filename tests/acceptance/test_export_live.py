"""A real Prometheus with the generated configuration scrapes a real server, and can evaluate every rule."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance.monitoring_tools import export_to, tool
from tests.server_process import free_port, running_server

MESSAGES = 20
ALICE = {"X-User-Id": "alice"}


@asynccontextmanager
async def running_prometheus(folder: Path) -> AsyncGenerator[httpx.AsyncClient]:
    """Its HTTP API; it ends with the block."""
    port = free_port()
    command = [tool("prometheus"), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, f"--web.listen-address=127.0.0.1:{port}", stdout=log, stderr=log)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}/api/v1", trust_env=False) as client:
            yield client
    finally:
        # Its data are of no use to anybody; asked to end while it starts, it may not.
        process.kill()
        await process.wait()


def quickened(folder: Path, target: str) -> None:
    """Has everything scraped and evaluated every second, so that nobody waits for it."""
    for path in (folder / "prometheus.yml", *folder.glob("rules/*.yml"), *folder.glob("config/alerting/*.yml")):
        text = path.read_text("utf-8").replace("interval: 15s", "interval: 1s").replace("interval: 1m", "interval: 1s")
        path.write_text(text.replace("localhost:8080", target), "utf-8")


async def data(client: httpx.AsyncClient, path: str, **parameters: str) -> Any:
    """What the API answers; None while it is not up."""
    try:
        answer = await client.get(path, params=parameters)
    except httpx.TransportError:
        return None
    return answer.json()["data"] if answer.is_success else None


async def rules(client: httpx.AsyncClient) -> list[dict[str, Any]]:
    """Every rule, once all of them have been evaluated."""
    while True:
        answer = await data(client, "/rules")
        found = [rule for group in answer["groups"] for rule in group["rules"]] if answer else []
        if found and all(rule["health"] != "unknown" for rule in found):
            return found
        await asyncio.sleep(0.1)


async def value(client: httpx.AsyncClient, query: str, at_least: float) -> float:
    """The query's value, once it is that high."""
    while True:
        answer = await data(client, "/query", query=query)
        if answer and answer["result"] and float(answer["result"][0]["value"][1]) >= at_least:
            return float(answer["result"][0]["value"][1])
        await asyncio.sleep(0.1)


async def test_prometheus_evaluates_every_rule_over_what_a_server_exports(tmp_path: Path) -> None:
    folder = export_to(tmp_path / "prometheus", "prometheus")
    async with running_server(tmp_path / "data") as server:
        quickened(folder, f"127.0.0.1:{server.port}")
        async with running_prometheus(folder) as prometheus, httpx.AsyncClient(base_url=server.http, trust_env=False) as client:
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
