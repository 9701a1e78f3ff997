"""MessageLoss, DuplicateSequence and CounterCorruption: never muted, never over without a person."""

from __future__ import annotations

import pytest

from surewire.contract.selector import Matcher
from surewire.errors import ClientError
from tests.unit.alerting.desk import MINUTE_S, START_S, Desk

NON_NEGOTIABLE = ("MessageLoss", "DuplicateSequence", "CounterCorruption")
HOUR_S = 3_600


@pytest.mark.parametrize("alert", NON_NEGOTIABLE)
async def test_it_pages_every_five_minutes_until_it_is_acknowledged(alert: str) -> None:
    desk = await Desk(tick_s=60).open()
    desk.fire(alert)
    await desk.tick()
    desk.calm(alert)
    await desk.tick(60 * MINUTE_S)
    pages = [(one.at_s - START_S) // MINUTE_S for one in await desk.sent("pagerduty-high") if not one.escalation]
    assert pages == list(range(0, 61, 5))


async def test_it_is_told_alone_and_escalates_as_every_other_at_any_hour() -> None:
    desk = await Desk(tick_s=60).open()
    desk.fire(*NON_NEGOTIABLE)
    await desk.tick()
    assert [[view.name for view in one.alerts] for one in await desk.sent("pagerduty-high")] == [[name] for name in NON_NEGOTIABLE]
    await desk.tick(61 * MINUTE_S)
    escalations = [one.escalation for one in await desk.sent("pagerduty-high") if one.escalation]
    assert sorted(escalations) == sorted(["backup on-call", "engineering lead", "VP Engineering"] * 3)


async def test_it_pages_again_an_hour_after_each_acknowledgement() -> None:
    desk = await Desk(tick_s=60).open()
    desk.fire("MessageLoss")
    await desk.tick()
    desk.calm("MessageLoss")
    for _ in range(3):
        await desk.manager.acknowledge("MessageLoss", actor="ann", now_s=desk.now_s)
        await desk.sent()
        await desk.tick(59 * MINUTE_S)
        assert await desk.sent("pagerduty-high") == []
        await desk.tick(MINUTE_S)
        assert len(await desk.sent("pagerduty-high")) == 1


async def test_it_pages_at_once_when_its_counter_grows_again_after_an_acknowledgement() -> None:
    desk = await Desk().open()
    desk.fire("MessageLoss")
    await desk.tick()
    desk.calm("MessageLoss")
    await desk.manager.acknowledge("MessageLoss", actor="ann", now_s=desk.now_s)
    await desk.sent()
    desk.fire("MessageLoss", detail="grew by 3")
    await desk.tick(15)
    (page,) = await desk.sent("pagerduty-high")
    assert (page.dedup_key, page.alerts[0].detail) == ("surewire/SEV-1/MessageLoss#2", "grew by 3")


async def test_it_is_still_latched_after_a_restart() -> None:
    desk = await Desk().open()
    desk.fire("MessageLoss")
    await desk.tick()
    desk.calm("MessageLoss")
    await desk.open()
    assert desk.manager.latched == {"MessageLoss": True, "DuplicateSequence": False, "CounterCorruption": False}
    await desk.sent()
    await desk.tick(5 * MINUTE_S)
    assert len(await desk.sent("pagerduty-high")) == 1


async def test_only_a_person_who_says_why_closes_it() -> None:
    desk = await Desk(tick_s=600).open()
    desk.fire("MessageLoss")
    await desk.tick()
    desk.calm("MessageLoss")
    for actor, reason in (("", "restored"), ("ann", " ")):
        with pytest.raises(ClientError, match="a person closes it, and says why"):
            await desk.manager.close("MessageLoss", actor=actor, reason=reason, now_s=desk.now_s)
    assert desk.manager.latched["MessageLoss"]
    await desk.sent()
    await desk.manager.close("MessageLoss", actor="ann", reason="restored from backup", now_s=desk.now_s)
    assert not desk.manager.latched["MessageLoss"]
    assert {one.status for one in await desk.sent()} == {"resolved"}
    await desk.tick(24 * HOUR_S)
    assert await desk.sent() == []


async def test_what_fires_twice_within_one_second_is_told_twice() -> None:
    desk = await Desk().open()
    for reason in ("first", "second", "third"):
        desk.fire("MessageLoss")
        await desk.tick()
        await desk.manager.close("MessageLoss", actor="ann", reason=reason, now_s=desk.now_s)
    assert [one.status for one in await desk.sent("pagerduty-high")] == ["firing", "resolved"] * 3


async def test_no_other_alert_is_closed_by_hand() -> None:
    desk = await Desk().open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    with pytest.raises(ClientError, match="it ends when its condition does"):
        await desk.manager.close("ErrorBudgetBurnHigh", actor="ann", reason="seems fine", now_s=desk.now_s)


@pytest.mark.parametrize(
    "matcher",
    [
        Matcher("alertname", "=", "MessageLoss"),
        Matcher("alertname", "=~", "Message.*"),
        Matcher("alertname", "!=", "ErrorBudgetBurnHigh"),
        Matcher("severity", "=", "SEV-1"),
        Matcher("service", "=", "surewire"),
        Matcher("slo", "=", ""),
        Matcher("owner", "=~", ".+"),
    ],
)
async def test_a_silence_that_would_mute_it_is_refused_and_the_attempt_is_kept(matcher: Matcher) -> None:
    desk = await Desk().open()
    with pytest.raises(ClientError, match="cannot be silenced") as refused:
        await desk.manager.silence(
            (matcher,),
            owner="ann",
            reason="noise",
            starts_at_s=desk.now_s,
            ends_at_s=desk.now_s + HOUR_S,
            actor="bob",
            now_s=desk.now_s,
        )
    assert refused.value.code == "FORBIDDEN"
    assert desk.manager.silences == ()
    (entry,) = await desk.ledger.entries({"audit"})
    assert (entry.actor, entry.body["what"], entry.body["reason"]) == ("bob", "silence", "noise")
    assert "MessageLoss" in entry.body["subject"]
    assert entry.body["outcome"].startswith("refused")


async def test_a_known_issue_is_shown_and_pages_go_on() -> None:
    desk = await Desk(tick_s=60).open()
    desk.fire("MessageLoss")
    await desk.tick()
    await desk.manager.note_known_issue("MessageLoss", ticket="https://tickets/1", due="2027-02-01", actor="ann", now_s=desk.now_s)
    await desk.sent()
    await desk.tick(5 * MINUTE_S)
    (page,) = await desk.sent("pagerduty-high")
    assert "known issue: https://tickets/1, due 2027-02-01" in page.alerts[0].detail


async def test_a_known_issue_has_a_ticket_and_a_day() -> None:
    desk = await Desk().open()
    for ticket, due in (("", "2027-02-01"), ("https://tickets/1", "")):
        with pytest.raises(ClientError, match="name the ticket"):
            await desk.manager.note_known_issue("MessageLoss", ticket=ticket, due=due, actor="ann", now_s=desk.now_s)
    for due, problem in (("2027-01-14", "has passed; say by which day"), ("2027-02-30", "is no day; write it like 2026-12-01")):
        with pytest.raises(ClientError, match=problem):
            await desk.manager.note_known_issue("MessageLoss", ticket="t", due=due, actor="ann", now_s=desk.now_s)
    with pytest.raises(ClientError, match="no alert Nothing"):
        await desk.manager.note_known_issue("Nothing", ticket="t", due="d", actor="ann", now_s=desk.now_s)


async def test_only_what_fires_can_be_acknowledged_and_by_somebody() -> None:
    desk = await Desk().open()
    with pytest.raises(ClientError, match="MessageLoss is not firing"):
        await desk.manager.acknowledge("MessageLoss", actor="ann", now_s=desk.now_s)
    for due, problem in (("2027-01-14", "has passed; say by which day"), ("2027-02-30", "is no day; write it like 2026-12-01")):
        with pytest.raises(ClientError, match=problem):
            await desk.manager.note_known_issue("MessageLoss", ticket="t", due=due, actor="ann", now_s=desk.now_s)
    with pytest.raises(ClientError, match="no alert Nothing"):
        await desk.manager.acknowledge("Nothing", actor="ann", now_s=desk.now_s)
    desk.fire("MessageLoss")
    await desk.tick()
    with pytest.raises(ClientError, match="who acknowledges"):
        await desk.manager.acknowledge("MessageLoss", actor="", now_s=desk.now_s)


async def test_leadership_gets_what_was_tried_once_a_week() -> None:
    desk = await Desk(("pagerduty-high", "leadership")).open()
    desk.fire("MessageLoss")
    await desk.tick()
    with pytest.raises(ClientError):
        await desk.manager.close("MessageLoss", actor="ann", reason="", now_s=desk.now_s)
    await desk.manager.close("MessageLoss", actor="ann", reason="restored", now_s=desk.now_s)
    desk.now_s += 7 * 24 * HOUR_S
    assert await desk.manager.report_weekly(desk.now_s)
    assert not await desk.manager.report_weekly(desk.now_s)
    await desk.open()
    assert not await desk.manager.report_weekly(desk.now_s)
    (report,) = await desk.sent("leadership")
    first, second = report.alerts[0].detail.splitlines()
    assert first.endswith("ann: close MessageLoss: refused: a person closes it, and says why")
    assert second.endswith("ann: close MessageLoss (restored): allowed")
    desk.now_s += 7 * 24 * HOUR_S
    assert await desk.manager.report_weekly(desk.now_s)
    (report,) = await desk.sent("leadership")
    assert report.alerts[0].summary.startswith("0 operations")


async def test_without_leadership_in_the_configuration_nothing_is_reported() -> None:
    desk = await Desk().open()
    assert not await desk.manager.report_weekly(desk.now_s)
