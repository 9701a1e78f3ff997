"""Notifications from the state of alerts: who, which trouble, and what is said of each alert."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Literal

from surewire.alerting.grouping import group_key
from surewire.alerting.silencing import SERVICE, alert_labels
from surewire.ports.alert_store import AlertState, GroupState
from surewire.ports.notifier import AlertView, Notification
from surewire.slo.alert_rule import AlertRule

__all__ = ["Letters", "Status"]

Status = Literal["firing", "resolved", "acknowledged"]


class Letters:
    """Writes notifications. `runbook_url` is what stands before a runbook's number: `/runbooks/`.

    Ids follow from the content, so the same decision made twice is one notification.
    """

    def __init__(self, rules: Mapping[str, AlertRule], runbook_url: str) -> None:
        self._rules, self._runbook_url = rules, runbook_url

    def key(self, group: GroupState) -> str:
        """The dedup key of the group's trouble."""
        return f"{SERVICE}/{group.key}"

    def page_key(self, group: GroupState, escalation: str = "") -> str:
        """The dedup key of the newest page, or of its escalation. A pager wakes nobody for a key that it has open, so each has its own."""
        key = self.key(group) if group.last_page <= 1 else f"{self.key(group)}#{group.last_page}"
        return f"{key}^{escalation.lower().replace(' ', '-')}" if escalation else key

    def is_of(self, name: str, group: GroupState) -> bool:
        """Whether the alert is defined, and belongs to the group."""
        return name in self._rules and group_key(self._rules[name]) == group.key

    def is_for(self, name: str, target: str) -> bool:
        """Whether the alert goes to that target beyond its severity's own."""
        return name in self._rules and target in self._rules[name].targets

    def extra_targets(self, names: Iterable[str]) -> tuple[str, ...]:
        """The targets that these alerts go to beyond their severity's own."""
        return tuple(dict.fromkeys(target for name in names if name in self._rules for target in self._rules[name].targets))

    def letter(
        self,
        target: str,
        key: str,
        status: Status,
        group: GroupState,
        views: Sequence[AlertView],
        at_s: int,
        escalation: str = "",
        *,
        occasion: int,
    ) -> Notification:
        """One notification to one target. `occasion` tells what fires twice within one second apart."""
        content = "\n".join((target, key, status, escalation, str(at_s), str(occasion)))
        return Notification(
            id=f"ntf_{sha256(content.encode()).hexdigest()[:32]}",
            target=target,
            dedup_key=key,
            status=status,
            severity=group.severity,
            alerts=tuple(views),
            at_s=at_s,
            escalation=escalation,
        )

    def view(self, name: str, state: AlertState, group: GroupState, ends_at_s: int | None = None) -> AlertView:
        """The alert as it is shown; one whose rule is no longer defined shows its name."""
        rule = self._rules.get(name)
        return AlertView(
            name=name,
            severity=group.severity,
            status="firing" if ends_at_s is None else "resolved",
            labels=alert_labels(rule) if rule else {"alertname": name, "service": SERVICE},
            summary=rule.summary if rule else "This alert is no longer defined.",
            detail=_detail(state),
            runbook_url=f"{self._runbook_url}{rule.runbook}" if rule else "",
            starts_at_s=state.since_s,
            ends_at_s=ends_at_s,
        )


def _detail(state: AlertState) -> str:
    said = [state.detail] if state.detail else []
    if state.known_issue is not None:
        said.append(f"known issue: {state.known_issue.ticket}, due {state.known_issue.due}")
    if state.acknowledged is not None:
        note = f" ({state.acknowledged.note})" if state.acknowledged.note else ""
        said.append(f"acknowledged by {state.acknowledged.actor}{note}")
    return "; ".join(said)
