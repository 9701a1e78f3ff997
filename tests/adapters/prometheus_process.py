"""A real Prometheus over samples of our choice: scrapes are written down with their times, and imported before it starts."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from surewire.contract.series import series_id
from surewire.telemetry.exposition import Exposition
from surewire.telemetry.registry import Registry

__all__ = ["Scrapes", "needs_prometheus", "prometheus"]

needs_prometheus = pytest.mark.skipif(
    not all(map(shutil.which, ("prometheus", "promtool"))), reason="install prometheus: apt-get install prometheus"
)


class Scrapes:
    """What a Prometheus would have scraped."""

    def __init__(self, job: str = "websocket") -> None:
        self._job, self._lines = job, list[str]()

    def scrape(self, registry: Registry, at_s: int, instance: str = "a:1") -> None:
        """All that the server shows."""
        self._add("up", {}, 1, at_s, instance)
        for family in Exposition(registry).collect():
            for sample in family.samples:
                self._add(sample.name, sample.labels, sample.value, at_s, instance)

    def fail(self, at_s: int, instance: str = "a:1") -> None:
        """The server does not answer."""
        self._add("up", {}, 0, at_s, instance)

    def write(self, file: Path) -> None:
        """All of it as OpenMetrics."""
        file.write_text("\n".join([*self._lines, "# EOF", ""]))

    def _add(self, name: str, labels: dict[str, str], value: float, at_s: int, instance: str) -> None:
        series = series_id(name, {**labels, "job": self._job, "instance": instance})
        self._lines.append(f"{series} {value} {at_s}")


@contextmanager
def prometheus(folder: Path, scrapes: Scrapes) -> Generator[str]:
    """The address of a Prometheus that has these samples and scrapes nothing, while the block lasts."""
    samples, data, config = folder / "samples.txt", folder / "data", folder / "prometheus.yml"
    scrapes.write(samples)
    config.write_text("{}\n")
    command = ("promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(samples), str(data))
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    port = _free_port()
    arguments = [f"--config.file={config}", f"--storage.tsdb.path={data}", f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(["prometheus", *arguments, "--storage.tsdb.retention.time=10y"], stderr=subprocess.DEVNULL) as process:
        try:
            _wait_until_ready(f"http://127.0.0.1:{port}")
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _wait_until_ready(url: str) -> None:
    transport = httpx.HTTPTransport(retries=8)  # waits longer and longer until the port is open
    with httpx.Client(transport=transport, timeout=20) as client:
        while client.get(f"{url}/-/ready").status_code != httpx.codes.OK:
            pass


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
