"""The beginning and the end of alerts, on the stream."""

from __future__ import annotations

import json

import pytest

from surewire.alerting.advance import AlertMove
from surewire.alerting.alert_event import alert_event
from surewire.alerting.alert_manager import AlertManager
from surewire.alerting.audit import Audit
from surewire.domain.event import Event
from tests.unit.alerting.desk import RULES, Desk

BY_NAME = {rule.name: rule for rule in RULES}


async def with_events(desk: Desk) -> list[Event]:
    events: list[Event] = []

    async def publish(new) -> None:
        events.extend(new)

    audit = Audit(desk.ledger, desk.new_id)
    desk.manager = await AlertManager.open(desk.store, audit, desk.definitions, desk.new_id, on_events=publish)
    return events


async def test_what_begins_and_ends_is_published_once() -> None:
    desk = Desk()
    events = await with_events(desk)
    desk.fire("ErrorBudgetBurnHigh", detail="20x over 1h")
    await desk.tick()
    await desk.tick(60)
    desk.calm("ErrorBudgetBurnHigh")
    await desk.tick(60)
    assert [(event.event_type, event.severity, event.labels) for event in events] == [
        ("alert_received", "P1", {"alertname": "ErrorBudgetBurnHigh", "status": "firing"}),
        ("alert_received", "P1", {"alertname": "ErrorBudgetBurnHigh", "status": "resolved"}),
    ]
    data = json.loads(bytes(events[0].data))
    assert (data["detail"], data["group"], data["runbook"]) == ("20x over 1h", "SEV-1/availability", "RB-015")
    assert data["labels"]["slo"] == "availability"


async def test_what_a_person_closes_is_published() -> None:
    desk = Desk()
    events = await with_events(desk)
    desk.fire("MessageLoss")
    await desk.tick()
    await desk.manager.close("MessageLoss", actor="ann", reason="restored", now_s=desk.now_s)
    assert [event.labels["status"] for event in events] == ["firing", "resolved"]


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("WebSocketServerDown", "P0"),
        ("Sla001HttpAvailabilityBurn14.4x1h", "P0"),
        ("Sla001HttpAvailabilityBurn6x6h", "P2"),
        ("MessageLoss", "P1"),
        ("DLQAccumulating", "P4"),
    ],
)
def test_a_service_that_is_gone_is_the_most_severe(name: str, severity: str) -> None:
    rule = BY_NAME[name]
    move = AlertMove(name=name, severity=rule.severity, slo=rule.slo, status="firing", at_s=1, detail="")
    assert alert_event(move, rule).severity == severity


def test_an_alert_that_is_no_longer_defined_has_its_name() -> None:
    move = AlertMove(name="Gone", severity="SEV-4", slo="", status="resolved", at_s=1, detail="")
    assert json.loads(bytes(alert_event(move, None).data))["labels"] == {"alertname": "Gone"}
