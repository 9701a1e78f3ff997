"""The beginning and the end of an alert as events of the stream."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw

from surewire.alerting.advance import AlertMove
from surewire.alerting.grouping import group_key
from surewire.alerting.silencing import alert_labels
from surewire.contract.slos import Severity as AlertSeverity
from surewire.domain.event import Event, Severity
from surewire.slo.alert_rule import AlertRule

__all__ = ["alert_event"]

# An event's severities are finer at the top: the whole service is gone.
_SEVERITIES: Final[dict[AlertSeverity, Severity]] = {"SEV-1": "P1", "SEV-2": "P2", "SEV-3": "P3", "SEV-4": "P4"}
_DOWN: Final = "WebSocketServerDown"
_UPTIME: Final = "sla-001-http-availability"


def alert_event(move: AlertMove, rule: AlertRule | None) -> Event:
    """`alert_received`: which alert began or ceased to fire, and the numbers. `rule` is None for one that is no longer defined."""
    data = {
        "status": move.status,
        "summary": rule.summary if rule else "",
        "detail": move.detail,
        "labels": alert_labels(rule) if rule else {"alertname": move.name},
        "group": group_key(rule) if rule else "",
        "runbook": rule.runbook if rule else "",
    }
    return Event(
        "alert_received",
        severity=_severity(move),
        source="surewire",
        labels={"alertname": move.name, "status": move.status},
        data=Raw(msgspec.json.encode(data)),
    )


def _severity(move: AlertMove) -> Severity:
    is_all = move.severity == "SEV-1" and (move.name == _DOWN or move.slo == _UPTIME)
    return "P0" if is_all else _SEVERITIES[move.severity]
