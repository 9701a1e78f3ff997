"""Alerts and silences as JSON shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from surewire.alerting.known_issue import is_overdue
from surewire.contract.slos import Severity
from surewire.domain.instant import format_seconds
from surewire.slo.judgement import Verdict

if TYPE_CHECKING:
    # A command that prints alerts need not import what judges them.
    from surewire.alerting.alert_manager import AlertListing
    from surewire.ports.alert_store import Silence

__all__ = ["AlertList", "AlertStatus", "AlertStatusView", "SilenceList", "SilenceView", "alert_view", "silence_view"]

AlertStatus = Literal["no_data", "quiet", "pending", "firing"]


class AlertStatusView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alert now. `status` is `no_data` where what it reads is not there; that is neither firing nor quiet."""

    name: str
    severity: Severity
    status: AlertStatus
    since: str | None = None
    """When it entered that status, where it is pending or firing."""
    summary: str
    detail: str = ""
    """What is judged; while it fires, what made it fire."""
    detail_now: str = ""
    """While it fires, what is judged now, where that is something else."""
    value: float | None = None
    """What is judged now."""
    slo: str = ""
    owner: str = ""
    runbook: str
    non_negotiable: bool = False
    acknowledged_by: str = ""
    acknowledged_at: str | None = None
    silenced_by: str = ""
    """The silence's id."""
    known_issue: str = ""
    """The ticket that mends its cause."""
    known_issue_due: str = ""
    """The day by which."""
    known_issue_overdue: bool = False


class AlertList(Struct, frozen=True):
    """Every alert, in the order of the definitions."""

    items: tuple[AlertStatusView, ...]


class SilenceView(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A silence: nobody is told of alerts whose labels satisfy all matchers."""

    id: str
    matchers: tuple[str, ...]
    owner: str
    reason: str
    starts_at: str
    ends_at: str
    created_by: str = ""
    active: bool = False
    alerts: int
    """How many alerts it is about, firing or not."""


class SilenceList(Struct, frozen=True):
    """Silences, by when they end; also the newest of those that ended within a week."""

    items: tuple[SilenceView, ...]


def alert_view(listing: AlertListing, now_s: int) -> AlertStatusView:
    """The alert as it is shown at that time."""
    rule, state, judgement = listing.rule, listing.state, listing.judgement
    verdict: Verdict = judgement.verdict if judgement else "no_data"
    issue = state.known_issue
    is_up, is_firing = state.phase != "quiet", state.phase == "firing"
    now = judgement.detail if judgement else ""
    return AlertStatusView(
        name=rule.name,
        severity=rule.severity,
        status=state.phase if is_up else "no_data" if verdict == "no_data" else "quiet",
        since=format_seconds(state.since_s) if is_up else None,
        summary=rule.summary,
        detail=state.detail if is_firing else now if judgement else "nothing was judged yet",
        detail_now=now if is_firing and now != state.detail else "",
        value=None if judgement is None or judgement.value is None else float(f"{judgement.value:.12g}"),
        slo=rule.slo,
        owner=rule.owner,
        runbook=rule.runbook,
        non_negotiable=rule.is_non_negotiable,
        acknowledged_by=state.acknowledged.actor if state.acknowledged else "",
        acknowledged_at=format_seconds(state.acknowledged.at_s) if state.acknowledged else None,
        silenced_by=listing.silence.id if listing.silence else "",
        known_issue=issue.ticket if issue else "",
        known_issue_due=issue.due if issue else "",
        known_issue_overdue=issue is not None and is_overdue(issue.due, now_s),
    )


def silence_view(silence: Silence, now_s: int, alerts: int) -> SilenceView:
    """The silence as it is shown at that time; it is about so many alerts."""
    return SilenceView(
        id=silence.id,
        matchers=tuple(f'{one.label}{one.operator}"{one.value}"' for one in silence.matchers),
        owner=silence.owner,
        reason=silence.reason,
        starts_at=format_seconds(silence.starts_at_s),
        ends_at=format_seconds(silence.ends_at_s),
        created_by=silence.created_by,
        active=silence.starts_at_s <= now_s < silence.ends_at_s,
        alerts=alerts,
    )
