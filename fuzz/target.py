"""What is fuzzed: a function of bytes that raises nothing, from seeds that are worth changing."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

__all__ = ["NAMES", "Target", "load_target"]

NAMES: Final = (
    *("frames", "connection", "messages", "filters", "positions"),
    *("front", "request_heads", "queries", "bodies", "events", "configuration", "environment", "alertmanager"),
)


@dataclass(frozen=True)
class Target:
    """One reader. `check` raises when an invariant does not hold, whatever the exception."""

    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    max_bytes: int = 4_096


def load_target(name: str) -> Target:
    """The target of that name: `TARGET` in a module of its own, so that what it imports can be watched."""
    target: Target = importlib.import_module(f"fuzz.targets.{name}").TARGET
    return target
