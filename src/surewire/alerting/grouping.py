"""Alerts that are told together: those of one objective and one severity. A non-negotiable alert is told alone."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from surewire.alerting.silencing import Silencing
from surewire.ports.alert_store import AlertBook, AlertState
from surewire.slo.alert_rule import AlertRule

__all__ = ["Member", "group_key", "members"]


class Member(msgspec.Struct, frozen=True):
    """One alert of a group that is firing and not silenced."""

    rule: AlertRule
    state: AlertState

    @property
    def is_unseen(self) -> bool:
        """Nobody has acknowledged it."""
        return self.state.acknowledged is None


def group_key(rule: AlertRule) -> str:
    """The name of the alert's group; it never changes, so receivers know the same trouble again."""
    return f"{rule.severity}/{rule.name if rule.is_non_negotiable else rule.slo or rule.name}"


def members(rules: Iterable[AlertRule], silencing: Silencing, book: AlertBook, now_s: int) -> dict[str, list[Member]]:
    """What is firing and not silenced, by group; groups that were told something and have nothing now have an empty list."""
    found: dict[str, list[Member]] = {key: [] for key in book.groups}
    muted = silencing.in_force(book.silences.values(), now_s)
    for rule in rules:
        state = book.alerts.get(rule.name)
        if state is not None and state.phase == "firing" and rule.name not in muted:
            found.setdefault(group_key(rule), []).append(Member(rule, state))
    return found
