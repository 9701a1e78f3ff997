"""A notification in plain words, the same for every receiver that reads text."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from surewire.ports.notifier import AlertView, Notification

__all__ = ["headline", "moment", "paragraph", "shortened", "text"]

_MANY = 20


def headline(notification: Notification) -> str:
    """One line: `[SEV-1] Firing: MessageLoss and 2 more, escalated to backup on-call`."""
    first, *more = [alert.name for alert in notification.alerts] or ["surewire"]
    names = f"{first} and {len(more)} more" if more else first
    escalated = f", escalated to {notification.escalation}" if notification.escalation else ""
    return f"[{notification.severity}] {notification.status.capitalize()}: {names}{escalated}"


def text(notification: Notification) -> str:
    """Everything that is known, a paragraph for each alert; after twenty alerts, how many more there are."""
    shown, rest = notification.alerts[:_MANY], notification.alerts[_MANY:]
    more = [f"And {len(rest)} more: {', '.join(alert.name for alert in rest)}"] if rest else []
    return "\n\n".join([headline(notification), *map(paragraph, shown), *more]) + "\n"


def paragraph(alert: AlertView) -> str:
    """What is wrong with what, since when, and where to read on."""
    return "\n".join(_lines(alert))


def moment(at_s: int) -> str:
    """`2026-11-21 14:00:05 UTC`."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def shortened(words: str, most: int) -> str:
    """At most so many characters, with an ellipsis where something is left out."""
    return words if len(words) <= most else words[: most - 1] + "…"


def _lines(alert: AlertView) -> Iterator[str]:
    ended = f", resolved {moment(alert.ends_at_s)}" if alert.ends_at_s is not None else ""
    yield f"{alert.name} ({alert.severity}), since {moment(alert.starts_at_s)}{ended}"
    yield from filter(None, (alert.summary, alert.detail))
    if alert.labels:
        yield "Labels: " + ", ".join(f"{name}={value}" for name, value in sorted(alert.labels.items()))
    if alert.runbook_url:
        yield f"Runbook: {alert.runbook_url}"
