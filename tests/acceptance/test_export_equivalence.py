"""The built-in engine and Prometheus, fed with the same three hours, fire the same alerts at the same times and keep the same budgets."""

from __future__ import annotations

import json
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from surewire.monitoring.export.catalogues import built_in_catalogues
from surewire.slo.alert_evaluation import judge
from surewire.slo.alert_rule import AlertRule
from surewire.slo.condition import Budget, Down, Gauge, GaugeShare, Latched
from surewire.slo.evaluation import evaluate
from surewire.slo.objective import Objective
from surewire.slo.scene import Scene
from surewire.slo.timeline import Timeline
from surewire.slo.window import SLOT_S
from tests.acceptance.monitoring_tools import export_to, run
from tests.acceptance.recorded_scenario import END_S, MAINTENANCE, NIGHT, OBJECTIVES, SENDS_PER_S, promtool_series, slots

CATALOGUES = built_in_catalogues()
JUDGED = {one.id: one for one in CATALOGUES.objectives if one.id in OBJECTIVES}
LAST_STEP_S = END_S - 300
OTHERS = ("HighSlowConsumerRate", "CacheMissRateHigh")
# What these read is not in the counts of the scenario: the server's own gauges.
_ELSEWHERE = (Budget, Down, Gauge, GaugeShare, Latched)
RULES = [rule for rule in CATALOGUES.rules if (rule.slo in JUDGED or rule.name in OTHERS) and not isinstance(rule.condition, _ELSEWHERE)]
EXCLUDED = dict.fromkeys(JUDGED, (MAINTENANCE,))


@cache
def timeline_until_the_end() -> Timeline:
    timeline = Timeline()
    timeline.load(slots())
    return timeline


@cache
def firing_times() -> dict[str, list[tuple[int, int]]]:
    """When each alert fires as the built-in engine has it: from the evaluation in which it begins to the one in which it has ended."""
    timeline, held_since, firing = Timeline(), dict[str, int](), dict[str, list[tuple[int, int]]]()
    for slot in slots():
        timeline.add(slot)
        now_s = slot.start_s + SLOT_S
        scene = Scene(timeline=timeline, objectives=JUDGED, statuses={}, now_s=now_s, excluded=EXCLUDED, backends=("redis",))
        for rule in RULES:
            if judge(rule, scene).verdict != "firing":
                held_since.pop(rule.name, None)
            elif now_s - held_since.setdefault(rule.name, now_s) >= rule.hold_s:
                _prolong(firing.setdefault(rule.name, []), now_s)
    return firing


def _prolong(times: list[tuple[int, int]], now_s: int) -> None:
    if times and times[-1][1] == now_s:
        times[-1] = (times[-1][0], now_s + SLOT_S)
    else:
        times.append((now_s, now_s + SLOT_S))


