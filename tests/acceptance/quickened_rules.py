"""Generated configuration of Prometheus for a world whose clock runs fast: the same rules, every span of time in them so much shorter.

Prometheus, a Go program, asks the kernel for the time and not the C library, so that nothing can quicken it: its rules are instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from surewire.slo.window import SLOT_S

__all__ = ["quicken"]

_UNITS_MS: Final[Mapping[str, int]] = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_PART: Final = re.compile(r"(\d+)(ms|[smhd])")
# A range, the step of a subquery, an offset, and the settings that are spans.
_SPAN: Final = re.compile(r"(?<=\[|:)(?:\d+(?:ms|[smhd]))+(?=[]:])|(?<=offset )\d+[smhd]|(?<=interval: )\d+[smhd]|(?<=for: )\d+[smhd]")
# Seconds as numbers: those of a slot, which rates are multiplied with, and those that are taken from the time.
_SECONDS: Final = re.compile(rf"\b{SLOT_S}(?= \*)|(?<=time\(\) - )\d+")


def quicken(folder: Path, rate: int, target: str) -> None:
    """Rewrites what `surewire export prometheus` has put there, for a server at `target` whose clock runs `rate` times as fast."""
    for path in (folder / "prometheus.yml", *folder.glob("rules/*.yml"), *folder.glob("config/alerting/*.yml")):
        text = _SPAN.sub(lambda span: _shorter(span[0], rate), path.read_text("utf-8"))
        text = _SECONDS.sub(lambda seconds: str(int(seconds[0]) // rate), text)
        path.write_text(text.replace("localhost:8080", target), "utf-8")


def _shorter(span: str, rate: int) -> str:
    """A span that ends a millisecond early, so that what is at its beginning is outside, still does."""
    length_ms = sum(int(number) * _UNITS_MS[unit] for number, unit in _PART.findall(span))
    early_ms = -length_ms % 1_000
    return f"{(length_ms + early_ms) // rate - early_ms}ms"
