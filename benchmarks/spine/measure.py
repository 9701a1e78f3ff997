"""Numbers people can compare: percentiles, medians, and where and how a figure was measured."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

__all__ = ["percentile", "record", "spread"]

_RESULTS = Path(__file__).parent / "results"


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """The value that `share` of the values are at or below (nearest rank)."""
    return sorted_values[min(len(sorted_values) - 1, max(0, round(share * len(sorted_values)) - 1))]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, least and greatest of several runs."""
    return {"median": statistics.median(values), "min": min(values), "max": max(values), "runs": len(values)}


def record(name: str, figures: dict[str, Any]) -> None:
    """Prints the figures and keeps them in `results/NAME.json`, with what they depend on."""
    commit = subprocess.run(("git", "rev-parse", "--short", "HEAD"), capture_output=True, text=True, check=False).stdout.strip()
    result = {
        "name": name,
        "command": f"python -m benchmarks.spine {name}",
        "commit": commit,
        "measured_at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cpus": os.cpu_count(), "kernel": platform.release(), "python": sys.version.split()[0], "shared": True},
        "figures": figures,
    }
    print(json.dumps(result, indent=1), flush=True)
    _RESULTS.mkdir(exist_ok=True)
    (_RESULTS / f"{name}.json").write_text(json.dumps(result, indent=1) + "\n")
