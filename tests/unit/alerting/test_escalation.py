"""Pages that nobody answers, and who is woken next."""

from __future__ import annotations

from surewire.contract.catalogue import load_alerts
from tests.unit.alerting.desk import MINUTE_S, START_S, Desk


def minutes(notifications: list) -> list[tuple[int, str]]:
    return [((one.at_s - START_S) // MINUTE_S, one.escalation) for one in notifications if one.status == "firing"]


async def test_an_unanswered_page_is_repeated_once_and_then_goes_to_the_next_person_and_the_next() -> None:
    desk = await Desk(tick_s=60).open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.tick(120 * MINUTE_S)
    assert minutes(await desk.sent("pagerduty-high")) == [
        (0, ""),
        (5, ""),
        (10, "backup on-call"),
        (30, "engineering lead"),
        (60, "VP Engineering"),
    ]


async def test_where_pages_cannot_be_counted_the_backup_is_called_after_a_quarter_of_an_hour() -> None:
    """Without a page that was missed: the server stood still between the first page and the next look."""
    desk = await Desk().open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    desk.now_s += 16 * MINUTE_S
    await desk.tick()
    assert minutes(await desk.sent("pagerduty-high")) == [(0, ""), (16, "backup on-call"), (16, "")]


async def test_after_a_long_stop_every_step_that_is_due_is_made() -> None:
    desk = await Desk().open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.sent()
    desk.now_s += 61 * MINUTE_S
    await (await desk.open()).tick()
    steps = [step.to for step in load_alerts().severities["SEV-1"].escalate]
    assert [one.escalation for one in await desk.sent("pagerduty-high") if one.escalation] == steps


async def test_every_page_and_escalation_wakes_by_a_key_of_its_own_and_the_end_closes_them_all() -> None:
    desk = await Desk(tick_s=60).open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.tick(31 * MINUTE_S)
    keys = [one.dedup_key for one in await desk.sent("pagerduty-high")]
    base = "surewire/SEV-1/availability"
    assert keys == [base, f"{base}#2", f"{base}#2^backup-on-call", f"{base}#2^engineering-lead"]
    desk.calm("ErrorBudgetBurnHigh")
    await desk.tick(MINUTE_S)
    ends = await desk.sent("pagerduty-high")
    assert [(one.dedup_key, one.status) for one in ends] == [(key, "resolved") for key in keys]


async def test_a_less_urgent_page_goes_to_the_backup_after_two_were_missed() -> None:
    desk = await Desk(tick_s=60).open()
    desk.fire("HeartbeatSuccessLow")
    await desk.tick(180 * MINUTE_S)
    first, second, third = minutes(await desk.sent("pagerduty-low"))
    assert (second[0] - first[0], third[0] - first[0]) == (30, 60)
    assert [first[1], second[1], third[1]] == ["", "", "backup on-call"]


async def test_an_acknowledgement_ends_pages_and_escalation_and_is_told() -> None:
    desk = await Desk(tick_s=60).open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.tick(6 * MINUTE_S)
    await desk.sent()
    await desk.manager.acknowledge("ErrorBudgetBurnHigh", actor="ann", note="looking", now_s=desk.now_s)
    base = "surewire/SEV-1/availability"
    told = await desk.sent()
    assert [(one.target, one.dedup_key, one.status) for one in told] == [
        ("slack", base, "acknowledged"),
        ("pagerduty-high", base, "acknowledged"),
        ("pagerduty-high", f"{base}#2", "acknowledged"),
    ]
    assert "acknowledged by ann (looking)" in told[0].alerts[0].detail
    await desk.tick(180 * MINUTE_S)
    assert await desk.sent() == []


async def test_what_fires_after_an_acknowledgement_wakes_somebody_again() -> None:
    desk = await Desk(tick_s=60).open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.manager.acknowledge("ErrorBudgetBurnHigh", actor="ann", now_s=desk.now_s)
    await desk.sent()
    desk.fire("SLOBreachAvailability")
    await desk.tick(MINUTE_S)
    (page,) = await desk.sent("pagerduty-high")
    assert page.dedup_key == "surewire/SEV-1/availability#2"
    assert {view.name for view in page.alerts} == {"ErrorBudgetBurnHigh", "SLOBreachAvailability"}


async def test_an_alert_that_came_back_before_its_end_was_told_wakes_somebody_again_when_it_had_been_acknowledged() -> None:
    desk = await Desk().open()
    desk.fire("HeartbeatSuccessLow")
    await desk.tick(30)
    await desk.manager.acknowledge("HeartbeatSuccessLow", actor="ann", now_s=desk.now_s)
    await desk.sent()
    desk.calm("HeartbeatSuccessLow")
    await desk.tick(15)
    desk.fire("HeartbeatSuccessLow")
    await desk.tick(15)
    assert [one.dedup_key for one in await desk.sent("pagerduty-low")] == ["surewire/SEV-2/sla-006-heartbeat#2"]


async def test_tickets_and_chats_are_not_told_again_when_only_a_page_is_repeated() -> None:
    desk = await Desk(tick_s=60).open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.tick(9 * MINUTE_S)
    assert minutes(await desk.sent("slack")) == [(0, "")]


async def test_without_a_pager_who_is_there_is_told_again_under_one_key() -> None:
    desk = await Desk(("slack",), tick_s=60).open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.tick(11 * MINUTE_S)
    told = await desk.sent("slack")
    assert minutes(told) == [(0, ""), (5, ""), (10, "backup on-call")]
    assert {one.dedup_key for one in told} == {"surewire/SEV-1/availability"}
