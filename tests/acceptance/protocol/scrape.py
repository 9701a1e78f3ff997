"""What a running server says of itself: its metrics as a monitoring system reads them, and what the kernel knows of its process."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx

__all__ = ["Metrics", "open_files", "resident_bytes", "scrape", "scrape_until", "scrape_when_empty", "threads"]

_TIMEOUT_S = 15.0
_SAMPLE = re.compile(r"(?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(?P<labels>.*)\})? (?P<value>\S+)")
_LABEL = re.compile(r'(\w+)="([^"]*)"')

Labels = dict[str, str]


class Metrics:
    """One scrape of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.types: Labels = {}
        self.samples: list[tuple[str, Labels, float]] = []
        for line in text.splitlines():
            if line.startswith("# TYPE "):
                name, kind = line.removeprefix("# TYPE ").split(" ")
                self.types[name] = kind
            elif not line.startswith("#"):
                sample = _SAMPLE.fullmatch(line)
                assert sample is not None, line
                self.samples.append((sample["name"], dict(_LABEL.findall(sample["labels"] or "")), float(sample["value"])))

    def since(self, before: Metrics) -> Metrics:
        """What was counted between two scrapes; only counters and histograms mean something then."""
        base = {(name, *labels.items()): value for name, labels, value in before.samples}
        grown = Metrics("")
        grown.types = self.types
        grown.samples = [(name, labels, value - base.get((name, *labels.items()), 0)) for name, labels, value in self.samples]
        return grown

    def series(self, name: str, **labels: str) -> Iterator[tuple[Labels, float]]:
        """The series of that name which have these labels."""
        return ((found, value) for sample, found, value in self.samples if sample == name and labels.items() <= found.items())

    def value(self, name: str, **labels: str) -> float:
        """The sum of the series which have these labels. Fails when there is none: every label set is exposed from the start."""
        values = [value for _, value in self.series(name, **labels)]
        assert values, f"{name} {labels} is not exposed"
        return sum(values)

    def by(self, label: str, name: str, **labels: str) -> dict[str, float]:
        """The series above zero, by one label."""
        found: dict[str, float] = {}
        for its, value in self.series(name, **labels):
            found[its[label]] = found.get(its[label], 0) + value
        return {its: value for its, value in found.items() if value}


async def scrape(http: httpx.AsyncClient) -> Metrics:
    return Metrics((await http.get("/metrics")).raise_for_status().text)


async def scrape_until(http: httpx.AsyncClient, holds: Callable[[Metrics], Any]) -> Metrics:
    """Scrapes again and again until it holds; for what the server does in its own time."""
    async with asyncio.timeout(_TIMEOUT_S):
        while not holds(metrics := await scrape(http)):
            pass
    return metrics


async def scrape_when_empty(http: httpx.AsyncClient) -> Metrics:
    """Scrapes once the last connection is gone."""
    return await scrape_until(http, lambda now: not now.value("gateway_connections_active"))


def open_files(pid: int) -> tuple[int, int]:
    """How many sockets the process has open, and how many other descriptors."""
    opened: list[str] = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed meanwhile
            opened.append(str(link.readlink()))
    sockets = sum(name.startswith("socket:") for name in opened)
    return sockets, len(opened) - sockets


def resident_bytes(pid: int) -> int:
    (line,) = (line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))
