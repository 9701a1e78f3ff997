"""What people see of an alert: what made it fire, and how things stand now."""

from __future__ import annotations

from surewire.alerting.alert_view import AlertStatusView, alert_view
from tests.unit.alerting.desk import MINUTE_S, Desk

BURN = "ErrorBudgetBurnHigh"


def shown(desk: Desk) -> AlertStatusView:
    return next(alert_view(one) for one in desk.manager.listing(desk.now_s) if one.rule.name == BURN)


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
