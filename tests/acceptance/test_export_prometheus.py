"""Prometheus itself accepts the rules, and fires each alert where it must and nowhere beside that."""

from __future__ import annotations

from pathlib import Path

import pytest

from surewire.monitoring.export.catalogues import built_in_catalogues
from surewire.monitoring.export.prometheus import alerts_of_file
from tests.acceptance.monitoring_tools import export_to, run

TESTED = sorted(alerts_of_file(built_in_catalogues()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prometheus")
    export_to(folder, "prometheus")
    return export_to(folder, "tests")


def test_the_configuration_is_valid_and_finds_every_rule_file(folder: Path) -> None:
    said = run("promtool", "check", "config", folder / "prometheus.yml")
    rule_files = [*folder.glob("rules/*.yml"), *folder.glob("config/alerting/*.yml")]
    assert all(f"Checking {path}" in said for path in rule_files)


def test_no_rule_is_wrong_or_twice_there(folder: Path) -> None:
    paths = [*folder.glob("rules/*.yml"), *folder.glob("config/alerting/*.yml")]
    run("promtool", "check", "rules", "--lint=all", "--lint-fatal", *sorted(paths))


@pytest.mark.parametrize("path", TESTED)
def test_every_alert_fires_in_its_scenario_and_stays_quiet_in_its_neighbour(folder: Path, path: str) -> None:
    run("promtool", "test", "rules", folder / "tests" / Path(path).name)


def test_the_jobs_for_probes_are_valid(tmp_path: Path) -> None:
    export_to(tmp_path, "blackbox")
    run("promtool", "check", "config", tmp_path / "scrape-blackbox.yml")
    run("prometheus-blackbox-exporter", "--config.check", f"--config.file={tmp_path / 'blackbox.yml'}")
