"""Muting alerts for a while, by somebody who says why."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from surewire.alerting.kept_silences import MAX_SILENCES
from surewire.contract.selector import Matcher
from surewire.errors import ClientError
from surewire.ports.alert_store import AlertChange
from tests.unit.alerting.desk import MINUTE_S, Desk

AVAILABILITY = (Matcher("slo", "=", "availability"),)


async def silence(desk: Desk, *matchers: Matcher, minutes: int = 60, **fields: Any):
    given = {
        "owner": "ann",
        "reason": "load test",
        "actor": "bob",
        "starts_at_s": desk.now_s,
        "ends_at_s": desk.now_s + minutes * MINUTE_S,
    }
    return await desk.manager.silence(matchers or AVAILABILITY, now_s=desk.now_s, **{**given, **fields})


async def test_a_silenced_alert_fires_and_nobody_is_told_until_the_silence_ends() -> None:
    desk = await Desk().open()
    await silence(desk)
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick(59 * MINUTE_S)
    assert desk.phase("ErrorBudgetBurnHigh") == "firing"
    assert await desk.sent() == []
    await desk.tick(MINUTE_S)
    assert [one.dedup_key for one in await desk.sent("pagerduty-high")] == ["surewire/SEV-1/availability"]


async def test_a_silence_leaves_other_alerts_alone() -> None:
    desk = await Desk().open()
    await silence(desk)
    desk.fire("AckWithin500msBurn14.4x1h")
    await desk.tick()
    assert len(await desk.sent("pagerduty-high")) == 1


async def test_a_silence_that_begins_later_mutes_from_then_on() -> None:
    desk = await Desk(tick_s=60).open()
    await silence(desk, starts_at_s=desk.now_s + 2 * MINUTE_S)
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.tick(58 * MINUTE_S)
    assert len(await desk.sent("pagerduty-high")) == 1


async def test_a_silence_stops_pages_of_what_was_told_and_says_nothing_of_an_acknowledgement() -> None:
    desk = await Desk().open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.sent()
    given = await silence(desk)
    await desk.tick(30 * MINUTE_S)
    assert await desk.sent() == []
    await desk.manager.unsilence(given.id, actor="ann", now_s=desk.now_s)
    assert [one.dedup_key for one in await desk.sent("pagerduty-high")] == ["surewire/SEV-1/availability#2"]


async def test_the_end_of_what_was_told_is_told_under_a_silence_too() -> None:
    desk = await Desk().open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.sent()
    await silence(desk)
    desk.calm("ErrorBudgetBurnHigh")
    await desk.tick(15)
    assert {one.status for one in await desk.sent()} == {"resolved"}


async def test_a_silence_shows_beside_the_alert_and_for_a_week_after_its_end() -> None:
    desk = await Desk().open()
    given = await silence(desk)
    listed = {one.rule.name: one.silence for one in desk.manager.listing(desk.now_s)}
    assert listed["ErrorBudgetBurnHigh"] == given
    assert listed["MessageLoss"] is None
    desk.now_s = given.ends_at_s + 7 * 24 * 60 * MINUTE_S - 1
    await desk.tick()
    assert desk.manager.silences == (given,)
    desk.now_s += 1
    await desk.tick()
    assert desk.manager.silences == ()
    assert (await desk.store.load()).silences == {}


async def test_silences_are_there_after_a_restart() -> None:
    desk = await Desk().open()
    given = await silence(desk)
    await desk.open()
    assert desk.manager.silences == (given,)


async def test_a_pattern_that_would_never_be_done_is_done_at_once_also_after_a_restart() -> None:
    desk = await Desk().open()
    await silence(desk, Matcher("owner", "=~", "(([a-zA-Z ]+)+)+!"))
    await desk.open()
    assert all(one.silence is None for one in desk.manager.listing(desk.now_s))


async def test_a_stored_silence_whose_pattern_cannot_be_read_mutes_nothing_and_can_be_ended() -> None:
    desk = await Desk().open()
    given = await silence(desk)
    unreadable = msgspec.structs.replace(given, matchers=(Matcher("slo", "=~", "(?=a)availability"),))
    await desk.store.commit(AlertChange(at_s=desk.now_s, silences=(unreadable,)))
    await desk.open()
    assert all(one.silence is None for one in desk.manager.listing(desk.now_s))
    assert desk.manager.silences == (unreadable,)
    await desk.tick()
    assert (await desk.manager.unsilence(given.id, actor="ann", now_s=desk.now_s)).ends_at_s == desk.now_s


async def test_how_many_alerts_a_silence_is_about_is_known_and_a_name_that_is_none_is_about_none() -> None:
    desk = await Desk().open()
    given = await silence(desk, Matcher("alertname", "=", "ErrorBudgetBurnHigh"), minutes=30 * 24 * 60)
    assert desk.manager.muted_by(given) == 1
    assert desk.manager.muted_by(await silence(desk, Matcher("alertname", "=", "NoSuchAlert"))) == 0


async def test_what_is_no_silence_is_refused_and_a_pattern_that_cannot_be_read_first_of_all() -> None:
    desk = await Desk().open()
    with pytest.raises(ClientError, match="say why"):
        await silence(desk, reason="")
    with pytest.raises(ClientError, match="cannot be read"):
        await silence(desk, Matcher("slo", "=~", "(?=a)availability"))
    assert desk.manager.silences == ()


async def test_a_silence_that_is_over_cannot_be_ended() -> None:
    desk = await Desk().open()
    given = await silence(desk)
    await desk.manager.unsilence(given.id, actor="ann", now_s=desk.now_s)
    for silence_id in (given.id, "sil_never"):
        with pytest.raises(ClientError, match="no such silence"):
            await desk.manager.unsilence(silence_id, actor="ann", now_s=desk.now_s)


async def test_who_silences_and_who_ends_it_is_in_the_audit() -> None:
    desk = await Desk().open()
    given = await silence(desk)
    await desk.manager.unsilence(given.id, actor="ann", now_s=desk.now_s)
    entries = await desk.ledger.entries({"audit"})
    assert [(entry.actor, entry.body["what"], entry.body["subject"], entry.body["outcome"]) for entry in entries] == [
        ("bob", "silence", "slo=availability", "allowed"),
        ("ann", "unsilence", given.id, "allowed"),
    ]


async def test_there_are_so_many_silences_and_no_more_until_one_is_over() -> None:
    desk = await Desk().open()
    given = [await silence(desk) for _ in range(MAX_SILENCES)]
    with pytest.raises(ClientError, match="there are 200 silences that are not over, and may not be more; end some") as refused:
        await silence(desk)
    assert refused.value.code == "LIMIT_EXCEEDED"
    await desk.manager.unsilence(given[0].id, actor="ann", now_s=desk.now_s)
    await silence(desk)


async def test_of_silences_made_and_ended_over_and_over_the_newest_are_kept_and_the_store_forgets_the_others() -> None:
    desk = await Desk().open()
    lasting = await silence(desk)
    for _ in range(MAX_SILENCES + 2):
        desk.now_s += 1
        last = await silence(desk)
        await desk.manager.unsilence(last.id, actor="ann", now_s=desk.now_s)
    stored = (await desk.store.load()).silences
    assert stored.keys() == {one.id for one in desk.manager.silences}
    assert len(stored) == MAX_SILENCES + 1
    assert {lasting.id, last.id} <= stored.keys()
