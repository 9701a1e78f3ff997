"""Which alerts an installation has, and what they are called."""

from __future__ import annotations

import re
from decimal import Decimal

import msgspec
import pytest

from surewire.contract.catalogue import load_alerts, load_slos
from surewire.slo.alert_rule import AlertRule
from surewire.slo.alert_rules import alert_rules
from surewire.slo.alert_summaries import SUMMARIES
from surewire.slo.condition import Budget, Burn, WindowBelow
from surewire.slo.objective import objectives

SLOS, ALERTS = load_slos(), load_alerts()
RULES = alert_rules(SLOS, ALERTS)
BY_NAME = {rule.name: rule for rule in RULES}


def test_every_alert_has_a_name_of_its_own() -> None:
    assert len(BY_NAME) == len(RULES)


def test_every_alert_of_the_catalogue_is_there_with_its_severity_runbook_and_duration() -> None:
    for alert in ALERTS.alerts:
        rule = BY_NAME[alert.name]
        assert (rule.severity, rule.runbook, rule.needs) == (alert.severity, alert.runbook, alert.needs)
        assert (rule.hold_s > 0) == (alert.hold is not None)


def test_every_alert_of_the_catalogue_has_its_sentence_and_no_other_has() -> None:
    assert set(SUMMARIES) == {alert.name for alert in ALERTS.alerts}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_an_alert_says_who_answers_and_what_happened(rule: AlertRule) -> None:
    assert rule.owner
    assert rule.backup
    assert re.fullmatch(r"RB-\d{3}", rule.runbook)
    assert rule.summary.endswith(".")


@pytest.mark.parametrize("objective", [one for one in objectives(SLOS) if one.tiers], ids=lambda objective: objective.id)
def test_an_objective_with_a_budget_has_an_alert_for_each_tier_and_each_state(objective) -> None:
    own = [rule for rule in RULES if rule.slo == objective.id]
    assert sum(isinstance(rule.condition, Burn) for rule in own) == len(objective.tiers)
    states = {rule.condition.state: rule.severity for rule in own if isinstance(rule.condition, Budget)}
    assert states == {"caution": "SEV-3", "warning": "SEV-2", "critical": "SEV-1", "breached": "SEV-1"}


@pytest.mark.parametrize("objective", [one for one in objectives(SLOS) if one.slo.policy == "breach"], ids=lambda objective: objective.id)
def test_an_objective_with_a_short_window_has_one_alert_for_its_breach(objective) -> None:
    own = [
        rule
        for rule in RULES
        if isinstance(rule.condition, WindowBelow) and rule.slo == objective.id and rule.condition.window_s == objective.window.seconds
    ]
    assert len(own) == 1
    assert own[0].hold_s == 300


def test_an_objective_that_is_only_reported_has_no_alert() -> None:
    reported = {objective.id for objective in objectives(SLOS) if objective.slo.policy == "reported"}
    assert not reported & {rule.slo for rule in RULES}


def test_alerts_of_objectives_are_named_by_objective_rate_and_window() -> None:
    assert {"Sla002UpgradeSuccessBurn14.4x1h", "Phase0AvailabilityBurn5x10m", "AvailabilityBurn1x3d"} <= BY_NAME.keys()
    assert {"SLOBreachSla003ConnectionStability", "AckWithin500msBudgetWarning"} <= BY_NAME.keys()


def test_alerts_with_a_name_in_the_catalogue_are_not_made_twice() -> None:
    twins = {"AvailabilityBurn14.4x1h", "MessageDurabilityBudgetBreached", "AvailabilityBudgetBreached"}
    twins |= {"SLOBreachSla004HttpLatencyP95", "SLOBreachSla005MessageLatencyP95"}
    assert not twins & BY_NAME.keys()


def test_budgets_that_are_used_up_go_to_the_executive_and_others_do_not() -> None:
    told = {rule.name for rule in RULES if rule.targets}
    assert told == {rule.name for rule in RULES if isinstance(rule.condition, Budget) and rule.condition.state == "breached"}
    assert BY_NAME["SLOBreachDurability"].targets == ("executive",)


def test_the_states_of_a_budget_lie_next_to_each_other() -> None:
    bands = [rule.condition for rule in RULES if isinstance(rule.condition, Budget) and rule.slo == "ack-within-500ms"]
    assert [(band.at_most, band.above) for band in bands] == [
        (Decimal("0.5"), Decimal("0.25")),
        (Decimal("0.25"), Decimal("0.1")),
        (Decimal("0.1"), Decimal(0)),
        (Decimal(0), None),
    ]


def test_only_the_three_non_negotiable_alerts_are() -> None:
    assert tuple(rule.name for rule in RULES if rule.is_non_negotiable) == ALERTS.non_negotiable


def test_alerts_of_an_objective_that_is_not_defined_are_left_out() -> None:
    without = msgspec.structs.replace(SLOS, slos=tuple(slo for slo in SLOS.slos if slo.id != "availability"))
    names = {rule.name for rule in alert_rules(without, ALERTS)}
    assert not {"SLOBreachAvailability", "ErrorBudgetBurnHigh", "AvailabilityBurn6x6h"} & names
    assert "MessageLoss" in names
