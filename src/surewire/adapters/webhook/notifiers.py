"""The notifier of each kind of target that is reached over HTTP."""

from __future__ import annotations

import ssl

from surewire.adapters.webhook.http_sender import HttpSender
from surewire.adapters.webhook.jira import JiraNotifier
from surewire.adapters.webhook.pagerduty import PagerDutyNotifier
from surewire.adapters.webhook.signed import SignedNotifier
from surewire.adapters.webhook.slack import SlackNotifier
from surewire.config.notify import Jira, PagerDuty, Slack, Webhook
from surewire.ports.clock import Clock
from surewire.ports.notifier import Notifier
from surewire.ports.outbound import OutboundGuard

__all__ = ["http_notifier"]


def http_notifier(
    name: str, target: PagerDuty | Slack | Jira | Webhook, guard: OutboundGuard, clock: Clock, tls: ssl.SSLContext | None = None
) -> Notifier:
    """What sends to the target `[notify.name]`. It holds nothing open. `tls` replaces the authorities that are trusted."""
    sender = HttpSender(guard, timeout_s=target.timeout_s, allow_private=target.allow_private, tls=tls)
    match target:
        case PagerDuty():
            return PagerDutyNotifier(name, target, sender)
        case Slack():
            return SlackNotifier(name, target, sender)
        case Jira():
            return JiraNotifier(name, target, sender)
        case Webhook():
            return SignedNotifier(name, target, sender, clock)
