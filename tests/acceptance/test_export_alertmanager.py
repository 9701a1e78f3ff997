"""Alertmanager itself accepts its configuration and sends each alert where its severity says; nothing keeps the worst ones quiet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from surewire.contract.selector import Matcher, parse_selector
from surewire.monitoring.export.alertmanager import NON_NEGOTIABLE
from surewire.monitoring.export.catalogues import built_in_catalogues
from surewire.monitoring.export.prometheus import alert_labels
from surewire.slo.alert_rule import AlertRule
from tests.acceptance.monitoring_tools import export_to, run
from tests.unit.cli.test_command_line import run as surewire

CATALOGUES = built_in_catalogues()
NAMES = CATALOGUES.alerts.non_negotiable
RULES = {rule.name: rule for rule in CATALOGUES.rules}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export_to(tmp_path_factory.mktemp("alertmanager"), "alertmanager") / "alertmanager.yml"


def receivers(file: Path, rule: AlertRule) -> list[str]:
    """Who hears of the alert, as Alertmanager's own tool says."""
    labels = {"alertname": rule.name, **alert_labels(rule)}
    said = run("amtool", "config", "routes", "test", f"--config.file={file}", *(f"{name}={value}" for name, value in labels.items()))
    return said.splitlines()[-1].split(",")


def matchers(texts: list[str]) -> tuple[Matcher, ...]:
    return parse_selector("x{" + ",".join(texts) + "}").matchers


def all_match(texts: list[str], labels: dict[str, str]) -> bool:
    return all(one.accepts(labels.get(one.label, "")) for one in matchers(texts))


def routes(route: dict[str, Any]) -> list[dict[str, Any]]:
    return [route, *(inner for child in route.get("routes", []) for inner in routes(child))]


def test_the_configuration_is_valid(file: Path) -> None:
    assert "SUCCESS" in run("amtool", "check-config", file)


@pytest.mark.parametrize("name", NAMES)
def test_a_non_negotiable_alert_has_a_receiver_of_its_own(file: Path, name: str) -> None:
    assert receivers(file, RULES[name]) == [NON_NEGOTIABLE]


@pytest.mark.parametrize("name", ["ConnectionSuccessRateLow", "KafkaUnavailable", "HighConsumerLag", "RedisMemoryWarning"])
def test_an_alert_goes_where_its_severity_says(file: Path, name: str) -> None:
    assert receivers(file, RULES[name]) == [RULES[name].severity]


@pytest.mark.parametrize("name", ["SLOBreachAvailability", "Sla002UpgradeSuccessBudgetBreached"])
def test_a_used_up_budget_goes_to_the_executive_too(file: Path, name: str) -> None:
    assert receivers(file, RULES[name]) == ["executive", "SEV-1"]


def test_an_alert_of_no_known_severity_is_heard_of_too(file: Path) -> None:
    assert run("amtool", "config", "routes", "test", f"--config.file={file}", "alertname=Strange").splitlines()[-1] == "SEV-3"


@pytest.mark.parametrize("name", NAMES)
def test_no_inhibition_and_no_mute_interval_matches_a_non_negotiable_alert(file: Path, name: str) -> None:
    configuration = yaml.safe_load(file.read_text("utf-8"))
    for severity in CATALOGUES.alerts.severities:
        labels = {"alertname": name, **alert_labels(RULES[name]), "severity": severity, "slo": "any"}
        assert not any(all_match(rule["target_matchers"], labels) for rule in configuration["inhibit_rules"])
    assert not any({"mute_time_intervals", "active_time_intervals"} & route.keys() for route in routes(configuration["route"]))


def test_our_own_lint_finds_nothing_in_it(file: Path) -> None:
    assert surewire("alerts", "lint", str(file)) == 0


def test_of_one_objective_only_the_worst_is_heard_of_and_others_are_not_kept_quiet(file: Path) -> None:
    (rule,) = yaml.safe_load(file.read_text("utf-8"))["inhibit_rules"]
    assert rule["equal"] == ["slo", "service"]
    labels = {name: {"alertname": name, **alert_labels(RULES[name])} for name in ("AvailabilityBurn1x3d", "HighConsumerLag")}
    assert all_match(rule["target_matchers"], labels["AvailabilityBurn1x3d"])
    assert not all_match(rule["target_matchers"], labels["HighConsumerLag"])
