"""`surewire deployment record` against a server: it is on record by whom."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from tests.acceptance.http_api.running_api import RunningApi


async def record(api: RunningApi, *arguments: str) -> str:
    """Records as the user `deployer` of this machine, and gives who is on record."""
    line = (sys.executable, "-m", "surewire", "deployment", "record", "checkout", "4.2.0", *arguments, "--url", api.url)
    process = await asyncio.create_subprocess_exec(*line, env={**os.environ, "LOGNAME": "deployer"}, stdout=asyncio.subprocess.DEVNULL)
    assert await asyncio.wait_for(process.wait(), 30) == 0
    (made,) = (await api.client.get("/v1/deployments")).raise_for_status().json()["items"]
    who: str = made["actor"]
    return who


@pytest.mark.parametrize(("arguments", "who"), [((), "deployer"), (("--actor", "alice"), "alice")])
async def test_a_deployment_is_recorded_by_whom_it_names_or_else_by_the_user_of_the_machine(
    api: RunningApi, arguments: tuple[str, ...], who: str
) -> None:
    assert await record(api, *arguments) == who
