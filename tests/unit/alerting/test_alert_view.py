"""What people see of an alert: what made it fire, and how things stand now."""

from __future__ import annotations

from surewire.alerting.alert_view import AlertStatusView, alert_view
from tests.unit.alerting.desk import MINUTE_S, Desk

BURN = "ErrorBudgetBurnHigh"


def shown(desk: Desk) -> AlertStatusView:
    return next(alert_view(one, desk.now_s) for one in desk.manager.listing(desk.now_s) if one.rule.name == BURN)


async def test_what_is_judged_now_stands_beside_what_made_the_alert_fire() -> None:
    desk = await Desk().open()
    desk.fire(BURN, detail="20x over 1h")
    await desk.tick()
    assert (shown(desk).detail, shown(desk).detail_now) == ("20x over 1h", "")
    desk.fire(BURN, detail="90x over 1h")
    await desk.tick(MINUTE_S)
    assert (shown(desk).detail, shown(desk).detail_now) == ("20x over 1h", "90x over 1h")
    desk.calm(BURN)
    await desk.tick(MINUTE_S)
    assert (shown(desk).status, shown(desk).detail, shown(desk).detail_now) == ("quiet", "", "")


async def test_a_known_issue_is_shown_with_its_day_and_is_overdue_when_that_has_passed() -> None:
    desk = await Desk().open()
    await desk.manager.note_known_issue(BURN, ticket="OPS-12", due="2027-01-15", actor="ann", now_s=desk.now_s)
    assert (shown(desk).known_issue, shown(desk).known_issue_due, shown(desk).known_issue_overdue) == ("OPS-12", "2027-01-15", False)
    desk.now_s += 24 * 60 * MINUTE_S
    assert shown(desk).known_issue_overdue
