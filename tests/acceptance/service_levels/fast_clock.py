"""A clock that runs fast for one process, by libfaketime: hours of a real server pass in minutes, its waits included."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

__all__ = ["needs_fast_clock", "running_fast"]

_LIBRARIES = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))

needs_fast_clock = pytest.mark.skipif(
    not _LIBRARIES and os.environ.get("CI") != "true", reason="libfaketime is not installed (apt-get install faketime)"
)


def running_fast(start_s: float, rate: int) -> dict[str, str]:
    """The environment of a process that starts at `start_s` (seconds since the epoch), with a clock `rate` times as fast."""
    start = datetime.fromtimestamp(start_s, UTC)
    return {
        "LD_PRELOAD": str(_LIBRARIES[0]),
        "FAKETIME": f"@{start:%Y-%m-%d %H:%M:%S} x{rate}",
        "FAKETIME_FMT": "%Y-%m-%d %H:%M:%S",
        "TZ": "UTC",
    }
