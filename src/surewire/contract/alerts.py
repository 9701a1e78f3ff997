"""The shape of `alerts.yaml`: alerts that are not made from an objective, and what each severity asks of people."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from surewire.contract.slos import Duration, RunbookId, Severity

__all__ = ["Alert", "AlertCatalogue", "EscalationStep", "SeverityRule"]

ResponseTime = Annotated[str, Meta(pattern=r"^([1-9][0-9]*[smhd]|next business day)$")]
AlertName = Annotated[str, Meta(pattern=r"^[A-Z][A-Za-z0-9]*$")]


class EscalationStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom an unanswered alert goes to after how long."""

    after: Duration
    to: str


class SeverityRule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast a severity is answered, where it is announced, and whom it escalates to."""

    respond_within: ResponseTime
    notify: tuple[str, ...]
    escalate: tuple[EscalationStep, ...] = ()


class Alert(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One alert: its condition in the words of the metrics, how long that must hold, and the runbook to open.

    `needs` names the back end whose series it reads; without that back end it has no data.
    """

    name: AlertName
    severity: Severity
    runbook: RunbookId
    expr: str
    hold: Duration | None = msgspec.field(name="for", default=None)
    needs: str = ""
    note: str = ""


class AlertCatalogue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Every alert in the order of the file. `mapping` translates other scales of severity to this one.

    Those in `non_negotiable` are never muted, downgraded, snoozed or resolved by themselves.
    """

    severities: dict[Severity, SeverityRule]
    mapping: dict[str, Severity]
    two_missed_pages: str
    non_negotiable: tuple[AlertName, ...]
    alerts: tuple[Alert, ...]

    def __post_init__(self) -> None:
        names = {alert.name for alert in self.alerts}
        if len(names) != len(self.alerts):
            raise ValueError("two alerts have one name")
        if missing := set(self.non_negotiable) - names:
            raise ValueError(f"non-negotiable, but no alert: {', '.join(sorted(missing))}")
