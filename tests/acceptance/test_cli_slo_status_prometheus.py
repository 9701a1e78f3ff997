"""`surewire slo status --prometheus`: objectives judged by what a real Prometheus has scraped, without any server."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from surewire.contract.catalogue import load_metrics
from surewire.telemetry.registry import Registry
from tests.adapters.prometheus_process import Scrapes, needs_prometheus, prometheus

SCRAPES = 41
GOOD, BAD = 1_000, 2


@needs_prometheus
def test_objectives_are_judged_by_what_was_scraped(tmp_path: Path) -> None:
    end_s, registry, scrapes = int(time.time()), Registry(load_metrics()), Scrapes("chat")
    sends = {status: registry.counter("gateway_send_total", status=status) for status in ("success", "error")}
    for number in range(SCRAPES):
        scrapes.scrape(registry, end_s - 60 - 15 * (SCRAPES - number))
        sends["success"].n += GOOD
        sends["error"].n += BAD
    with prometheus(tmp_path, scrapes) as url:
        code, found = status(url, "availability", "sync-success")
        assert code == 1, "its budget is overspent"
        availability, sync = found["slos"]
        assert (availability["good"], availability["bad"]) == (GOOD * (SCRAPES - 1), BAD * (SCRAPES - 1))
        assert (availability["state"], availability["budget_remaining"]) == ("breached", -0.996007984032)
        assert sync["state"] == "no_data"


def test_nobody_at_the_address_is_said() -> None:
    run = surewire("http://127.0.0.1:1")
    assert (run.returncode, run.stdout) == (11, "")
    assert run.stderr == "error: prometheus: http://127.0.0.1:1/ gives no answer (ConnectError)\n"


def status(url: str, *ids: str) -> tuple[int, Any]:
    run = surewire(url, *ids, "--job", "chat", "--json")
    assert run.stderr == ""
    return run.returncode, json.loads(run.stdout)


def surewire(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [Path(sys.executable).with_name("surewire"), "slo", "status", *arguments, "--prometheus", url]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
