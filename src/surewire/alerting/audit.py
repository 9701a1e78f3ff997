"""Who did what to which alert, or tried to: an entry of the ledger for each, and the weekly report on those that cannot be muted."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from surewire.ports.ledger import Entry, Ledger
from surewire.ports.notifier import AlertView, Notification
from surewire.slo.window import Interval

__all__ = ["AUDIT", "REPORTED", "Audit", "week_before", "weekly_report"]

AUDIT: Final = "audit"
"""The kind of these entries in the ledger."""
REPORTED: Final = "leadership"
"""The target that gets the weekly report."""


class Audit:
    """Writes to the ledger. `new_id` makes an id that starts with the given prefix."""

    def __init__(self, ledger: Ledger, new_id: Callable[[str], str]) -> None:
        self._ledger, self._new_id = ledger, new_id

    async def allowed(self, what: str, subject: str, actor: str, reason: str, at_s: int) -> None:
        """Keeps that it is done; on disk when it returns, before anything is done."""
        await self._keep(what, subject, actor, reason, "allowed", at_s)

    async def refused(self, what: str, subject: str, actor: str, reason: str, why: str, at_s: int) -> None:
        """Keeps that it was tried, and why it was not done."""
        await self._keep(what, subject, actor, reason, f"refused: {why}", at_s)

    async def reported(self, week: Interval, at_s: int) -> None:
        """Keeps that the report on this week was made. Repeating it changes nothing."""
        body = {"what": "weekly report", "subject": _week(week), "reason": "", "outcome": "sent"}
        try:
            await self._ledger.append(Entry(id=_report_id(week), kind=AUDIT, at_s=at_s, actor="surewire", body=body))
        except ValueError:
            pass  # it was made before

    async def was_reported(self, week: Interval) -> bool:
        """Whether the report on this week was made."""
        made = await self._ledger.entries({AUDIT}, week.end_s)
        return any(entry.id == _report_id(week) for entry in made)

    async def entries(self, span: Interval) -> Sequence[Entry]:
        """What was kept within the span, in order."""
        return [entry for entry in await self._ledger.entries({AUDIT}, span.start_s) if entry.at_s < span.end_s]

    async def _keep(self, what: str, subject: str, actor: str, reason: str, outcome: str, at_s: int) -> None:
        body: dict[str, Any] = {"what": what, "subject": subject, "reason": reason, "outcome": outcome}
        await self._ledger.append(Entry(id=self._new_id("aud_"), kind=AUDIT, at_s=at_s, actor=actor, body=body))


def week_before(now_s: int) -> Interval:
    """The last whole week, Monday to Monday, in UTC."""
    now = datetime.fromtimestamp(now_s, UTC)
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    return Interval(int((monday - timedelta(days=7)).timestamp()), int(monday.timestamp()))


def weekly_report(entries: Iterable[Entry], non_negotiable: Collection[str], week: Interval, at_s: int) -> Notification:
    """What was done and tried in the week to alerts that cannot be muted, for leadership. A week without any is reported too."""
    lines = [_line(entry) for entry in entries if set(str(entry.body.get("subject", "")).split(", ")) & set(non_negotiable)]
    view = AlertView(
        name="NonNegotiableAudit",
        severity="SEV-4",
        status="resolved",
        labels={"alertname": "NonNegotiableAudit", "week": _week(week)},
        summary=f"{len(lines)} operations on alerts that cannot be muted were done or tried in week {_week(week)}.",
        detail="\n".join(lines),
        runbook_url="",
        starts_at_s=week.start_s,
        ends_at_s=week.end_s,
    )
    key = f"audit/{_week(week)}"
    return Notification(id=f"ntf_{key}", target=REPORTED, dedup_key=key, status="resolved", severity="SEV-4", alerts=(view,), at_s=at_s)


def _line(entry: Entry) -> str:
    body, at = entry.body, datetime.fromtimestamp(entry.at_s, UTC)
    reason = f" ({body['reason']})" if body.get("reason") else ""
    return f"{at:%Y-%m-%d %H:%M} {entry.actor}: {body.get('what')} {body.get('subject')}{reason}: {body.get('outcome')}"


def _report_id(week: Interval) -> str:
    return f"aud_week_{_week(week)}"


def _week(week: Interval) -> str:
    return f"{datetime.fromtimestamp(week.start_s, UTC):%G-W%V}"
