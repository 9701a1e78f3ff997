"""Who is told of what, together with what, and when."""

from __future__ import annotations

import pytest

from surewire.alerting.plans import Step, plans
from surewire.contract.catalogue import load_alerts
from surewire.contract.slos import Severity
from tests.unit.alerting.desk import ALL_TARGETS, MINUTE_S, Desk


@pytest.mark.parametrize(
    ("alert", "targets"),
    [
        ("ErrorBudgetBurnHigh", {"pagerduty-high", "slack"}),
        ("UnstableDisconnectsHigh", {"pagerduty-low", "slack"}),
        ("ConnectionCapacityWarning", {"slack", "jira"}),
        ("DLQAccumulating", {"slack", "jira"}),
        ("SLOBreachAvailability", {"pagerduty-high", "slack", "executive"}),
    ],
)
async def test_an_alert_goes_where_its_severity_says_and_to_its_own_targets(alert: str, targets: set[str]) -> None:
    desk = await Desk().open()
    desk.fire(alert)
    await desk.tick(MINUTE_S)
    assert {one.target for one in await desk.sent()} == targets
    desk.calm(alert)
    await desk.tick(5 * MINUTE_S)
    assert {(one.target, one.status) for one in await desk.sent()} == {(target, "resolved") for target in targets}


async def test_targets_that_are_not_configured_get_nothing() -> None:
    desk = await Desk(("slack",)).open()
    desk.fire("SLOBreachAvailability")
    await desk.tick(MINUTE_S)
    assert {one.target for one in await desk.sent()} == {"slack"}


async def test_where_none_of_a_severitys_targets_is_configured_every_other_one_is_told() -> None:
    desk = await Desk(("mail", "executive", "leadership")).open()
    desk.fire("ConnectionCapacityWarning")
    await desk.tick(MINUTE_S)
    assert {one.target for one in await desk.sent()} == {"mail"}


@pytest.mark.parametrize(
    ("configured", "severity", "targets"),
    [
        (("pagerduty-low", "slack"), "SEV-1", ("slack", "pagerduty-low")),
        (("pagerduty-high",), "SEV-2", ("pagerduty-high",)),
        (("pagerduty-high", "slack"), "SEV-2", ("slack", "pagerduty-high")),
        (("pagerduty-high", "pagerduty-low"), "SEV-3", ()),
        (("pagerduty-high", "mail"), "SEV-4", ("mail",)),
        (("hook", "mail"), "SEV-1", ("hook", "mail")),
        (("executive", "leadership"), "SEV-1", ()),
    ],
)
def test_another_pager_stands_in_where_somebody_must_answer_and_wakes_nobody_else(
    configured: tuple[str, ...], severity: Severity, targets: tuple[str, ...]
) -> None:
    assert plans(load_alerts(), configured)[severity].targets == targets


async def test_without_any_target_alerts_fire_all_the_same() -> None:
    desk = await Desk(()).open()
    desk.fire("MessageLoss")
    await desk.tick(10 * MINUTE_S)
    assert desk.phase("MessageLoss") == "firing"
    assert await desk.sent() == []


async def test_alerts_of_one_objective_and_severity_are_told_together() -> None:
    desk = await Desk().open()
    desk.fire("ErrorBudgetBurnHigh", "SLOBreachAvailability", "AckWithin500msBurn14.4x1h")
    await desk.tick()
    told = await desk.sent("slack")
    assert [[view.name for view in one.alerts] for one in told] == [
        ["SLOBreachAvailability", "ErrorBudgetBurnHigh"],
        ["AckWithin500msBurn14.4x1h"],
    ]
    assert [one.dedup_key for one in told] == ["surewire/SEV-1/availability", "surewire/SEV-1/ack-within-500ms"]


async def test_less_urgent_alerts_gather_before_they_are_told() -> None:
    desk = await Desk().open()
    desk.fire("AvailabilityBudgetCaution")
    await desk.tick()
    assert await desk.sent() == []
    desk.fire("AvailabilityBurn3x1d")
    await desk.tick(30)
    (told,) = await desk.sent("slack")
    assert {view.name for view in told.alerts} == {"AvailabilityBudgetCaution", "AvailabilityBurn3x1d"}


async def test_what_was_over_before_it_was_told_is_not_told() -> None:
    desk = await Desk().open()
    desk.fire("AvailabilityBudgetCaution")
    await desk.tick()
    desk.calm("AvailabilityBudgetCaution")
    await desk.tick(10 * MINUTE_S)
    assert await desk.sent() == []


async def test_changes_of_a_group_come_at_its_pace_and_show_what_is_resolved() -> None:
    desk = await Desk().open()
    desk.fire("AvailabilityBudgetCaution", "AvailabilityBurn3x1d")
    await desk.tick(MINUTE_S)
    assert len(await desk.sent("slack")) == 1
    desk.calm("AvailabilityBudgetCaution")
    await desk.tick(MINUTE_S)
    assert await desk.sent() == []
    await desk.tick(4 * MINUTE_S)
    (told,) = await desk.sent("slack")
    assert told.status == "firing"
    assert {view.name: view.status for view in told.alerts} == {"AvailabilityBurn3x1d": "firing", "AvailabilityBudgetCaution": "resolved"}


async def test_a_group_is_told_again_while_it_fires_and_no_more_when_it_does_not() -> None:
    desk = await Desk(tick_s=600).open()
    desk.fire("AvailabilityBudgetCaution")
    await desk.tick(49 * 3_600)
    assert [one.status for one in await desk.sent("jira")] == ["firing"] * 3
    desk.calm("AvailabilityBudgetCaution")
    await desk.tick(49 * 3_600)
    assert [one.status for one in await desk.sent("jira")] == ["resolved"]


async def test_a_notification_shows_labels_numbers_runbook_and_times() -> None:
    desk = await Desk().open()
    desk.fire("ErrorBudgetBurnHigh", detail="20x over 1h")
    await desk.tick()
    fired_at_s = desk.now_s
    (told,) = await desk.sent("slack")
    (view,) = told.alerts
    assert view.labels == {
        "alertname": "ErrorBudgetBurnHigh",
        "severity": "SEV-1",
        "slo": "availability",
        "window": "1h",
        "owner": "Platform Engineering Manager",
        "service": "surewire",
    }
    assert (view.detail, view.runbook_url, view.starts_at_s, view.ends_at_s) == ("20x over 1h", "/runbooks/RB-015", fired_at_s, None)
    desk.calm("ErrorBudgetBurnHigh")
    await desk.tick(15)
    (told,) = await desk.sent("slack")
    assert (told.alerts[0].status, told.alerts[0].ends_at_s) == ("resolved", desk.now_s)


async def test_the_same_decision_made_twice_is_one_notification() -> None:
    desk, twin = await Desk().open(), await Desk().open()
    for one in (desk, twin):
        one.fire("ErrorBudgetBurnHigh")
        await one.tick()
    assert await desk.sent() == await twin.sent()


def test_each_severity_has_the_steps_of_the_catalogue() -> None:
    found = plans(load_alerts(), ALL_TARGETS)
    assert found["SEV-1"].steps == (Step(900, "backup on-call"), Step(1_800, "engineering lead"), Step(3_600, "VP Engineering"))
    assert found["SEV-2"].steps == (Step(None, "backup on-call"),)
    assert (found["SEV-1"].answer_s, found["SEV-2"].answer_s, found["SEV-3"].answer_s) == (300, 1_800, None)
    assert found["SEV-3"].steps == found["SEV-4"].steps == ()
