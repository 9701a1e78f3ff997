"""A real server draws in Grafana what its ledger holds, and nothing twice after kill -9."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any

from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.domain.ids import UlidGenerator
from surewire.monitoring.decisions import load_decisions
from tests.fakes.http_receiver import Answer, HttpReceiver, http_receiver
from tests.server_process import running_server


async def deploy(data: Path, *versions: str) -> None:
    """As `surewire deployment record` does, while no server has the file."""
    clock, ids = SystemClock(), UlidGenerator(secrets.randbits)
    async with open_slo_file(data, clock) as file:
        decisions = await load_decisions(file.ledger, clock, lambda: ids.next(clock.now_micros() // 1_000))
        for version in versions:
            await decisions.record(decisions.entry("deployment", "alice", {"service": "checkout", "version": version}))


async def drawn(receiver: HttpReceiver) -> dict[str, Any]:
    async with asyncio.timeout(60):
        request = await receiver.received.get()
    assert (request.path, request.headers["authorization"]) == ("/api/annotations", "Bearer glsa_secret")
    annotation: dict[str, Any] = request.json
    return annotation


async def version(receiver: HttpReceiver) -> str:
    annotation = await drawn(receiver)
    assert annotation["tags"] == ["surewire", "deployment"]
    return str(annotation["text"].split()[1])


async def test_what_happened_is_drawn_and_not_again_after_a_kill(tmp_path: Path) -> None:
    data = tmp_path / "data"
    await deploy(data, "1", "2")
    async with http_receiver(Answer(503)) as receiver:
        settings = {"URL": receiver.url, "TOKEN": "glsa_secret", "ALLOW_PRIVATE": "true"}
        given = {f"SUREWIRE_GRAFANA__{name}": value for name, value in settings.items()}
        async with running_server(data, **given) as server:
            assert [await version(receiver) for _ in range(3)] == ["1", "1", "2"]
            await server.kill()
            await deploy(data, "3")
            await server.start()
            # What was drawn just before the kill may come again, nothing else.
            if (came := await version(receiver)) == "2":
                came = await version(receiver)
            assert came == "3"
            assert "glsa_secret" not in server.log.read_text()
