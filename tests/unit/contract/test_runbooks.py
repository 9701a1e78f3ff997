"""Every alert has a page that can be followed: complete, true to the catalogues, and made of queries and commands that exist."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from surewire.cli import application
from surewire.contract.catalogue import load_alerts, load_metrics, load_slos
from surewire.contract.runbooks import SECTIONS, load_runbook, runbook_numbers
from surewire.contract.series import format_bound
from surewire.errors import ConfigError
from surewire.slo.alert_rule import AlertRule
from surewire.slo.alert_rules import alert_rules
from surewire.telemetry.aliases import views
from tests.documentation import ROOT, links
from tests.runbook_pages import (
    NUMBERS,
    events_asked_for,
    page_of,
    queries,
    resolves,
    severities_of,
    statements,
    surewire_commands,
)
from tests.unit.telemetry.planes import all_planes

SOURCE = ROOT / "src" / "surewire"
OUTSIDE = {"up", "probe_success"}
OF_BACK_ENDS = ("durability_dynamodb_", "durability_kafka_", "durability_circuit_breaker_", "router_redis_")
WORDS = {"m": " min", "h": " h"}
POSTMORTEMS = {
    "SEV-1": ["Required, within 48 hours"],
    "SEV-2": ["Required, within one week"],
    "SEV-3": ["Optional", "None"],
    "SEV-4": ["Optional", "None"],
}
RULES = alert_rules(load_slos(), load_alerts())


def of_catalogue(number: str) -> list[Any]:
    return [alert for alert in load_alerts().alerts if alert.runbook == number]


def in_words(duration: str) -> str:
    return f"{duration[:-1]}{WORDS[duration[-1]]}" if duration[:-1].isdigit() else duration


@cache
def exported() -> set[str]:
    return {view.name for view in views(all_planes().registry)} | OUTSIDE


def series_of(query: str) -> set[str]:
    """The names of the series that a query reads."""
    without = re.sub(r"\{[^}]*\}|\[[^\]]*\]|\b(?:by|without) \([^)]*\)", "", query)
    return set(re.findall(r"\b[a-z][a-z0-9_]*_[a-z0-9_]+\b(?!\()|\bup\b", without))


def family(series: str) -> str:
    catalogue = load_metrics()
    known = catalogue.canonical.keys() | catalogue.aliases.keys()
    return series if series in known else re.sub(r"_(bucket|count|sum)$", "", series)


# ---- the pages as data


def test_there_is_a_page_for_every_alert_and_no_other() -> None:
    assert {rule.runbook for rule in RULES} == set(NUMBERS)


def test_a_page_has_every_section_in_order() -> None:
    for number in runbook_numbers():
        runbook = load_runbook(number)
        assert (runbook.number, tuple(runbook.sections)) == (number, SECTIONS)
        assert all(runbook.sections.values())
        assert runbook.title


@pytest.mark.parametrize("number", ["RB-999", "RB-1", "../slos", "RB-001.md", ""])
def test_a_number_without_a_page_is_refused_and_the_others_are_named(number: str) -> None:
    with pytest.raises(ConfigError, match="RB-050"):
        load_runbook(number)


# ---- true to the catalogues


@pytest.mark.parametrize("number", NUMBERS)
def test_a_page_quotes_the_condition_of_its_alert(number: str) -> None:
    trigger = load_runbook(number).sections["Trigger"]
    for alert in of_catalogue(number):
        held = f", for {in_words(alert.hold) if alert.hold[-1] != 's' else alert.hold[:-1] + ' s'}" if alert.hold else ""
        assert f"`{alert.name}`: `{alert.expr}`{held}." in trigger


@pytest.mark.parametrize("number", NUMBERS)
def test_a_page_has_the_severity_of_its_alert_and_how_fast_it_is_answered(number: str) -> None:
    section = load_runbook(number).sections["Severity"]
    assert severities_of(number) >= {rule.severity for rule in RULES if rule.runbook == number}
    for alert in of_catalogue(number):
        rule = load_alerts().severities[alert.severity]
        assert section.startswith(f"{alert.severity}. Answer ")
        assert in_words(rule.respond_within) in section.partition(". ")[2].partition(".")[0]
        for step in rule.escalate:
            assert in_words(step.after) in section
            assert step.to in section


@pytest.mark.parametrize("number", NUMBERS)
def test_a_page_asks_for_the_postmortem_that_its_severity_does(number: str) -> None:
    asked = load_runbook(number).sections["Postmortem"]
    for alert in of_catalogue(number):
        assert asked.startswith(tuple(POSTMORTEMS[alert.severity]))


def test_the_page_of_alerts_that_cannot_be_silenced_says_so() -> None:
    for alert in load_alerts().alerts:
        is_said = "non-negotiable: it cannot be silenced" in load_runbook(alert.runbook).sections["Trigger"]
        assert is_said == (alert.name in load_alerts().non_negotiable)


def test_the_page_of_objectives_names_every_objective_and_every_kind_of_alert() -> None:
    runbook = load_runbook("RB-050")
    own = {slo.runbook for slo in load_slos().slos} - {None}
    assert {slo.id for slo in load_slos().slos if slo.runbook not in own} <= set(re.findall(r"`([a-z0-9-]+)`", runbook.text))
    kinds = {kind_of(rule) for rule in RULES if rule.runbook == "RB-050"}
    assert kinds == {name.strip("…") for name in re.findall(r"`((?:…|SLO)\w[\w.]*…?)`", runbook.sections["Trigger"])}


def kind_of(rule: AlertRule) -> str:
    """A rule's name without its objective."""
    return "SLOBreach" if rule.name.startswith("SLOBreach") else re.sub(r"^.*?(?=Burn|Budget)", "", rule.name)


