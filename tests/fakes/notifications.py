"""Notifications to send."""

from __future__ import annotations

from typing import Any

from surewire.ports.notifier import AlertView, Notification

__all__ = ["AT_S", "alert", "notification"]

AT_S = 1_763_733_600
"""2025-11-21 14:00:00 UTC."""


def alert(name: str = "MessageLoss", **changes: Any) -> AlertView:
    fields: dict[str, Any] = {
        "name": name,
        "severity": "SEV-1",
        "status": "firing",
        "labels": {"slo": "durability", "service": "surewire"},
        "summary": "A message that was acknowledged is not in the store.",
        "detail": "1 message in 15 s.",
        "runbook_url": "https://docs.example/runbooks/RB-001",
        "starts_at_s": AT_S,
    }
    return AlertView(**(fields | changes))


def notification(identifier: str = "n1", **changes: Any) -> Notification:
    fields: dict[str, Any] = {
        "id": identifier,
        "target": "pager",
        "dedup_key": "MessageLoss",
        "status": "firing",
        "severity": "SEV-1",
        "alerts": (alert(),),
        "at_s": AT_S,
    }
    return Notification(**(fields | changes))
