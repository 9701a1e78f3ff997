"""`surewire alerts`: alerts, and what may keep them from people; each command in a file of its own beside this one."""

from __future__ import annotations

from cyclopts import App

__all__ = ["alerts"]

alerts = App(
    name="alerts",
    help="Look at alerts, and at what may keep them from people.",
)