# ---- queries


@pytest.mark.parametrize("number", NUMBERS)
def test_a_query_reads_what_is_exported_with_labels_and_bounds_that_exist(number: str) -> None:
    asked = queries(page_of(number))
    assert asked
    for query in asked:
        names = {family(series) for series in series_of(query)}
        assert names
        assert {name for name in names - exported() if not name.startswith(OF_BACK_ENDS)} == set()
        assert names - OUTSIDE <= load_metrics().canonical.keys() | load_metrics().aliases.keys()
        for series, matchers in re.findall(r"([a-z_0-9]+)\{([^}]*)\}", query):
            check_matchers(series, matchers)


def check_matchers(series: str, matchers: str) -> None:
    metric = load_metrics().canonical.get(family(series))
    for label, _, value in re.findall(r'(\w+)(=~|!~|!=|=)"([^"]*)"', matchers):
        if metric is None:
            continue
        if label == "le":
            assert value in {format_bound(bound) for bound in metric.buckets}, f"{series} has no bound {value}"
            continue
        assert label in metric.labels, f"{series} has no label {label}"
        values = metric.labels[label]
        assert isinstance(values, str) or set(value.split("|")) <= set(values), f"{label} of {series} is never {value}"


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
def test_prometheus_can_read_every_query(tmp_path: Path) -> None:
    asked = [query for number in NUMBERS for query in queries(page_of(number))]
    rules = [{"record": f"query:{place}", "expr": query} for place, query in enumerate(asked)]
    file = tmp_path / "queries.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "runbooks", "rules": rules}]}))
    run = subprocess.run(["promtool", "check", "rules", str(file)], check=False, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


# ---- commands, statements, logs


@pytest.mark.parametrize("number", NUMBERS)
def test_a_command_that_a_page_names_exists(number: str) -> None:
    app = application()
    assert {name for name in surewire_commands(page_of(number)) if not resolves(app, name)} == set()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_statement_that_a_page_shows_fits_the_schema(number: str) -> None:
    kinds = {"surewire": "messages", "surewire-acknowledged": "acknowledged"}
    for file, statement in statements(number):
        connection = sqlite3.connect(":memory:")
        for migration in sorted((SOURCE / "adapters" / "sqlite" / "migrations" / kinds[file]).glob("*.sql")):
            connection.executescript(migration.read_text("utf-8"))
        connection.execute(statement)
        connection.close()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_line_that_a_page_searches_the_log_for_is_written_somewhere(number: str) -> None:
    code = "\n".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    assert {event for event in events_asked_for(number) if f'"{event}' not in code} == set()


@pytest.mark.parametrize("number", NUMBERS)
def test_a_page_leads_to_other_pages_only(number: str) -> None:
    """Whoever installed the package has these pages and nothing beside them."""
    assert set(links(page_of(number))) <= {f"{other}.md" for other in NUMBERS}


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_search_for_lost_messages_finds_them_and_nothing_else() -> None:
    (asked,) = (line for line in load_runbook("RB-001").text.splitlines() if ".ack_sent == true" in line)
    found = re.search(r"jq -cR '([^']+)'", asked)
    assert found
    lost = {
        "timestamp": "t",
        "service": "durability",
        "error_code": "PERSIST_FAILED",
        "chat_id": "c",
        "first_sequence": 1,
        "last_sequence": 2,
    }
    lines = [
        "surewire ready on http://127.0.0.1:8080 (data: /var/lib/surewire)",
        json.dumps({**lost, "ack_sent": True}),
        json.dumps({**lost, "ack_sent": False}),
        json.dumps({"service": "gateway", "event": "x"}),
    ]
    run = subprocess.run(["jq", "-cR", found[1]], check=True, input="\n".join(lines), capture_output=True, text=True, timeout=10)
    assert [json.loads(line) for line in run.stdout.splitlines()] == [
        {"timestamp": "t", "chat_id": "c", "first_sequence": 1, "last_sequence": 2}
    ]
