"""Targets that can never be told anything, found before there is something to tell."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from surewire.config.model import Config
from surewire.config.notify import Email, NotifyTarget, Slack
from surewire.domain.outbound import why_refused

__all__ = ["unreachable_targets"]


def unreachable_targets(config: Config) -> Iterator[str]:
    """A sentence for each target whose address is written out and will be refused. Names are looked up only when something is sent."""
    for name, target in config.notify.items():
        host = _host(target)
        reason = _why_refused("127.0.0.1" if host == "localhost" else host, allow_private=target.allow_private)
        if reason:
            mend = "" if target.allow_private else " Set allow_private = true if that is meant."
            yield f"notify.{name} can never be told anything: {host} {reason}.{mend}"


def _host(target: NotifyTarget) -> str:
    if isinstance(target, Email):
        return target.host
    return urlsplit(target.webhook_url if isinstance(target, Slack) else target.url).hostname or ""


def _why_refused(host: str, *, allow_private: bool) -> str:
    try:
        return why_refused(ip_address(host), allow_private=allow_private)
    except ValueError:
        return ""
