"""PagerDuty, by its Events API v2: https://developer.pagerduty.com/docs/send-alert-event"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final

import msgspec

from surewire.adapters.webhook.http_sender import JSON, HttpSender
from surewire.config.notify import PagerDuty
from surewire.contract.slos import Severity
from surewire.ports.notification_words import headline, shortened
from surewire.ports.notifier import AlertView, Notification

__all__ = ["PagerDutyNotifier"]

_ACTIONS: Final = {"firing": "trigger", "acknowledged": "acknowledge", "resolved": "resolve"}
_SEVERITIES: Final[dict[Severity, str]] = {"SEV-1": "critical", "SEV-2": "error", "SEV-3": "warning", "SEV-4": "info"}
_MAX_KEY: Final = 255
_MAX_SUMMARY: Final = 1_024
_MAX_ALERTS: Final = 50
"""An event may have 512 KB."""


class PagerDutyNotifier:
    """Triggers, acknowledges and resolves one alert of PagerDuty for each `dedup_key`; the same event twice is one there."""

    __slots__ = ("_sender", "_target", "name")

    def __init__(self, name: str, target: PagerDuty, sender: HttpSender) -> None:
        self.name, self._target, self._sender = name, target, sender

    async def send(self, notification: Notification) -> None:
        event = {"routing_key": self._target.routing_key, **_event(notification)}
        await self._sender.post(self._target.url, msgspec.json.encode(event), JSON)


def _event(notification: Notification) -> dict[str, Any]:
    event: dict[str, Any] = {"event_action": _ACTIONS[notification.status], "dedup_key": _dedup_key(notification.dedup_key)}
    if notification.status == "firing":
        event |= {"payload": _payload(notification), "links": _links(notification), "client": "surewire"}
    return event


def _dedup_key(key: str) -> str:
    return key if len(key) <= _MAX_KEY else sha256(key.encode()).hexdigest()


def _payload(notification: Notification) -> dict[str, Any]:
    labels = notification.alerts[0].labels if notification.alerts else {}
    optional = {"component": labels.get("service"), "group": labels.get("slo")}
    return {
        "summary": shortened(_summary(notification), _MAX_SUMMARY),
        "source": labels.get("instance") or "surewire",
        "severity": _SEVERITIES[notification.severity],
        "timestamp": datetime.fromtimestamp(notification.at_s, UTC).isoformat(),
        "class": notification.alerts[0].name if notification.alerts else "surewire",
        "custom_details": {alert.name: _details(alert) for alert in notification.alerts[:_MAX_ALERTS]},
        **{name: value for name, value in optional.items() if value},
    }


def _summary(notification: Notification) -> str:
    first = notification.alerts[0].summary if notification.alerts else ""
    return f"{headline(notification)}. {first}" if first else headline(notification)


def _details(alert: AlertView) -> dict[str, Any]:
    return {"status": alert.status, "summary": alert.summary, "detail": alert.detail, "labels": alert.labels, "runbook": alert.runbook_url}


def _links(notification: Notification) -> list[dict[str, str]]:
    runbooks = {alert.runbook_url: f"Runbook of {alert.name}" for alert in notification.alerts[:_MAX_ALERTS]}
    return [{"href": url, "text": words} for url, words in runbooks.items() if url.startswith(("https://", "http://"))]
