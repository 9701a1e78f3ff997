"""`surewire slo`: service levels, each command in a file of its own beside this one."""

from __future__ import annotations

from cyclopts import App

__all__ = ["slo"]

slo = App(
    name="slo",
    help="Look at, judge and try service levels.",
)
