"""`python -m benchmarks.store [--folder DIR] [--large N]`: what the store itself can do. See the README."""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import apsw

from benchmarks.store.large import fill
from benchmarks.store.reading import pages, start
from benchmarks.store.writing import CONTENT, python_alone, write

RESULTS: Final = Path(__file__).parent / "results.json"
RUNS: Final = 5
MESSAGES: Final = 200_000
MILLION: Final = 1_000_000


def several(measure: Callable[[Path], dict[str, float]], parent: Path) -> dict[str, float]:
    """The run with the median of its first figure, and that figure's least and greatest."""
    runs = []
    for _ in range(RUNS):
        gc.collect()
        with tempfile.TemporaryDirectory(dir=parent) as folder:
            runs.append(measure(Path(folder)))
    first = next(iter(runs[0]))
    runs.sort(key=lambda run: run[first])
    return {**runs[len(runs) // 2], f"least_{first}": runs[0][first], f"most_{first}": runs[-1][first]}


def measured(coroutine: Callable[[Path], Awaitable[dict[str, float]]]) -> Callable[[Path], dict[str, float]]:
    async def run(folder: Path) -> dict[str, float]:
        return await coroutine(folder)

    return lambda folder: asyncio.run(run(folder))


def measure_all(parent: Path, large: int) -> dict[str, Any]:
    figures: dict[str, Any] = {"python of the writer": several(lambda _: python_alone(MESSAGES), parent)}
    for batch in (500, 2_000):
        for random_ids in (False, True):
            name = f"batches of {batch:,}, {'random' if random_ids else 'rising'} client ids"
            figures[name] = several(measured(lambda folder, b=batch, r=random_ids: write(folder, b, MESSAGES, random_ids=r)), parent)  # type: ignore[misc]
    for size in (MILLION, large):
        folder = parent / f"{size}"
        fill(folder / "surewire.db", size, CONTENT)
        figures[f"ready with {size:,} messages"] = several(measured(lambda _, f=folder: start(f)), parent)  # type: ignore[misc]
        figures[f"history page of 50 out of {size:,}"] = asyncio.run(pages(folder, size))
    return figures


def record(figures: dict[str, Any], arguments: list[str]) -> None:
    """Prints the figures, and keeps them with what they depend on."""
    commit = subprocess.run(("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False).stdout.strip()
    versions = {"python": sys.version.split()[0], "sqlite": apsw.sqlite_lib_version()}
    result = {
        "command": " ".join(("python -m benchmarks.store", *arguments)),
        "commit": commit,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cpus": os.cpu_count(), "kernel": platform.release(), **versions, "shared": True},
        "figures": {name: {key: round(value, 3) for key, value in row.items()} for name, row in figures.items()},
    }
    text = json.dumps(result, indent=1)
    print(text)
    RESULTS.write_text(text + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store", description=__doc__)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to be measured (5 GB for ten million messages)")
    parser.add_argument("--large", type=int, default=10 * MILLION, help="messages of the large store")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder, prefix="surewire-store-") as parent:
        record(measure_all(Path(parent), given.large), sys.argv[1:])


if __name__ == "__main__":
    main()
