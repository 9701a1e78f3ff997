"""`surewire invariants` on real servers: one of its own, one that runs, one that is not there."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import surewire.contract
from tests.server_process import free_port, running_server

BUILT_IN = Path(surewire.contract.__path__[0]) / "slos.yaml"


async def run(*arguments: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "surewire", "invariants", *arguments), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, errors = await asyncio.wait_for(process.communicate(), 90)
    assert process.returncode is not None
    return process.returncode, out.decode(), errors.decode()


def rows(out: str) -> dict[str, dict[str, Any]]:
    return {row["invariant"]: row for row in json.loads(out)["invariants"]}


async def test_a_server_of_its_own_keeps_every_invariant_under_a_little_of_every_traffic() -> None:
    status, out, errors = await run("--spawn", "--json")
    assert [row["violations"] for row in rows(out).values() if row["violations"]] == [], errors
    assert status == 0
    assert "sla-001-http-availability" in json.loads(out)["no_data"]


async def test_a_running_server_is_looked_at_and_not_only_the_definitions(tmp_path: Path) -> None:
    async with running_server(tmp_path / "data") as server:
        status, out, errors = await run("--url", server.http, "--json")
    assert status == 0, out + errors
    checked = rows(out)
    assert checked["slo_coverage"]["checked"] == ["definitions", "server"]
    assert checked["alert_runbook"]["checked"] == ["definitions"]


async def test_a_server_that_shows_less_than_it_should_breaks_invariants(tmp_path: Path) -> None:
    """Without the first phase's names, an objective that is written with them cannot be computed, and its dashboard stays empty."""
    async with running_server(tmp_path / "data", SUREWIRE_TELEMETRY__PROFILES='["sla"]') as server:
        status, out, _ = await run("--url", server.http, "--json")
    assert status == 1
    broken = {name for name, row in rows(out).items() if row["violations"]}
    assert broken == {"dashboard_coverage"}


async def test_a_server_that_is_not_there_is_said_to_be_so() -> None:
    status, _, errors = await run("--url", f"http://127.0.0.1:{free_port()}")
    assert status == 1
    assert "surewire serve" in errors
    assert "Traceback" not in errors


async def test_without_a_server_the_definitions_are_checked() -> None:
    status, out, _ = await run()
    assert status == 0
    assert [line.split("\t")[1] for line in out.splitlines()] == ["definitions"] * 7


async def test_two_servers_at_once_are_wrong_use() -> None:
    status, _, errors = await run("--spawn", "--url", "http://127.0.0.1:1")
    assert status == 2
    assert "Leave one of them out" in errors


async def test_definitions_of_ones_own_are_checked(tmp_path: Path) -> None:
    file = tmp_path / "slos.yaml"
    file.write_text(BUILT_IN.read_text())
    assert (await run("--file", str(file)))[0] == 0
    file.write_text(BUILT_IN.read_text().replace("sla:        {owner: Tech Lead", "sla:        {owner: Ann and Bob"))
    status, _, errors = await run("--file", str(file))
    assert status == 1
    assert "its owner is more than one: 'Ann and Bob'" in errors


async def test_a_server_of_its_own_has_the_definitions_that_are_checked(tmp_path: Path) -> None:
    file = tmp_path / "slos.yaml"
    file.write_text(BUILT_IN.read_text().replace("owner: Tech Lead", "owner: Head of Chat"))
    status, out, errors = await run("--spawn", "--file", str(file))
    assert status == 0, out + errors
    async with running_server(tmp_path / "data") as server:
        _, _, errors = await run("--url", server.http, "--file", str(file))
    assert "the server shows 'Tech Lead'" in errors
