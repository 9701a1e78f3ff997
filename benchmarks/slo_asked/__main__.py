"""`python -m benchmarks.slo_asked`: what `surewire slo status`, `GET /v1/slos` and `surewire export all` take, of a server of their own."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Final

from benchmarks.spine.server import ServerProcess, surewire

RESULTS: Final = Path(__file__).parent / "results.json"
COMMAND: Final = Path(sys.executable).with_name("surewire")
COMMAND_RUNS: Final = 15
REQUESTS: Final = 200
EVENTS: Final = 100


def summary(times_ms: list[float]) -> dict[str, float]:
    return {"ms": round(statistics.median(times_ms), 1), "least_ms": round(min(times_ms), 1), "most_ms": round(max(times_ms), 1)}


def of_command(*arguments: str, accepted: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """Processor time (user and system, all threads) and wall time of a command, from its start to its end."""
    cpu_ms, wall_ms = [], []
    for _ in range(COMMAND_RUNS):
        before, begun = _children_s(), time.perf_counter()
        run = subprocess.run((COMMAND, *arguments), check=False, capture_output=True, timeout=60)
        wall_ms.append((time.perf_counter() - begun) * 1e3)
        cpu_ms.append((_children_s() - before) * 1e3)
        if run.returncode not in accepted:
            raise RuntimeError(f"surewire {' '.join(arguments)}: status {run.returncode}: {run.stderr.decode()}")
    return {"processor": summary(cpu_ms), "wall": summary(wall_ms)}


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def of_requests(server: ServerProcess, path: str) -> dict[str, Any]:
    """Wall time at the client of one request after another on one connection, and the server's processor time for each of them."""
    connection = HTTPConnection(server.host, server.port, timeout=10)
    wall_ms, size_bytes, before = [], 0, server.usage()
    for _ in range(REQUESTS):
        begun = time.perf_counter()
        connection.request("GET", path)
        response = connection.getresponse()
        size_bytes = len(response.read())
        wall_ms.append((time.perf_counter() - begun) * 1e3)
        if response.status != 200:
            raise RuntimeError(f"GET {path}: status {response.status}")
    after = server.usage()
    used_ms = (after.user_s + after.system_s - before.user_s - before.system_s) * 1e3
    return {"wall": summary(wall_ms), "server_processor_ms": round(used_ms / REQUESTS, 2), "bytes": size_bytes}


def has_data(server: ServerProcess) -> bool:
    connection = HTTPConnection(server.host, server.port, timeout=10)
    connection.request("GET", "/v1/slos")
    found: Any = json.loads(connection.getresponse().read())
    return any(slo["total"] for slo in found["slos"])


def publish(server: ServerProcess) -> None:
    connection = HTTPConnection(server.host, server.port, timeout=10)
    for _ in range(EVENTS):
        connection.request("POST", "/v1/events", b'{"event_type":"measured","source":"here"}', {"Content-Type": "application/json"})
        connection.getresponse().read()


def wait_for(condition: Callable[[], bool], timeout_s: float = 60.0) -> None:
    give_up_at_s = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > give_up_at_s:
            raise TimeoutError("the server did not judge what it was sent")
        time.sleep(0.5)


async def measure() -> dict[str, Any]:
    async with surewire() as server:
        publish(server)
        wait_for(lambda: has_data(server))
        url = f"http://{server.host}:{server.port}"
        # Status 1 says that something is breached or fires, which is an answer too.
        figures = {
            "GET /v1/slos": of_requests(server, "/v1/slos"),
            "surewire slo status": of_command("slo", "status", "--url", url, accepted=(0, 1)),
            "surewire alerts list --all": of_command("alerts", "list", "--all", "--url", url, accepted=(0, 1)),
        }
    with tempfile.TemporaryDirectory() as folder:
        figures["surewire export all"] = of_command("export", "all", "--out", folder)
    return figures


def main() -> None:
    """Measures everything and keeps it with what it depends on."""
    commit = subprocess.run(("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False).stdout.strip()
    load = os.getloadavg()[0]
    result = {
        "command": "python -m benchmarks.slo_asked",
        "commit": commit,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {
            "cpus": os.cpu_count(),
            "kernel": platform.release(),
            "python": platform.python_version(),
            "shared": True,
            "load_before": round(load, 1),
        },
        "figures": asyncio.run(measure()),
    }
    text = json.dumps(result, indent=1)
    print(text)
    RESULTS.write_text(text + "\n")


if __name__ == "__main__":
    main()
