"""Pending, firing, resolved."""

from __future__ import annotations

import pytest

from surewire.alerting.states import following
from surewire.ports.alert_store import AlertState
from surewire.slo.judgement import Judgement, Verdict
from tests.unit.alerting.desk import MINUTE_S, RULES, Desk

BY_NAME = {rule.name: rule for rule in RULES}


async def test_an_alert_fires_once_its_condition_has_held_for_so_long() -> None:
    desk = await Desk().open()
    desk.fire("HighConsumerLag")
    await desk.tick()
    assert desk.phase("HighConsumerLag") == "pending"
    assert await desk.tick(5 * MINUTE_S - 15) == []
    (move,) = await desk.tick(15)
    assert (move.name, move.status, move.at_s) == ("HighConsumerLag", "firing", desk.now_s)


async def test_a_condition_that_stops_in_between_starts_anew() -> None:
    desk = await Desk().open()
    desk.fire("HighConsumerLag")
    await desk.tick(4 * MINUTE_S)
    desk.calm("HighConsumerLag")
    await desk.tick(15)
    desk.fire("HighConsumerLag")
    assert await desk.tick(4 * MINUTE_S) == []


async def test_an_alert_without_a_duration_fires_at_once_and_resolves_at_once() -> None:
    desk = await Desk().open()
    desk.fire("ErrorBudgetBurnHigh")
    assert [move.status for move in await desk.tick()] == ["firing"]
    desk.calm("ErrorBudgetBurnHigh")
    assert [move.status for move in await desk.tick(15)] == ["resolved"]


@pytest.mark.parametrize(("verdict", "phase"), [("firing", "firing"), ("quiet", "quiet"), ("no_data", "quiet")])
def test_a_firing_alert_of_which_nothing_is_known_is_resolved_as_prometheus_does(verdict: Verdict, phase: str) -> None:
    state = AlertState(name="HighConsumerLag", phase="firing", since_s=10)
    assert following(state, BY_NAME["HighConsumerLag"], Judgement(name="HighConsumerLag", verdict=verdict), 20).phase == phase


@pytest.mark.parametrize("verdict", ["quiet", "no_data"])
def test_a_non_negotiable_alert_is_never_resolved_by_itself(verdict: Verdict) -> None:
    state = AlertState(name="MessageLoss", phase="firing", since_s=10)
    assert following(state, BY_NAME["MessageLoss"], Judgement(name="MessageLoss", verdict=verdict), 20) == state


async def test_firings_that_are_over_are_kept_with_the_time_of_the_first_answer() -> None:
    from surewire.slo.window import Interval

    desk = await Desk().open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    fired_at_s = desk.now_s
    await desk.tick(MINUTE_S)
    await desk.manager.acknowledge("ErrorBudgetBurnHigh", actor="ann", now_s=desk.now_s)
    await desk.tick(MINUTE_S)
    await desk.manager.acknowledge("ErrorBudgetBurnHigh", actor="bob", now_s=desk.now_s)
    desk.calm("ErrorBudgetBurnHigh")
    await desk.tick(15)
    (episode,) = await desk.store.episodes(Interval(0, desk.now_s + 1))
    assert (episode.fired_at_s, episode.answered_at_s, episode.resolved_at_s) == (fired_at_s, fired_at_s + MINUTE_S, desk.now_s)
    assert (episode.name, episode.severity, episode.slo) == ("ErrorBudgetBurnHigh", "SEV-1", "availability")


async def test_an_alert_that_is_no_longer_defined_is_resolved() -> None:
    from surewire.alerting.definitions import definitions
    from surewire.contract.catalogue import load_alerts

    desk = await Desk().open()
    desk.fire("ErrorBudgetBurnHigh")
    await desk.tick()
    await desk.sent()
    desk.manager.define(definitions([rule for rule in RULES if rule.slo != "availability"], load_alerts(), ("slack",)))
    (move,) = await desk.tick(15)
    assert move.status == "resolved"
    (told,) = await desk.sent("slack")
    assert (told.status, told.alerts[0].name) == ("resolved", "ErrorBudgetBurnHigh")


async def test_a_clock_that_is_set_back_puts_nothing_off_for_longer_than_its_duration() -> None:
    desk = await Desk().open()
    desk.fire("HighConsumerLag")
    await desk.tick(60)
    desk.now_s -= 24 * 3_600
    await desk.tick()
    (move,) = await desk.tick(5 * MINUTE_S)
    assert move.status == "firing"
