"""Alerts that an Alertmanager sends: its webhook's JSON as the values that our own notifications carry.

Source: https://prometheus.io/docs/alerting/latest/configuration/#webhook_config, version 4 of the format.
Fields that newer versions add are left out of account.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from surewire.contract.slos import Severity
from surewire.domain.json_words import why_malformed
from surewire.errors import ClientError
from surewire.ports.notifier import AlertView

__all__ = ["IncomingAlerts", "parse_incoming"]

_UNKNOWN: Final[Severity] = "SEV-3"

_Instant = Annotated[datetime, Meta(tz=True)]
Labels = Annotated[dict[str, str], Meta(max_length=100)]


class IncomingAlerts(msgspec.Struct, frozen=True):
    """One delivery: `dedup_key` names the group, however often it is sent. `left_out` more were cut off by the sender."""

    dedup_key: str
    receiver: str
    alerts: tuple[AlertView, ...]
    left_out: int


class _Alert(msgspec.Struct, frozen=True, rename="camel"):
    status: Literal["firing", "resolved"]
    labels: Labels
    starts_at: _Instant
    annotations: Labels = {}
    ends_at: _Instant | None = None


class _Webhook(msgspec.Struct, frozen=True, rename="camel"):
    version: Literal["4"]
    group_key: str
    receiver: str
    alerts: Annotated[tuple[_Alert, ...], Meta(min_length=1, max_length=10_000)]
    truncated_alerts: int = 0


_decode: Final = msgspec.json.Decoder(_Webhook).decode


def parse_incoming(body: bytes, severities: Mapping[str, Severity]) -> IncomingAlerts:
    """The alerts of one delivery. `severities` translates other scales (`critical`); a severity that nobody knows is SEV-3.

    Raises: ClientError that names the field when it is no webhook of version 4.
    """
    try:
        webhook = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = f"this is no webhook of an Alertmanager, version 4: {why_malformed(body, error)}"
        raise ClientError("INVALID_MESSAGE", problem, path="body") from None
    alerts = tuple(_view(alert, severities) for alert in webhook.alerts)
    return IncomingAlerts(webhook.group_key, webhook.receiver, alerts, webhook.truncated_alerts)


def _view(alert: _Alert, severities: Mapping[str, Severity]) -> AlertView:
    said = alert.annotations
    return AlertView(
        name=alert.labels.get("alertname", ""),
        severity=_severity(alert.labels.get("severity", ""), severities),
        status=alert.status,
        labels=alert.labels,
        summary=said.get("summary", ""),
        detail=said.get("description", ""),
        runbook_url=said.get("runbook_url", ""),
        starts_at_s=_seconds(alert.starts_at),
        ends_at_s=_seconds(alert.ends_at) if alert.status == "resolved" and alert.ends_at is not None else None,
    )


def _severity(given: str, severities: Mapping[str, Severity]) -> Severity:
    known: dict[str, Severity] = {"SEV-1": "SEV-1", "SEV-2": "SEV-2", "SEV-3": "SEV-3", "SEV-4": "SEV-4", **severities}
    return known.get(given, _UNKNOWN)


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
