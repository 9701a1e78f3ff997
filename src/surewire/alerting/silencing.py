"""Which alerts a silence is about. Nothing silences a non-negotiable alert, and a silence that cannot be read silences nothing."""

from __future__ import annotations

from collections.abc import Iterable

from surewire.contract.selector import Matcher
from surewire.ports.alert_store import Silence
from surewire.slo.alert_rule import AlertRule

__all__ = ["alert_labels", "is_about", "matches", "silenced"]


def alert_labels(rule: AlertRule) -> dict[str, str]:
    """The labels that an alert is told with, as in the rules for Prometheus; empty ones are left out."""
    labels = {"alertname": rule.name, "severity": rule.severity, "slo": rule.slo, "window": rule.window, "owner": rule.owner}
    return {label: value for label, value in labels.items() if value}


def matches(matchers: Iterable[Matcher], rule: AlertRule) -> bool:
    """Whether all matchers accept the alert's labels; an absent label is the empty string."""
    labels = alert_labels(rule)
    return all(matcher.accepts(labels.get(matcher.label, "")) for matcher in matchers)


def silenced(rule: AlertRule, silences: Iterable[Silence], now_s: int) -> Silence | None:
    """The silence that is in force for the alert; None when there is none."""
    if rule.is_non_negotiable:
        return None
    return next((one for one in silences if one.starts_at_s <= now_s < one.ends_at_s and is_about(one, rule)), None)


def is_about(silence: Silence, rule: AlertRule) -> bool:
    """Whether the silence would mute the alert if nothing else held."""
    # What is stored may have been written when other patterns were taken.
    is_readable = not any(matcher.problem for matcher in silence.matchers)
    return is_readable and matches(silence.matchers, rule)
