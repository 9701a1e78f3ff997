"""Slack, by an incoming webhook: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from surewire.adapters.webhook.http_sender import JSON, HttpSender
from surewire.config.notify import Slack
from surewire.ports.notification_words import headline, moment, shortened
from surewire.ports.notifier import AlertView, Notification

__all__ = ["SlackNotifier"]

_MARKS: Final = {"firing": "🔥", "acknowledged": "👀", "resolved": "✅"}
_MAX_HEADER: Final = 150
_MAX_SECTION: Final = 3_000
_MAX_ALERTS: Final = 20
"""A message may have 50 blocks."""
# The three characters that mean something: https://docs.slack.dev/messaging/formatting-message-text
_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class SlackNotifier:
    """One message for each notification. Slack knows no repetitions: what is sent again stands there twice."""

    __slots__ = ("_sender", "_target", "name")

    def __init__(self, name: str, target: Slack, sender: HttpSender) -> None:
        self.name, self._target, self._sender = name, target, sender

    async def send(self, notification: Notification) -> None:
        await self._sender.post(self._target.webhook_url, msgspec.json.encode(_message(notification)), JSON)


def _message(notification: Notification) -> dict[str, Any]:
    title = f"{_MARKS[notification.status]} {headline(notification)}"
    shown, rest = notification.alerts[:_MAX_ALERTS], notification.alerts[_MAX_ALERTS:]
    more = [_section(f"And {len(rest)} more.")] if rest else []
    header = {"type": "header", "text": {"type": "plain_text", "text": shortened(title, _MAX_HEADER)}}
    context = {"type": "context", "elements": [{"type": "mrkdwn", "text": f"surewire, {moment(notification.at_s)}"}]}
    return {"text": title.translate(_ESCAPES), "blocks": [header, *(_section(_alert(alert)) for alert in shown), *more, context]}


def _section(words: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": words}}


def _alert(alert: AlertView) -> str:
    lines = [f"*{alert.name}* {alert.severity}, since {moment(alert.starts_at_s)}", alert.summary, alert.detail]
    link = f"\n<{alert.runbook_url}|Runbook>" if alert.runbook_url.startswith(("https://", "http://")) else ""
    return shortened("\n".join(filter(None, lines)).translate(_ESCAPES), _MAX_SECTION - len(link)) + link
