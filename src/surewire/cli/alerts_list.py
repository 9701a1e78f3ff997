"""`surewire alerts list`: every alert and how it stands."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from surewire.alerting.alert_view import AlertList, AlertStatusView
from surewire.cli.console_output import print_json, print_table
from surewire.cli.remote import DEFAULT_URL, Url, reaching
from surewire.client.one_answer import one_answer

__all__ = ["list_"]


def list_(
    *,
    every: Annotated[bool, Parameter(name="--all", help="The quiet ones too, and those without data.")] = False,
    with_data: Annotated[bool, Parameter(help="The quiet ones too, without those that have no data.")] = False,
    url: Url = DEFAULT_URL,
    json: Annotated[bool, Parameter(help="Print for programs.")] = False,
) -> int:
    """List the alerts that fire or are about to. Exit 1 when one fires."""
    with reaching():
        found = one_answer(url, "/v1/alerts", AlertList)
    left_out = {"no_data"} if with_data else set[str]() if every else {"no_data", "quiet"}
    shown = [alert for alert in found.items if alert.status not in left_out]
    if json:
        print_json(AlertList(tuple(shown)))
    elif shown:
        print_table(("alert", "severity", "status", "since", "who", "runbook", "what", "now"), map(_row, shown), always_headed=True)
    else:
        quiet = sum(alert.status == "quiet" for alert in found.items)
        print(f"no alert fires: {quiet} are quiet, {len(found.items) - quiet} have no data")
    return int(any(alert.status == "firing" for alert in found.items))


def _row(alert: AlertStatusView) -> tuple[str, ...]:
    handled = f"acknowledged by {alert.acknowledged_by}" if alert.acknowledged_by else alert.owner
    if alert.silenced_by:
        handled = f"silenced ({alert.silenced_by})"
    if alert.known_issue:
        handled = f"{handled}; {alert.known_issue}, {'OVERDUE since' if alert.known_issue_overdue else 'due'} {alert.known_issue_due}"
    return (
        alert.name,
        alert.severity,
        alert.status.replace("_", " "),
        alert.since or "",
        handled,
        alert.runbook,
        alert.detail,
        alert.detail_now,
    )
