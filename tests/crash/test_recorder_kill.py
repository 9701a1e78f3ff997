"""A process that is killed while it records: what a tick recorded is there, and its connections count once as ended by the server."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random
from typing import NamedTuple

from surewire.adapters.sqlite.slo_file import open_slo_file
from surewire.adapters.system.clock import SystemClock
from surewire.contract.catalogue import load_metrics
from surewire.monitoring.recorder import recording
from surewire.slo.window import Interval
from surewire.telemetry.registry import Registry
from tests.contracts.sli_store import added_up
from tests.crash.recording_process import NEEDED

ROUNDS = 4
EVER = Interval(0, 2**33)
SENT = 'gateway_send_total{status="success"}'
ENDED = 'gateway_disconnections_total{reason="server_error"}'


class Said(NamedTuple):
    what: str
    sent: int
    connections: int


async def test_a_kill_costs_one_tick_at_most_and_ends_the_connections_of_the_last_one(tmp_path: Path) -> None:
    random, sent, ended = Random(7), 0, 0
    for _ in range(ROUNDS):
        said = _said_until_killed(tmp_path, 2 * random.randrange(5, 60))
        recorded = next(line for line in reversed(said) if line.what == "recorded")
        lost_at_most = said[-1].sent - recorded.sent
        counts = await _stored(tmp_path)
        assert sent + recorded.sent <= counts[SENT] <= sent + recorded.sent + lost_at_most
        assert counts.get(ENDED, 0) == ended
        lasted_longer = counts[SENT] > sent + recorded.sent
        sent, ended = counts[SENT], ended + (said[-1] if lasted_longer else recorded).connections
    async with open_slo_file(tmp_path, SystemClock()) as file, recording(_idle(), NEEDED, file.sli_store, SystemClock()):
        assert added_up(await file.sli_store.read(EVER, 15)) == {SENT: sent, ENDED: ended}


def _said_until_killed(folder: Path, lines: int) -> list[Said]:
    arguments = [sys.executable, "-m", "tests.crash.recording_process", str(folder)]
    with subprocess.Popen(
        arguments, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, cwd=Path(__file__).parents[2]
    ) as process:
        assert process.stdout is not None
        written = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        written += process.stdout.readlines()
    return [Said(what, int(sent), int(active)) for what, sent, active in (line.split() for line in written if line.endswith("\n"))]


async def _stored(folder: Path) -> dict[str, int]:
    async with open_slo_file(folder, SystemClock()) as file:
        return added_up(await file.sli_store.read(EVER, 15))


def _idle() -> Registry:
    return Registry(load_metrics())
