"""The files for Prometheus and its tools, as files: their headers, labels, names, and that they never change by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from surewire.cli.export import GENERATORS
from surewire.contract.catalogue import load_alerts, load_metrics, load_slos
from surewire.errors import ConfigError
from surewire.monitoring.export import alertmanager, blackbox, prometheus, promtool_tests
from surewire.monitoring.export.catalogues import built_in_catalogues, catalogues_of

ROOT = Path(__file__).parents[4]
CATALOGUES = built_in_catalogues()
FILES = prometheus.files(CATALOGUES)
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def rules() -> Iterator[dict[str, Any]]:
    for path, text in FILES.items():
        if path != "prometheus.yml":
            for group in yaml.load(text, LOADER)["groups"]:
                yield from group["rules"]


ALERTS = {one["alert"]: one for one in rules() if "alert" in one}


def test_each_file_starts_with_the_hash_of_the_definitions() -> None:
    made = FILES | alertmanager.files(CATALOGUES) | blackbox.files(CATALOGUES) | promtool_tests.files(CATALOGUES)
    assert {text.splitlines()[0] for text in made.values()} == {f"# surewire definitions sha256:{CATALOGUES.digest}"}


def test_another_definition_has_another_hash() -> None:
    slos = load_slos()
    fewer = catalogues_of(type(slos)(slos.sla, slos.policies, slos.defaults, slos.owners, slos.slos[:-1]), load_alerts(), load_metrics())
    assert fewer.digest != CATALOGUES.digest


@pytest.mark.parametrize("kind", GENERATORS)
def test_the_same_definitions_make_the_same_bytes(kind: str) -> None:
    assert GENERATORS[kind](CATALOGUES) == GENERATORS[kind](catalogues_of(load_slos(), load_alerts(), load_metrics()))


def test_every_alert_is_generated_once() -> None:
    names = [one["alert"] for one in rules() if "alert" in one]
    assert sorted(names) == sorted(rule.name for rule in CATALOGUES.rules)
    assert len(names) == len(set(names))


def test_every_alert_carries_its_labels_and_says_what_to_do() -> None:
    for rule in CATALOGUES.rules:
        alert = ALERTS[rule.name]
        expected = {"severity": rule.severity, "service": "surewire", "slo": rule.slo, "window": rule.window, "owner": rule.owner}
        assert alert["labels"] == {name: value for name, value in expected.items() if value}
        assert alert["annotations"] == {"summary": rule.summary, "runbook_url": f"http://localhost:8080/runbooks/{rule.runbook}"}


def test_the_six_names_of_the_observability_document_are_recorded() -> None:
    recorded = {one["record"] for one in rules() if "record" in one}
    assert {name for name in recorded if name.startswith("messaging:")} == {
        "messaging:availability:ratio_1h",
        "messaging:availability:error_budget_remaining",
        "messaging:durability:ratio_30d",
        "messaging:durability:error_budget_remaining",
        "messaging:send_latency:p99_1h",
        "messaging:delivery_latency:p99_1h",
    }


def test_prometheus_scrapes_every_15_seconds_as_the_job_websocket() -> None:
    configuration = yaml.load(FILES["prometheus.yml"], LOADER)
    assert configuration["global"] == {"scrape_interval": "15s", "evaluation_interval": "15s"}
    assert [job["job_name"] for job in configuration["scrape_configs"]] == ["websocket"]


def test_the_alerts_of_the_first_phase_stand_where_its_document_says_and_in_the_project_too() -> None:
    assert (ROOT / prometheus.PHASE0_ALERTS).read_text("utf-8") == FILES[prometheus.PHASE0_ALERTS]
    groups = yaml.load(FILES[prometheus.PHASE0_ALERTS], LOADER)["groups"]
    found = {one["alert"] for group in groups for one in group["rules"] if "alert" in one}
    assert found == {rule.name for rule in CATALOGUES.rules if rule.name.startswith("Phase0") or rule.slo.startswith("phase0-")}


def test_probes_run_every_minute_and_take_ten_seconds_at_most() -> None:
    files = blackbox.files(CATALOGUES)
    modules = yaml.load(files["blackbox.yml"], LOADER)["modules"]
    assert modules == {
        "tcp_connect": {"prober": "tcp", "timeout": "10s"},
        "http_health": {"prober": "http", "timeout": "10s", "http": {"preferred_ip_protocol": "ip4", "valid_status_codes": [200]}},
    }
    jobs = yaml.load(files["scrape-blackbox.yml"], LOADER)["scrape_configs"]
    assert {job["scrape_interval"] for job in jobs} == {"60s"}


def test_a_way_to_tell_people_that_has_no_template_is_refused() -> None:
    alerts = load_alerts()
    severity = type(alerts.severities["SEV-1"])(respond_within="5m", notify=("pigeon",))
    strange = type(alerts)(
        severities={**alerts.severities, "SEV-1": severity},
        mapping=alerts.mapping,
        two_missed_pages=alerts.two_missed_pages,
        non_negotiable=alerts.non_negotiable,
        alerts=alerts.alerts,
    )
    with pytest.raises(ConfigError, match="pigeon"):
        alertmanager.files(catalogues_of(load_slos(), strange, load_metrics()))


def test_every_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not() -> None:
    cases: dict[str, set[bool]] = {}
    for path, text in promtool_tests.files(CATALOGUES).items():
        if path.startswith("tests/"):
            for test in yaml.load(text, LOADER)["tests"]:
                (judged,) = test["alert_rule_test"]
                cases.setdefault(judged["alertname"], set()).add(bool(judged["exp_alerts"]))
    assert cases == {rule.name: {True, False} for rule in CATALOGUES.rules}