def expectations(rule: AlertRule) -> list[dict[str, Any]]:
    """It fires when the engine's does, one evaluation sooner or later; and so often in all."""
    firing = f'ALERTS{{alertname="{rule.name}",alertstate="firing"}}'
    times, slack = firing_times().get(rule.name, []), 0
    checks: list[dict[str, Any]] = []
    for on_s, off_s in times:
        for at_s, fires in ((on_s - 2 * SLOT_S, False), (on_s, True), (off_s - 2 * SLOT_S, True), (off_s, False)):
            if 0 < at_s < END_S and (fires is False or on_s <= at_s):
                checks.append(expectation(f"max({firing}) or vector(0)", at_s, int(fires)))
        slack += 2
    steps = sum((off_s - on_s) // SLOT_S for on_s, off_s in times)
    counted = f"(max(count_over_time({firing}[4h])) or vector(0))"
    checks.append(expectation(f"abs({counted} - {steps}) <= bool {slack}", END_S - SLOT_S, 1))
    return checks


def expectation(expression: str, at_s: int, value: int) -> dict[str, Any]:
    return {"expr": expression, "eval_time": f"{at_s}s", "exp_samples": [{"labels": "{}", "value": value}]}


def budget_expectations(objective: Objective) -> list[dict[str, Any]]:
    """Within 0.02 of a budget, with maintenance and without: at the end of one of the steps of 5 minutes that budgets are summed in."""
    status = evaluate(objective, timeline_until_the_end(), EXCLUDED[objective.id], LAST_STEP_S)
    left = {"": status.budget_remaining, "_gross": status.budget_remaining_gross}
    return [
        expectation(f'max(abs(slo:error_budget_remaining{ending}:ratio{{slo="{objective.id}"}} - {value:f}) < bool 0.02)', LAST_STEP_S, 1)
        for ending, value in left.items()
        if value is not None
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules of the objectives in question, and of their budgets over the four hours that hold the scenario."""
    folder = export_to(tmp_path_factory.mktemp("equivalence"), "prometheus")
    budgets = yaml.safe_load(
        (folder / "rules" / "budgets.yml").read_text("utf-8").replace("[30d:5m]", "[4h:5m]").replace("[31d:5m]", "[4h:5m]")
    )
    wanted = {f"slo-{slo}-budget" for slo in JUDGED}
    budgets["groups"] = [group for group in budgets["groups"] if group["name"] in wanted]
    (folder / "budgets.json").write_text(json.dumps(budgets))
    return folder


def prove(folder: Path, paths: list[str], checks: list[dict[str, Any]]) -> None:
    maintained = tuple(objective.name for objective in JUDGED.values())
    series = [{"series": name, "values": values} for name, values in promtool_series(maintained).items()]
    test = {"interval": f"{SLOT_S}s", "input_series": series, "promql_expr_test": checks}
    text = json.dumps({"rule_files": paths, "evaluation_interval": f"{SLOT_S}s", "tests": [test]})
    (folder / "equivalence.json").write_text(text)
    run("promtool", "test", "rules", folder / "equivalence.json")


@pytest.mark.parametrize("slo", OBJECTIVES)
def test_prometheus_fires_the_alerts_of_an_objective_when_the_engine_does(folder: Path, slo: str) -> None:
    checks = [check for rule in RULES if rule.slo == slo for check in expectations(rule)]
    if JUDGED[slo].tiers:
        checks += budget_expectations(JUDGED[slo])
    prove(folder, [f"rules/slo-{slo}.yml", "budgets.json"], checks)


def test_prometheus_fires_other_alerts_when_the_engine_does(folder: Path) -> None:
    prove(folder, ["rules/alerts.yml"], [check for rule in RULES if rule.name in OTHERS for check in expectations(rule)])


def test_prometheus_counts_every_event_but_those_at_both_ends_of_a_life_of_the_process(folder: Path) -> None:
    """What came before the first scrape of a life and after its last one: at most one interval of scrapes at each end."""
    status = evaluate(JUDGED["availability"], timeline_until_the_end(), (), END_S)
    assert status.total is not None
    unseen = 4 * SLOT_S * SENDS_PER_S
    counted = 'sum(sum_over_time(slo:events_total_gross:increase15s{slo="availability"}[4h]))'
    checks = [
        expectation(f"{counted} <= bool {status.total}", END_S - SLOT_S, 1),
        expectation(f"{counted} >= bool {status.total - unseen}", END_S - SLOT_S, 1),
    ]
    prove(folder, ["rules/slo-availability.yml"], checks)


def test_without_traffic_there_is_no_sample_and_nothing_that_is_no_number(folder: Path) -> None:
    idle_s = (NIGHT.start_s + 330, NIGHT.end_s - SLOT_S)
    names = ("slo:events_total:increase5m", "slo:events_bad:increase5m", "slo:events_total_gross:increase15s")
    checks = [{"expr": f'{name}{{slo="availability"}}', "eval_time": f"{at_s}s", "exp_samples": []} for name in names for at_s in idle_s]
    prove(folder, ["rules/slo-availability.yml"], checks)


def test_the_scenario_makes_alerts_of_every_kind_fire_and_others_stay_quiet() -> None:
    fired = firing_times().keys()
    assert {"ErrorBudgetBurnHigh", "ConnectionSuccessRateLow", "HTTPLatencyHigh", "HeartbeatSuccessLow", *OTHERS} <= fired
    assert any(name.startswith("RedisAvailableBurn") for name in fired)
    assert any(name.startswith("Sla001HttpAvailabilityBurn") for name in fired)
    assert {rule.name for rule in RULES} - fired


def test_maintenance_gives_the_budget_back_in_the_adjusted_value_and_not_in_the_gross_one() -> None:
    status = evaluate(JUDGED["availability"], timeline_until_the_end(), EXCLUDED["availability"], END_S)
    assert status.budget_remaining is not None
    assert status.budget_remaining_gross is not None
    assert status.budget_remaining - status.budget_remaining_gross > Decimal(1)
